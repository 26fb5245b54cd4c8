"""A new installation is founded from the command line, and its administrator can get in."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests.conftest import Clone

ROOT = Path(__file__).parents[2]


async def test_an_empty_installation_gets_its_first_rows_and_repeating_changes_nothing(
    clone: Clone, tmp_path: Path
) -> None:
    dsn = await clone("founding")
    notice = tmp_path / "privacy.txt"
    notice.write_text("我们只为家校联系处理孩子的姓名与班级。", encoding="utf-8")

    def tongxing(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", "found", *words],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "TONGXING_DATABASE_URL": dsn, "PYTHONUTF8": "1",
                 "TONGXING_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )  # fmt: skip

    for _ in range(2):
        for words in (
            ("district", "350213", "翔安区"),
            ("school", "XA-01", "海湾小学", "--district", "350213", "--stage", "primary"),
            ("person", "许建安", "19900000006", "--role", "school_admin", "--at", "XA-01"),
            ("privacy-notice", "告知书", str(notice)),
        ):
            done = tongxing(*words)
            assert (done.returncode, done.stdout[:1]) == (0, "✓"), done.stdout + done.stderr
    refused = tongxing("person", "某人", "12345678901", "--role", "principal", "--at", "XA-01")
    assert refused.returncode == 1 and "手机号" in refused.stderr
    astray = tongxing("school", "X", "某校", "--district", "000000", "--stage", "primary")
    assert astray.returncode == 2
    connection = await asyncpg.connect(dsn)
    counts = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM districts) AS districts, (SELECT count(*) FROM schools) "
        "AS schools, (SELECT count(*) FROM standings) AS standings, "
        "(SELECT max(version) FROM privacy_notices) AS version"
    )
    await connection.close()
    assert tuple(counts) == (1, 1, 1, 1)
