"""What stories about the column share: series, items on their way, time, and the post."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from backend import clock, worker
from backend.column import jobs
from backend.database import execute, fetch
from backend.people.operations import ties
from backend.roster import audiences
from backend.schools import quiet
from backend.web.actor import Role
from notifications import Outcome, addresses
from notifications.channels.base import Parcel, Result
from notifications.dispatcher import Office
from seed.cast import Cast
from tests.house import SignIn, Visitor

RHYTHM = {"title": "家庭教育指导", "minute": 600, "cadenceDays": 7, "weekday": 1}
TEXT = ["孩子写作业拖拉时，先约定一个十五分钟的小目标，完成后再一起商量下一步。"]
MONDAY = datetime(2030, 9, 2, 10, 0, tzinfo=clock.CHINA)
"""A Monday at ten, far enough ahead to have come for nobody yet."""


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the house's clock stand at ``moment``."""
    real = clock.now
    clock.now = lambda: moment.astimezone(UTC)
    try:
        yield
    finally:
        clock.now = real


async def ok(answer: Awaitable[httpx.Response], status: int = 200) -> Any:
    """Return the body of an answer of this status."""
    response = await answer
    assert response.status_code == status, response.text
    return response.json() if response.content else None


async def refused(answer: Awaitable[httpx.Response], status: int, code: str) -> dict[str, Any]:
    """Return the facts of a refusal of this status and code."""
    response = await answer
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), response.text
    facts: dict[str, Any] = body["facts"]
    return facts


def school(cast: Cast, key: str = "海湾") -> str:
    return f"/schools/{cast.schools[key].id}"


def district(cast: Cast) -> str:
    return f"/districts/{cast.district.id}"


async def school_column(as_: SignIn, cast: Cast, key: str = "海湾", **more: Any) -> str:
    """Make a school's column and return its id; its first occasion is :data:`MONDAY`."""
    admin = await as_({"海湾": "许建安", "莲塘": "何清越"}[key])
    made = await ok(admin.put(f"{school(cast, key)}/column", json={**RHYTHM, **more}))
    await due_on(made["id"], MONDAY)
    return str(made["id"])


async def district_column(as_: SignIn, cast: Cast, **more: Any) -> str:
    officer = await as_("沈知微")
    made = await ok(officer.put(f"{district(cast)}/column", json={**RHYTHM, **more}))
    await due_on(made["id"], MONDAY)
    return str(made["id"])


async def tips(as_: SignIn, cast: Cast, *topics: str, **more: Any) -> str:
    """Make the district's series of tips in the name of its police."""
    officer = await as_("沈知微")
    listed = await ok(officer.get(f"{district(cast)}/departments"))
    police = next(one["id"] for one in listed["items"] if "公安" in one["name"])
    body = {
        **RHYTHM, "title": "平安小贴士", "topics": topics or ["drowning"], "departmentId": police,
        **more,
    }  # fmt: skip
    made = await ok(officer.post(f"{district(cast)}/column/tips", json=body), 201)
    await due_on(made["id"], MONDAY)
    return str(made["id"])


async def due_on(series: str, moment: datetime) -> None:
    await execute(
        "UPDATE column_series SET next_release_at = $2 WHERE id = $1", UUID(series), moment
    )


async def second_officer(cast: Cast) -> str:
    """Appoint another officer, so that the district's items find a second pair of eyes."""
    cast.people["叶知秋"] = await ties.open_account("叶知秋", "+8619900000099")
    await ties.appoint(cast.id("叶知秋"), Role.DISTRICT_OFFICER, cast.district)
    return "叶知秋"


async def written(writer: Visitor, series: str, **content: Any) -> dict[str, Any]:
    """Write a draft; the first kind of the column unless told otherwise."""
    body = {"title": "慢一点，也没关系", "paragraphs": TEXT, **content}
    if not {"kind", "topic"} & set(body):
        body["kind"] = "parenting"
    made: dict[str, Any] = await ok(writer.post(f"/column/series/{series}/items", json=body), 201)
    return made


async def approved(reviewer: Visitor, item: Mapping[str, Any]) -> dict[str, Any]:
    body = {"approved": True, "revision": item["work"]["revision"]}
    made: dict[str, Any] = await ok(reviewer.put(f"/column/items/{item['id']}/review", json=body))
    return made


async def queued(writer: Visitor, reviewer: Visitor, series: str, **content: Any) -> str:
    """Bring an item as far as the queue and return its id."""
    item = await written(writer, series, **content)
    item = await ok(writer.put(f"/column/items/{item['id']}/submission"))
    await approved(reviewer, item)
    return str(item["id"])


async def of_school(as_: SignIn, series: str, **content: Any) -> str:
    """Queue an item of 海湾's column: written by its administrator, approved by its head."""
    return await queued(await as_("许建安"), await as_("周慕云"), series, **content)


async def of_district(as_: SignIn, series: str, **content: Any) -> str:
    return await queued(await as_("沈知微"), await as_("叶知秋"), series, **content)


async def appear(moment: datetime = MONDAY) -> int:
    """Let the timetable's job run at ``moment``; returns how many series appeared."""
    with at(moment):
        return await jobs.release_due()


async def titles(reader: Visitor, **asked: str) -> list[str]:
    page = await ok(reader.get("/column", params=asked))
    return [item["title"] for item in page["items"]]


class Pocket:
    """Takes every parcel down by the person who carries the phone."""

    name = "pocket"
    max_batch = 500

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.fails = False

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def render(self, parcel: Parcel) -> Mapping[str, object]:
        return {"token": parcel.token}

    async def send(self, parcels: Sequence[Parcel]) -> list[Result]:
        if self.fails:
            return [Result(outcome=Outcome.TRANSIENT) for _ in parcels]
        self.heard += [parcel.token.partition("/")[0] for parcel in parcels]
        return [Result(outcome=Outcome.ACCEPTED) for _ in parcels]


async def phones(cast: Cast, *names: str) -> None:
    for name in names:
        await addresses.register(
            cast.id(name), f"{name}/{cast.id(name)}", provider="console", platform="android",
            now=clock.now(),
        )  # fmt: skip


def office(pocket: Pocket) -> Office:
    """The post office as the worker puts it together, with phones that note what they hear."""
    return Office(
        channels={"console": pocket},
        page_audience=audiences.page,
        still_wanted=worker.still_wanted,
        quiet_hours=quiet.hours_of,
        lease=timedelta(seconds=60),
        send_timeout=45,
    )


async def carry(pocket: Pocket, moment: datetime) -> list[str]:
    """Carry all post that is due and return whom the phones of rang, in no order."""
    before = len(pocket.heard)
    await office(pocket).drain(lambda: moment.astimezone(UTC), asyncio.Event())
    return sorted(pocket.heard[before:])


async def letters(occasion: str = "column.released") -> list[dict[str, Any]]:
    return await fetch("SELECT * FROM post_letter WHERE occasion = $1 ORDER BY id", occasion)


async def reasons(occasion: str) -> int:
    """Return how many inbox rows an occasion left."""
    rows = await fetch(
        "SELECT i.id FROM post_inbox_item i JOIN post_letter l ON l.id = i.letter_id "
        "WHERE l.occasion = $1",
        occasion,
    )
    return len(rows)
