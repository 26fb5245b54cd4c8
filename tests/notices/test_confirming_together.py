"""Confirming the short way: together, from memory, and never on a memory that is out of date."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from backend.database import execute, fetch
from backend.notices.queries import marks
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.notices.stories import CORRECTION, draft, feed_of, published

FAMILY = ("李建国", "周婷")


async def confirm(phone: Visitor, notice: str, revision: int = 1) -> tuple[int, Any]:
    answer = await phone.put(f"/notices/{notice}/confirmation", json={"revision": revision})
    return answer.status_code, answer.json().get("code")


async def receipts(notice: str) -> int:
    (row,) = await fetch(
        "SELECT count(*) AS n FROM notice_receipts WHERE notice_id = $1", UUID(notice)
    )
    return int(row["n"])


async def remembered_and_corrected(as_: SignIn, cast: Cast) -> tuple[Visitor, str]:
    """Return a father who has the notice before him in a version that is no longer the one."""
    teacher, father = await as_("林晓岚"), await as_("李建国")
    notice = await published(teacher, draft(cast, confirmMode="tap"))
    assert len(await feed_of(father)) == 1
    corrected = await teacher.put(f"/notices/{notice}/correction", json=CORRECTION)
    assert corrected.status_code == 200
    return father, notice


async def test_what_was_corrected_meanwhile_is_not_confirmed_from_memory(
    as_: SignIn, cast: Cast
) -> None:
    father, notice = await remembered_and_corrected(as_, cast)
    assert await confirm(father, notice) == (409, "notice_changed")
    assert await receipts(notice) == 0
    assert (await confirm(father, notice, 2))[0] == 200
    assert await receipts(notice) == 1


async def test_control_without_the_boards_version_it_is(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    father, notice = await remembered_and_corrected(as_, cast)
    blind = marks.TAP.replace("AND c.version = a.version", "")
    assert blind != marks.TAP
    monkeypatch.setattr(marks, "TAP", blind)
    assert (await confirm(father, notice))[0] == 200
    assert await receipts(notice) == 1


@pytest.fixture(params=[True, False], ids=["noted", "control: not noted"])
async def noted(request: pytest.FixtureRequest, cast: Cast) -> AsyncIterator[bool]:
    """Whether receipts give their person a new number."""
    trigger = "ALTER TABLE notice_receipts {} TRIGGER note_receipt"
    if not request.param:
        await execute(trigger.format("DISABLE"))
    yield request.param
    await execute(trigger.format("ENABLE"))


async def test_each_sees_at_once_what_the_other_has_confirmed(
    as_: SignIn, cast: Cast, noted: bool
) -> None:
    father, mother = [await as_(name) for name in FAMILY]
    notice = await published(await as_("林晓岚"), draft(cast, confirmMode="both"))
    for phone in (father, mother):
        assert (await feed_of(phone))[0]["settled"] is False
    tag = (await father.get("/feed")).headers["etag"]
    assert (await confirm(mother, notice))[0] == 200
    again = await father.get("/feed", headers={"if-none-match": tag})
    seen = [one["name"] for one in (await feed_of(father))[0]["children"][0]["receipts"]]
    assert (again.status_code, seen) == ((200, ["周婷"]) if noted else (304, []))
    assert (await confirm(father, notice))[0] == 200
    assert (await feed_of(mother))[0]["settled"] is noted


async def test_a_family_that_taps_at_the_same_moment_is_settled_once(
    as_: SignIn, cast: Cast
) -> None:
    teacher, phones = await as_("林晓岚"), [await as_(name) for name in FAMILY]
    notices = [await published(teacher, draft(cast, confirmMode="tap")) for _ in range(6)]
    told = await asyncio.gather(
        *(confirm(phone, notice) for notice in notices for phone in (*phones, *phones))
    )
    assert set(told) == {(200, None)}
    for notice in notices:
        assert await receipts(notice) == 2
    for phone in phones:
        assert all(item["settled"] and item["isRead"] for item in await feed_of(phone))
