"""Files nobody should hand in, over HTTP to real processes: no harm done, nothing left behind.

Pictures are drawn anew in a child and workbooks are read in one; documents are kept as they
are and only ever saved, never shown. See :mod:`tests.drills.hostile_files` for the files.
"""

import asyncio
import io
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from PIL import Image, UnidentifiedImageError
from tortoise.context import TortoiseContext

from backend import clock, sandbox
from backend.database import config, execute, fetch
from backend.media import images, jobs
from backend.media.storage import open_files
from backend.roster import jobs as roster
from backend.roster.spreadsheet import parsing
from backend.roster.spreadsheet.rows import House, Workbook
from backend.settings import Settings
from seed.cast import Cast, plant
from tests.bookings.crowd import signed_in
from tests.conftest import Clone
from tests.drills import dice, seen, size
from tests.drills.hostile_files import MARK, Case, corpus_of, whole_pictures
from tests.drills.standing import ROOT, Standing, standing
from tests.media import corpus
from tests.roster import books

FILES = size(100, 1_000)
MEASURED = size(12, 150)
"""How many of them are read once more in a child whose parent measures it."""
CPU_SECONDS, MEMORY = 6.0, 512 << 20
SHOWN = {"image/jpeg", "image/png", "image/webp"}
SAVED = {"application/pdf"}
REFUSED = {400, 413, 415, 422}


@dataclass
class Desk:
    """The processes, whoever hands files in, and what has come of them."""

    standing: Standing
    settings: Settings
    context: TortoiseContext
    cast: Cast
    folder: Path
    client: httpx.AsyncClient
    tokens: dict[str, str]
    statuses: Counter[int] = field(default_factory=Counter)
    imports: list[str] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    async def hand_in(self, case: Case) -> None:
        """Send one file where it belongs; busy is answered by coming back."""
        school = self.cast.schools["海湾"].id
        url, who, form = "/v1/attachments", "林晓岚", {"schoolId": str(school)}
        if case.name.endswith(".xlsx"):
            url, who, form = f"/v1/schools/{school}/roster-imports", "许建安", {"mode": "merge"}
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        for _ in range(20):
            answer = await self.client.post(
                url,
                files={"file": (case.name, case.data, case.media_type or None)},
                data=form,
                headers={**headers, "Idempotency-Key": secrets.token_hex(8)},
            )
            if answer.status_code not in (429, 503):
                break
            await asyncio.sleep(0.5)
        self.statuses[answer.status_code] += 1
        if answer.status_code == 202:
            self.imports.append(answer.json()["id"])
        elif answer.status_code == 201:
            self.kept.append(answer.json())
        elif answer.status_code not in REFUSED:
            self.broken.append(
                f"{case.kind}, {case.what}: {answer.status_code} {answer.text[:300]}"
            )

    async def look_at(self, told: dict[str, Any]) -> None:
        """Fetch what was kept the way a browser would, and see what it would make of it."""
        answer = await self.client.get(told["url"])
        kind, how = answer.headers["content-type"], answer.headers["content-disposition"]
        safe = answer.headers.get("x-content-type-options") == "nosniff" and answer.headers.get(
            "content-security-policy", ""
        ).startswith("default-src 'none'")
        if answer.status_code != 200 or not safe or kind not in SHOWN | SAVED:
            self.broken.append(f"served as {kind}: {answer.status_code} {answer.headers}")
        if kind in SAVED and not how.startswith("attachment"):
            self.broken.append(f"shown instead of saved: {how}")
        if "\n" in told["filename"] or "/" in told["filename"] or "\\" in told["filename"]:
            self.broken.append(f"a name that leads somewhere: {told['filename']!r}")


@pytest.fixture
async def desk(clone: Clone, tmp_path: Path) -> AsyncIterator[Desk]:
    dsn = await clone(f"files_{secrets.token_hex(3)}")
    settings = Settings(environment="test", database_url=dsn, data_dir=tmp_path / "data")
    (tmp_path / "spool").mkdir()
    async with TortoiseContext() as context:
        await context.init(config=config(dsn, pool_size=3, name="files"))
        cast = await plant()
        tokens = {name: await signed_in(cast.id(name)) for name in ("林晓岚", "许建安")}
        spool = {"TMPDIR": str(tmp_path / "spool")}
        with standing(dsn, tmp_path, settings.data_dir, worker=True, environ=spool) as found:
            base = found.bases[0]
            async with httpx.AsyncClient(base_url=base, timeout=120) as client:
                yield Desk(found, settings, context, cast, tmp_path, client, tokens)


async def test_hostile_files_do_no_harm_and_leave_nothing_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, begun = dice("hostile files"), time.monotonic()
    cases = corpus_of(chance, FILES)
    with desk.context:
        [serving], worker = desk.standing.serving(), desk.standing.town.processes["worker"].pid
        at_first, strewn = disk(desk.folder / "data"), found_lying_about(desk.folder)
        for at in range(0, len(cases), 10):
            await execute("DELETE FROM limits")
            await asyncio.gather(*(desk.hand_in(case) for case in cases[at : at + 10]))
        await execute("DELETE FROM limits")
        # Whoever comes next with a good file is served.
        before = desk.statuses.copy()
        for case in good():
            await desk.hand_in(case)
        assert desk.statuses - before == Counter({201: 2, 202: 1})
        states = await all_read(desk)
        assert states["ready"] >= 1
        stored = list(files_below(desk.folder / "data"))
        for told in desk.kept:
            await desk.look_at(told)
        assert desk.broken == []
        assert desk.kept and desk.statuses[422] and states["failed"] + states["faulty"]
        assert telling(stored) == []
        assert found_lying_about(desk.folder) == strewn
        assert desk.standing.serving() == [serving]
        assert desk.standing.town.processes["worker"].poll() is None
        assert desk.standing.accidents() == []
        await forget_everything(desk, monkeypatch)
        assert disk(desk.folder / "data") == at_first
        assert not list(files_below(desk.folder / "spool"))
    some = [case for case in cases if case.kind in ("picture", "workbook") and case.data]
    costs = [await asyncio.to_thread(cost_of, case) for case in some[:MEASURED]]
    seen(
        "hostile files", files=len(cases), statuses=dict(sorted(desk.statuses.items())),
        imports=dict(states), stored=len(stored), measured=len(costs), worker=worker > 0,
        most_cpu_s=round(max(cpu for cpu, _ in costs), 2),
        most_mb=round(max(peak for _, peak in costs) / 2**20),
        seconds=round(time.monotonic() - begun),
    )  # fmt: skip
    assert all(cpu <= CPU_SECONDS and peak <= MEMORY for cpu, peak in costs), costs


