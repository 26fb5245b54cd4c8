"""What a newcomer installs is pinned to the byte and names no package index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_library_is_pinned_with_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 80
    for block in blocks:
        assert re.match(r"[a-z0-9._-]+==\S+", block), block
        assert "--hash=sha256:" in block, block
    assert not re.search(r"https?://|--index|--find-links|@ file", text)


def test_tests_run_with_the_very_versions_that_are_shipped() -> None:
    shipped, tested = (pins(lock) for lock in LOCKS)
    assert {name: tested.get(name) for name in shipped} == shipped


def test_the_lock_files_cover_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    name = re.compile(r"[A-Za-z0-9._-]+")

    def names(requirements: list[str]) -> set[str]:
        found = (name.match(requirement) for requirement in requirements)
        return {one.group().lower().replace("_", "-") for one in found if one}

    asked = names(project["project"]["dependencies"] + project["build-system"]["requires"])
    assert asked <= set(pins("requirements.lock"))
    tools = names(project["project"]["optional-dependencies"]["dev"])
    assert tools <= set(pins("requirements-dev.lock"))
