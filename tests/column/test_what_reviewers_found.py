"""What went wrong with the column when somebody looked for it; each of these once did."""

import asyncio
from uuid import UUID

import pytest

from backend.column.models import Placement
from backend.column.operations import queue
from backend.database import execute, fetch
from seed.cast import Cast
from tests.column.desk import (
    appear,
    approved,
    district_column,
    of_district,
    ok,
    reasons,
    refused,
    school_column,
    second_officer,
    titles,
    written,
)
from tests.house import SignIn

NO = {"approved": False, "revision": 1, "reason": "请补充来源"}
TEXT = {"title": "改过", "paragraphs": ["改过的文字"], "kind": "parenting"}


async def test_what_is_handed_in_again_as_it_was_is_asked_and_told_again(
    as_: SignIn, cast: Cast
) -> None:
    """The writer explains instead of rewriting; nobody may wait for a letter in vain."""
    column = await school_column(as_, cast)
    teacher, head = await as_("林晓岚"), await as_("周慕云")
    item = f"/column/items/{(await written(teacher, column))['id']}"
    await ok(teacher.put(f"{item}/submission"))
    asked = await reasons("column.review_asked")
    await ok(head.put(f"{item}/review", json=NO))
    for _ in range(2):
        again = await ok(teacher.put(f"{item}/submission"))
    assert await reasons("column.review_asked") == 2 * asked
    for _ in range(2):
        await approved(head, again)
    told = await fetch(
        "SELECT i.body_zh FROM post_inbox_item i JOIN post_letter l ON l.id = i.letter_id "
        "WHERE l.occasion = 'column.decided' ORDER BY i.id"
    )
    assert ["已通过审核" in row["body_zh"] for row in told] == [False, True]


async def test_a_verdict_is_not_told_to_an_author_who_has_left_the_school(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    teacher, head = await as_("林晓岚"), await as_("周慕云")
    item = f"/column/items/{(await written(teacher, column))['id']}"
    await ok(teacher.put(f"{item}/submission"))
    await execute(
        "UPDATE standings SET valid_until = now() WHERE person_id = $1", cast.id("林晓岚")
    )
    await ok(head.put(f"{item}/review", json=NO))
    assert await reasons("column.decided") == 0


async def test_what_is_discarded_while_somebody_works_on_it_is_not_found(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    teacher, admin, head = [await as_(name) for name in ("林晓岚", "许建安", "周慕云")]
    for _ in range(4):
        item = f"/column/items/{(await written(teacher, column))['id']}"
        answers = await asyncio.gather(
            teacher.delete(item),
            admin.delete(item),
            head.put(item, json=TEXT),
            admin.put(f"{item}/submission"),
            head.put(f"{item}/review", json=NO),
            head.put(f"{item}/withdrawal", json={"reason": "重复"}),
        )
        assert {one.status_code for one in answers} <= {200, 204, 404, 409}


async def test_what_is_withdrawn_while_a_school_adopts_it_waits_nowhere(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is rewritten and released again; the school is not made to publish the new text."""
    await second_officer(cast)
    above, column = await district_column(as_, cast), await school_column(as_, cast)
    officer, admin = await as_("沈知微"), await as_("许建安")
    item = await of_district(as_, above)
    await appear()
    place_at_end = queue.place_at_end
    about_to = asyncio.Event()

    async def in_no_hurry(item_id: UUID, series_id: UUID) -> None:
        about_to.set()
        await asyncio.sleep(0.5)
        await place_at_end(item_id, series_id)

    async def withdraw() -> None:
        await about_to.wait()
        await ok(officer.put(f"/column/items/{item}/withdrawal", json={"reason": "有误"}))

    monkeypatch.setattr(queue, "place_at_end", in_no_hurry)
    await asyncio.gather(ok(admin.put(f"/column/series/{column}/adoptions/{item}")), withdraw())
    assert not await Placement.exists(item_id=item, released_at=None)
    assert await titles(await as_("王立强")) == []


async def test_a_series_that_has_ended_takes_no_text_up_again(as_: SignIn, cast: Cast) -> None:
    """It would be approved, its writer told so, and never appear."""
    column = await school_column(as_, cast)
    admin, head = await as_("许建安"), await as_("周慕云")
    drafted = await written(admin, column)
    waiting = await written(admin, column)
    await ok(admin.put(f"/column/items/{waiting['id']}/submission"))
    await ok(admin.put(f"/column/series/{column}/state", json={"state": "ended"}))
    item = f"/column/items/{drafted['id']}"
    await refused(admin.put(item, json=TEXT), 409, "series_over")
    await refused(admin.put(f"{item}/submission"), 409, "series_over")
    review = f"/column/items/{waiting['id']}/review"
    yes = {"approved": True, "revision": 1}
    await refused(head.put(review, json=yes), 409, "series_over")
    assert await reasons("column.decided") == 0
    # It can still go back, and be thrown away.
    await ok(head.put(review, json=NO))
    for one in (drafted, waiting):
        await ok(admin.delete(f"/column/items/{one['id']}"), 204)
