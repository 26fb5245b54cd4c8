"""A typed client made from the committed document compiles, and mistakes do not."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.contract import DOCUMENT

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "client.ts")
PATIENCE = 240
"""Seconds for npm, which may have to fetch 35 packages."""


def _npm(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed; the typed client is checked where it is")
    environment = {**os.environ, "TONGXING_OPENAPI": str(DOCUMENT), "CI": "1"}
    return subprocess.run(
        [npm, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client, its tools and the types made from the document.

    The tools are kept between runs, under a name made from their lock file.
    """
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    kept = cache / "tongxing" / f"client-{lock}"
    folder = tmp_path_factory.mktemp("client")
    for name in FILES:
        shutil.copy(HERE / name, folder / name)
    if not kept.exists():
        installed = _npm(folder, "ci", "--ignore-scripts")
        if installed.returncode != 0:
            pytest.skip(f"npm cannot install the client's tools here: {installed.stderr[-300:]}")
        # Renamed into place when it is whole, in case somebody interrupts us.
        draft = kept.with_name(f"{kept.name}-{os.getpid()}")
        shutil.copytree(folder / "node_modules", draft / "node_modules", symlinks=True)
        draft.rename(kept)
    else:
        (folder / "node_modules").symlink_to(kept / "node_modules")
    made = _npm(folder, "run", "--silent", "generate")
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


def test_the_client_compiles_in_strict_mode(workshop: Path) -> None:
    """With it, each line that is marked as a mistake proves to be one."""
    checked = _npm(workshop, "run", "--silent", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_renamed_member_would_not_compile(workshop: Path) -> None:
    schema = workshop / "schema.d.ts"
    whole = schema.read_text(encoding="utf-8")
    schema.write_text(whole.replace("nextCursor", "next_cursor"), encoding="utf-8")
    try:
        checked = _npm(workshop, "run", "--silent", "check")
    finally:
        schema.write_text(whole, encoding="utf-8")
    assert checked.returncode != 0
    assert "nextCursor" in checked.stdout


def test_enum_labels_reach_the_types(workshop: Path) -> None:
    schema = (workshop / "schema.d.ts").read_text(encoding="utf-8")
    assert "`per_child` 逐个孩子作答" in schema
    assert re.search(r'ConfirmMode: "none" \| "read" \| "tap"', schema)


def test_the_lock_names_no_download_address() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert len(packages) > 20
    assert [name for name, about in packages.items() if "resolved" in about] == []
    assert all(about["integrity"].startswith("sha512-") for about in packages.values())
