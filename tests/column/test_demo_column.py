"""The demo's column is there to be read, and its next occasions lie ahead."""

from backend import clock
from backend.column.models import ColumnItem, Series
from seed import column
from seed.cast import Cast
from tests.column.desk import ok, school, titles
from tests.house import SignIn


async def test_a_newcomer_finds_a_column_and_tips(as_: SignIn, cast: Cast) -> None:
    for _ in range(2):
        await column.plant(cast)
    father, admin = await as_("王立强"), await as_("许建安")
    seen = await titles(father)
    assert {"慢一点，也没关系", "过马路前，数到三"} <= set(seen)
    assert len(seen) == len(column.COLUMN) + len(column.TIPS) - 2
    assert await titles(father, q="手机") == ["把手机放进篮子里"]
    waiting = await ok(admin.get(f"{school(cast)}/column/items", params={"standing": "in_review"}))
    assert [one["byline"] for one in waiting["items"]] == ["王家长"]
    assert await Series.filter(next_release_at__lte=clock.now()).count() == 0
    assert await ColumnItem.filter(state="queued").count() == 2
