"""Each lint fires on the code it is there to stop, and is silent on the code we want."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lints import run
from tests.lints.run import check

OURS = "from backend.database import transaction\n\nasync with transaction(): ...\n"

BAD = [
    ("backend/notices/controllers.py", OURS, [(1, "transaction")]),
    ("backend/notices/controllers/writing.py", OURS, [(1, "transaction")]),
    ("backend/notices/queries/feed.py", OURS, [(1, "transaction")]),
    ("seed/cast.py", OURS, [(1, "transaction")]),
    (
        "backend/notices/rules.py",
        "from backend.database import transaction as quietly\n",
        [(1, "transaction")],
    ),
    (
        "backend/notices/rules.py",
        "from backend import database\n\nwith database.transaction(): ...\n",
        [(3, "transaction")],
    ),
    (
        "backend/notices/operations.py",
        "from tortoise.transactions import in_transaction\n",
        [(1, "transaction")],
    ),
    (
        "notifications/outbox.py",
        "import tortoise\n\ntortoise.transactions.in_transaction()\n",
        [(3, "transaction")],
    ),
    ("backend/notices/controllers.py", "Notice.get(id=1)\n", [(1, "rows")]),
    ("backend/notices/controllers.py", "Notice.get(code='a')\n", [(1, "rows")]),
    ("backend/notices/controllers/one.py", "await Notice.get_or_none(code=2)\n", [(1, "rows")]),
    ("backend/notices/controllers.py", "Notice.objects.get(title='a')\n", [(1, "rows")]),
    ("backend/notices/controllers.py", "Notice.all().get(title='a')\n", [(1, "rows")]),
    ("backend/notices/controllers.py", "x = Notice.filter(id=1).first()\n", [(1, "rows")]),
    ("backend/notices/controllers.py", "x = rows.filter(a=2, pk__in=[1])\n", [(1, "rows")]),
    ("backend/notices/models.py", "x = 1\n" * 301, [(1, "length")]),
    ("notifications/outbox.py", "\n" * 301, [(1, "length")]),
]


@pytest.mark.parametrize(("path", "source", "expected"), BAD)
def test_a_lint_fires_on_what_it_is_there_to_stop(
    path: str, source: str, expected: list[tuple[int, str]]
) -> None:
    assert [(finding.line, finding.rule) for finding in check(path, source)] == expected


GOOD = [
    ("backend/notices/operations.py", OURS),
    ("backend/notices/operations/drafts.py", OURS),
    ("backend/notices/jobs.py", OURS),
    ("backend/web/idempotency.py", OURS),
    ("notifications/outbox.py", OURS),
    ("backend/database.py", "from tortoise.transactions import in_transaction\n"),
    ("backend/notices/permissions.py", "Notice.get_or_none(id=1)\n"),
    ("backend/notices/controllers.py", "request.headers.get('etag')\nkinds.get(3)\n"),
    ("backend/notices/controllers.py", "School.filter(district_id=1).order_by('code')\n"),
    ("backend/notices/controllers.py", "@get('/reach')\nasync def reach(): ...\n"),
    ("backend/notices/models.py", "x = 1\n" * 300),
    ("backend/migrations/0001_initial.py", "x = 1\n" * 900),
]


@pytest.mark.parametrize(("path", "source"), GOOD)
def test_the_lints_are_silent_on_the_code_we_want(path: str, source: str) -> None:
    assert check(path, source) == []


def test_an_escape_with_a_reason_lets_the_line_off() -> None:
    reason = "# lint: allow rows because the token itself names the row\n"
    assert check("backend/notices/controllers.py", f"{reason}Notice.get(id=1)\n") == []
    assert check("backend/notices/controllers.py", f"Notice.get(id=1)  {reason}") == []
    long = "# lint: allow length because it is one table of facts\n" + "x = 1\n" * 301
    assert check("backend/schools/holidays_cn.py", long) == []


@pytest.mark.parametrize(
    ("escape", "expected"),
    [
        ("# lint: allow rows\n", ["escape", "rows"]),
        ("# lint: allow rows because\n", ["escape", "rows"]),
        ("# lint: allow everything because it is late\n", ["escape", "rows"]),
        ("# lint: allow transaction because it is late\n", ["escape", "rows"]),
    ],
)
def test_an_escape_without_a_reason_or_for_another_rule_lets_nothing_off(
    escape: str, expected: list[str]
) -> None:
    found = check("backend/notices/controllers.py", f"{escape}Notice.get(id=1)\n")
    assert sorted(finding.rule for finding in found) == expected


def test_an_escape_that_is_no_longer_needed_is_reported() -> None:
    [finding] = check("backend/notices/rules.py", "# lint: allow rows because it was so once\n")
    assert (finding.line, finding.rule) == (1, "escape")


def test_the_command_names_file_and_line_and_fails(tmp_path: Path) -> None:
    room = tmp_path / "backend" / "notices"
    room.mkdir(parents=True)
    (room / "controllers.py").write_text("x = 1\nNotice.get(id=1)\n", "utf-8")
    # A copy of the script takes the folder it lies in for the repository.
    script = tmp_path / "tests" / "lints" / "run.py"
    script.parent.mkdir(parents=True)
    script.write_text(Path(run.__file__).read_text("utf-8"), "utf-8")
    bad = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "backend/notices/controllers.py:2: rows:" in bad.stderr
    (room / "controllers.py").write_text("x = 1\n", "utf-8")
    good = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout) == (0, "")