def good() -> list[Case]:
    """Return a picture, a document and a workbook with nothing wrong with them."""
    book = books.book(books.sheets())
    return [
        Case("picture", "good", "春游.jpg", "image/jpeg", corpus.encode(corpus.quarters(), "JPEG")),
        Case("document", "good", "通知.pdf", "application/pdf", corpus.PDF),
        Case("workbook", "good", "花名册.xlsx", "application/octet-stream", book),
    ]


async def all_read(desk: Desk) -> Counter[str]:
    """Wait until the worker has read every workbook; returns how they ended."""
    while True:
        rows = await fetch("SELECT state, count(*) AS n FROM roster_imports GROUP BY state")
        states = Counter({row["state"]: row["n"] for row in rows})
        if not states["queued"] + states["reading"]:
            assert states.total() == len(desk.imports)
            return states
        assert desk.standing.town.processes["worker"].poll() is None, desk.standing.log()[-2_000:]
        await asyncio.sleep(0.2)


async def forget_everything(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nine days pass: nobody has attached or applied anything."""
    later = clock.now() + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await jobs.sweep_unattached(open_files(desk.settings)) == len(desk.kept)
    await roster.forget_old()
    [row] = await fetch("SELECT count(*) AS n FROM roster_imports WHERE file IS NOT NULL")
    assert row["n"] == 0


def files_below(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file()) if folder.exists() else ()


def disk(folder: Path) -> int:
    """Return how many bytes the files of the installation take."""
    return sum(path.stat().st_size for path in files_below(folder))


def found_lying_about(folder: Path) -> set[str]:
    """Return what bears the mark in its name, wherever one of their names may have led."""
    around = [*folder.parents[:3], ROOT, Path("/"), Path("/tmp"), Path.home()]
    near = {str(path) for place in around for path in place.glob(f"*{MARK}*")}
    return near | {str(path) for path in files_below(folder) if MARK in path.name}


def telling(stored: list[Path]) -> list[str]:
    """Return the stored pictures that still say where or by whom they were taken."""
    found = []
    for path in stored:
        data = path.read_bytes()
        if data.startswith(b"%PDF"):
            continue
        try:
            with Image.open(io.BytesIO(data)) as image:
                if image.getexif() or {"exif", "xmp", "comment"} & set(image.info):
                    found.append(f"{path}: {sorted(image.info)}")
        except UnidentifiedImageError:
            found.append(f"{path}: is no picture")
        if corpus.CANARY in data or corpus.CANARY[7:20] in data:
            found.append(f"{path}: the canary")
    return found


def cost_of(case: Case, target: str = "", memory: int = images.MEMORY) -> tuple[float, int]:
    """Read a file in the child that reads such files; return its CPU seconds and peak bytes."""
    cpu, wall, payload = images.CPU_SECONDS, images.WALL_SECONDS, case.data
    usual = "backend.media.decoder:render"
    if case.kind == "workbook":
        usual, memory, wall = parsing.TARGET, parsing.MEMORY, parsing.WALL_SECONDS
        payload = msgspec.msgpack.encode(Workbook(case.data, House([], [])))
    with tempfile.TemporaryFile() as sent:
        sent.write(sandbox._HEADER.pack(b"I", len(payload)) + payload)
        sent.seek(0)
        done = subprocess.run(
            [
                *(sys.executable, "-S", str(Path(__file__).with_name("cost.py"))),
                *(sys.executable, "-P", "-B", "-m", "backend.sandbox", target or usual),
                *(str(memory), str(cpu), str(wall * 5), "0"),
            ],
            stdin=sent, capture_output=True, check=True,
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    _, seconds, peak = json.loads(done.stdout)
    return float(seconds), int(peak)


def test_control_the_scan_sees_what_a_house_that_keeps_files_as_sent_would_keep(
    tmp_path: Path,
) -> None:
    for number, data in enumerate(whole_pictures()[:3]):
        (tmp_path / f"{number}").write_bytes(data)
    assert len({line.partition(":")[0] for line in telling(list(files_below(tmp_path)))}) == 3
    (tmp_path / f"{MARK}.jpg").touch()
    assert found_lying_about(tmp_path)


def test_control_without_limits_and_header_check_a_bomb_takes_more_than_a_child_may() -> None:
    bomb = Case("picture", "a bomb", "a.png", "image/png", corpus.png_bomb(14_000))
    careless = "tests.media.targets:without_the_header_check"
    _, peak = cost_of(bomb, careless, 4 << 30)
    assert peak > MEMORY
    _, held = cost_of(bomb)
    assert held < MEMORY / 4
