"""The guide to checking by hand, its example and its script agree with the command."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from backend.ballots import bundle as building
from backend.ballots import verifying
from tests.ballots.results import KEY, tampered
from tests.ballots.tamperings import RESULTS, TAMPERINGS

FOLDER = Path(__file__).parents[2] / "openapi" / "ballot"
GUIDE = (FOLDER / "VERIFYING.md").read_text("utf-8")
EXAMPLE: dict[str, Any] = msgspec.json.decode((FOLDER / "example.json").read_bytes())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that anybody may run, written without the house's own code."""
    spec = importlib.util.spec_from_file_location("check", FOLDER / "check.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wrong(script: ModuleType, told: dict[str, Any], key: str = KEY) -> list[str]:
    return [what for what, is_right in script.check(told, key) if not is_right]


def test_the_example_of_the_guide_is_sound(script: ModuleType) -> None:
    key = EXAMPLE["signature"]["key"]
    report = verifying.verify((FOLDER / "example.json").read_bytes(), key)
    assert report.is_sound
    assert wrong(script, EXAMPLE, key) == []
    for shown in (key, EXAMPLE["question_digest"], EXAMPLE["electorate"]["digest"]):
        assert shown in GUIDE
    assert EXAMPLE["tally"]["votes"] == {"for": 3, "against": 2}
    assert '{"abstain":1,"against":2,"for":3}' in GUIDE


@pytest.mark.parametrize("kind", RESULTS)
def test_the_script_passes_what_the_command_passes(script: ModuleType, kind: str) -> None:
    assert wrong(script, building.written(RESULTS[kind])) == []


@pytest.mark.parametrize("row", TAMPERINGS, ids=[row[0] for row in TAMPERINGS])
def test_the_script_notices_every_change_by_the_signature(script: ModuleType, row: Any) -> None:
    _, kind, tamper, _ = row
    told = msgspec.json.decode(tampered(RESULTS[kind], tamper, resign=False))
    assert next(iter(script.check(told))) == ("signature", False)
    again = msgspec.json.decode(tampered(RESULTS[kind], tamper, resign=True))
    assert next(iter(script.check(again))) == ("signature", True)


def test_the_script_takes_no_other_key(script: ModuleType) -> None:
    assert wrong(script, EXAMPLE) == ["key"]


def test_the_script_ends_as_the_command_does(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(FOLDER / "example.json") == 0
    bent = tmp_path / "bent.json"
    bent.write_text((FOLDER / "example.json").read_text("utf-8").replace("赵敏", "钱进"), "utf-8")
    assert script.main(bent) == 1
