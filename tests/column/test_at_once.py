"""What happens when several act on the same item in the same moment."""

import asyncio
from uuid import UUID

from backend.column.operations import contributions, items, queue, releases
from backend.database import fetch
from backend.errors import Refusal
from seed.cast import Cast
from tests.column.desk import MONDAY, letters, of_school, ok, school_column, titles
from tests.column.test_contributing import handed_in
from tests.house import SignIn


async def test_consent_withdrawn_while_it_is_released_leaves_nothing_to_read(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    head, father, mother = cast.id("周慕云"), cast.id("王立强"), await as_("刘敏")
    made = await handed_in(as_, cast)
    item = UUID(made["id"])
    await items.review(item, approved=True, revision=1, reason="", by=head)
    await asyncio.gather(
        releases.release_due(UUID(column), MONDAY),
        contributions.withdraw_consent(item, by=father),
        releases.release_due(UUID(column), MONDAY),
    )
    [row] = await fetch("SELECT state FROM column_items")
    assert row["state"] == "withdrawn"
    assert await titles(mother) == []


async def test_reviewing_moving_withdrawing_and_releasing_at_once_never_lock_each_other(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    admin, head = cast.id("许建安"), cast.id("周慕云")
    series = UUID(column)
    ready = [UUID(await of_school(as_, column, title=f"第{n}篇")) for n in range(4)]
    waiting = []
    for number in range(3):
        content = items.ItemContent(kind="parenting", title=f"待审{number}", paragraphs=["文"])
        made = await items.write(series, content, by=admin, name="许建安")
        waiting.append((await items.submit(made.id, by=admin)).id)

    async def calmly(act: object) -> None:
        try:
            await act  # type: ignore[misc]
        except Refusal:
            return

    await asyncio.gather(
        *(calmly(items.review(w, approved=True, revision=1, reason="", by=head)) for w in waiting),
        *(calmly(queue.move(series, r, position=1, release_on=None, by=admin)) for r in ready),
        *(calmly(items.withdraw(r, "重复", by=head)) for r in ready[:2]),
        *(releases.release_due(series, MONDAY) for _ in range(3)),
    )
    assert len(await fetch("SELECT id FROM column_releases")) == 1
    assert len(await letters()) == 1
    listed = await ok((await as_("许建安")).get(f"/column/series/{column}/queue"))
    places = [one["place"] for one in listed["items"]]
    assert places == list(range(1, len(places) + 1))
    rows = await fetch("SELECT state, count(*) AS n FROM column_items GROUP BY 1")
    counted = {row["state"]: row["n"] for row in rows}
    assert counted["withdrawn"] == 2
    assert counted.get("released", 0) + counted["queued"] + counted["withdrawn"] == 7
