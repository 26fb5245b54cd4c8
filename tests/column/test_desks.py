"""Who may do what at which desk, what a school adopts, and what is counted."""

from backend.database import fetch
from seed.cast import Cast
from tests.column.desk import (
    RHYTHM,
    TEXT,
    appear,
    district,
    district_column,
    of_district,
    of_school,
    ok,
    refused,
    school,
    school_column,
    second_officer,
    tips,
    written,
)
from tests.house import SignIn


async def test_another_school_or_district_finds_nothing(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    item = await of_school(as_, column)
    await appear()
    for name in ("何清越", "罗以南", "孙海燕", "曹望舒", "唐一苇", "钱进"):
        stranger = await as_(name)
        for path in (f"/column/items/{item}", f"/column/series/{column}/queue"):
            assert (await stranger.get(path)).status_code == 404, (name, path)
        assert (await stranger.get(f"{school(cast)}/column/items")).status_code == 404
        assert (await stranger.get(f"{school(cast)}/column/series")).status_code == 404
        answer = await stranger.put(f"{school(cast)}/column", json=RHYTHM)
        assert answer.status_code == 404
        body = {"title": "一篇", "paragraphs": TEXT, "kind": "parenting"}
        answer = await stranger.post(f"/column/series/{column}/items", json=body)
        assert answer.status_code == 404
        assert (await stranger.put(f"/column/items/{item}/reading")).status_code == 404
        assert (await stranger.delete(f"/me/series/{column}/subscription")).status_code == 404
    officer = await as_("沈知微")
    await refused(officer.get(f"{school(cast)}/column/items"), 403, "not_allowed")
    assert (await officer.get(f"/column/items/{item}")).status_code == 404
    far = await as_("曹望舒")
    assert (await far.get(f"{district(cast)}/column/items")).status_code == 404
    admin = await as_("许建安")
    await refused(admin.get(f"{district(cast)}/column/items"), 403, "not_allowed")
    await refused(admin.put(f"{district(cast)}/column", json=RHYTHM), 403, "not_allowed")


async def test_parents_read_and_do_nothing_else(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    item = await of_school(as_, column)
    await appear()
    father = await as_("王立强")
    seen = await ok(father.get(f"/column/items/{item}"))
    assert seen["work"] is None
    body = {"title": "一篇", "paragraphs": TEXT, "kind": "parenting"}
    for method, path, more in (
        ("PUT", f"/column/items/{item}", body),
        ("PUT", f"/column/items/{item}/withdrawal", {"reason": "不喜欢"}),
        ("PUT", f"/column/items/{item}/review", {"approved": True, "revision": 1}),
        ("GET", f"/column/items/{item}/statistics", None),
        ("PUT", f"/column/series/{column}", RHYTHM),
        ("PUT", f"/column/series/{column}/state", {"state": "ended"}),
        ("GET", f"/column/series/{column}/statistics", None),
        ("GET", f"{school(cast)}/column/items", None),
    ):
        answer = await father.request(method, path, json=more)
        assert answer.status_code == 404, (method, path)


async def test_the_district_also_needs_two_persons(as_: SignIn, cast: Cast) -> None:
    column = await district_column(as_, cast)
    officer = await as_("沈知微")
    mine = await written(officer, column)
    await ok(officer.put(f"/column/items/{mine['id']}/submission"))
    path = f"/column/items/{mine['id']}/review"
    body = {"approved": True, "revision": 1}
    await refused(officer.put(path, json=body), 403, "own_review")
    other = await as_(await second_officer(cast))
    assert (await ok(other.put(path, json=body)))["state"] == "queued"


async def test_a_school_adopts_only_what_its_district_has_released(as_: SignIn, cast: Cast) -> None:
    await second_officer(cast)
    general, own = await district_column(as_, cast), await school_column(as_, cast)
    item = await of_district(as_, general)
    admin = await as_("许建安")
    path = f"/column/series/{own}/adoptions/{item}"
    await refused(admin.put(path), 404, "not_found")
    await appear()
    for _ in range(2):
        queue = await ok(admin.put(path))
        assert [one["adopted"] for one in queue["items"]] == [True]
    await ok(admin.delete(path), 204)
    assert (await ok(admin.get(f"/column/series/{own}/queue")))["items"] == []
    theirs = await school_column(as_, cast, "莲塘")
    foreign = await written(await as_("何清越"), theirs)
    await refused(admin.put(f"/column/series/{own}/adoptions/{foreign['id']}"), 404, "not_found")
    fraud = await tips(as_, cast, "fraud")
    tip = await of_district(as_, fraud, topic="fraud")
    await appear()
    await refused(admin.put(f"/column/series/{own}/adoptions/{tip}"), 409, "not_for_adoption")


async def test_statistics_are_counts_without_names(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    item = await of_school(as_, column)
    await appear()
    for name in ("王立强", "刘敏"):
        await ok((await as_(name)).put(f"/column/items/{item}/reading"), 204)
    await ok((await as_("李建国")).delete(f"/me/series/{column}/subscription"), 204)
    admin = await as_("许建安")
    assert await ok(admin.get(f"/column/items/{item}/statistics")) == {
        "series": 1, "told": 0, "readers": 2,
    }  # fmt: skip
    assert await ok(admin.get(f"/column/series/{column}/statistics")) == {
        "occasions": 1, "empty": 0, "released": 1, "told": 0, "readers": 2, "unsubscribed": 1,
    }  # fmt: skip


async def test_every_editorial_act_leaves_its_trace(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    item = await of_school(as_, column)
    admin = await as_("许建安")
    await ok(admin.put(f"/column/series/{column}/queue/{item}", json={"position": 1}))
    await appear()
    await ok(admin.put(f"/column/items/{item}/withdrawal", json={"reason": "重复"}))
    rows = await fetch("SELECT action FROM audit_entries WHERE action LIKE 'column.%' ORDER BY id")
    assert [row["action"].removeprefix("column.") for row in rows] == [
        "series_made", "item_written", "item_submitted", "item_reviewed", "queue_moved",
        "released", "item_withdrawn",
    ]  # fmt: skip
