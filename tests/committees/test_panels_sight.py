"""Who sees a panel and who does what with it: at the school, at others, above."""

from typing import Any

import pytest

from seed.cast import Cast
from tests.bench.counting import counted
from tests.committees.panel_stories import (
    FULL,
    OFFICER,
    closed,
    drafted,
    entry,
    judges,
    opened,
    path_of,
    published,
    score,
    written,
)
from tests.committees.stories import ADMIN, ok, refused
from tests.house import SignIn, Visitor

# Who, and what they are answered: reading it as a draft, open, published; running it. To
# families there is nothing at the addresses of the staff.
SCHOOLS = [
    ("许建安", 200, 200, 200, 200),
    ("周慕云", 200, 200, 200, 200),
    # Panelists.
    ("林晓岚", 404, 200, 200, 403),
    ("王立强", 404, 200, 200, 404),
    # Others of the school.
    ("吴思远", 404, 404, 200, 403),
    ("李建国", 404, 404, 200, 404),
    ("赵德胜", 404, 404, 200, 404),
    # The district of the school.
    ("沈知微", 404, 404, 200, 403),
    # Another school of the district, another district.
    ("何清越", 404, 404, 404, 404),
    ("孙海燕", 404, 404, 404, 404),
    ("钱进", 404, 404, 404, 404),
    ("曹望舒", 404, 404, 404, 404),
]
DISTRICTS = [
    ("沈知微", 200, 200, 200, 200),
    ("林晓岚", 404, 200, 200, 403),
    ("王立强", 404, 200, 200, 404),
    ("许建安", 404, 404, 200, 403),
    ("何清越", 404, 404, 200, 403),
    ("孙海燕", 404, 404, 200, 404),
    ("钱进", 404, 404, 404, 404),
    ("曹望舒", 404, 404, 404, 404),
    ("唐一苇", 404, 404, 404, 404),
]
WORK = ["rewrite", "entries", "panelists", "opening", "closing", "publication", "discard"]


async def work(office: Visitor, cast: Cast, panel: dict[str, Any], what: str) -> Any:
    path = f"/panels/{panel['id']}"
    bodies = {"entries": {"entries": [entry()]}, "panelists": judges(cast)}
    if what == "rewrite":
        return await office.put(path, json=written())
    if what == "discard":
        return await office.delete(path)
    if what in bodies:
        return await office.put(f"{path}/{what}", json=bodies[what])
    return await office.put(f"{path}/{what}")


@pytest.mark.parametrize(
    ("by", "school", "people"),
    [(ADMIN, "海湾", SCHOOLS), (OFFICER, None, DISTRICTS)],
    ids=["a school's", "a district's"],
)
async def test_who_sees_a_panel_in_each_state(
    as_: SignIn,
    cast: Cast,
    by: str,
    school: str | None,
    people: list[tuple[str, int, int, int, int]],
) -> None:
    draft = await drafted(as_, cast, by, school)
    is_open = await opened(as_, cast, by, school)
    is_out = await published(as_, cast, by, school=school)
    for name, in_draft, in_work, out, _ in people:
        visitor = await as_(name)
        for panel, status in ((draft, in_draft), (is_open, in_work), (is_out, out)):
            answer = await visitor.get(f"/panels/{panel['id']}")
            assert answer.status_code == status, (name, panel["state"], answer.text)
        results = await visitor.get(f"/panels/{is_out['id']}/results")
        assert results.status_code == out, name
        listed = await visitor.get(path_of(cast, school))
        seen = {one["id"] for one in listed.json().get("items", [])}
        for panel, status in ((draft, in_draft), (is_open, in_work), (is_out, out)):
            assert (panel["id"] in seen) == (status == 200), (name, panel["state"])


@pytest.mark.parametrize(
    ("by", "school", "people"),
    [(ADMIN, "海湾", SCHOOLS), (OFFICER, None, DISTRICTS)],
    ids=["a school's", "a district's"],
)
async def test_who_runs_a_panel(
    as_: SignIn,
    cast: Cast,
    by: str,
    school: str | None,
    people: list[tuple[str, int, int, int, int]],
) -> None:
    panel = await published(as_, cast, by, school=school)
    for name, _, _, _, status in people:
        visitor = await as_(name)
        for what in WORK:
            answer = await work(visitor, cast, panel, what)
            if status == 200:
                # In sight and theirs to do: it is its state that does not allow it.
                assert answer.status_code in (200, 409), (name, what, answer.text)
            else:
                assert answer.status_code == status, (name, what, answer.text)


@pytest.mark.parametrize(
    ("name", "school", "status"),
    [
        ("许建安", "海湾", 201), ("周慕云", "海湾", 201), ("林晓岚", "海湾", 403),
        ("王立强", "海湾", 404), ("沈知微", "海湾", 403), ("何清越", "海湾", 404),
        ("曹望舒", "海湾", 404), ("沈知微", None, 201), ("许建安", None, 403),
        ("王立强", None, 404), ("曹望舒", None, 404), ("钱进", None, 404),
    ],
)  # fmt: skip
async def test_who_drafts_a_panel(
    as_: SignIn, cast: Cast, name: str, school: str | None, status: int
) -> None:
    answer = await (await as_(name)).post(path_of(cast, school), json=written())
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("name", "status"),
    [("王立强", 204), ("林晓岚", 204), ("许建安", 403), ("李建国", 404), ("吴思远", 404),
     ("沈知微", 404), ("何清越", 404), ("钱进", 404)],
)  # fmt: skip
async def test_who_scores(as_: SignIn, cast: Cast, name: str, status: int) -> None:
    panel = await opened(as_, cast)
    answer = await score(await as_(name), panel["shown"][0], FULL)
    assert answer.status_code == status, answer.text


async def test_nobody_signed_out_sees_anything(as_: SignIn, cast: Cast, anyone: Visitor) -> None:
    panel = await published(as_, cast)
    for path in (f"/panels/{panel['id']}", f"/panels/{panel['id']}/results", path_of(cast),
                 path_of(cast, None), "/me/panels"):  # fmt: skip
        assert (await anyone.get(path)).status_code == 401
    assert (await score(anyone, panel["shown"][0], FULL)).status_code == 401


async def test_panelists_see_their_own_scores_and_no_other(as_: SignIn, cast: Cast) -> None:
    panel = await closed(as_, cast)
    for name, points in (("王立强", 36), ("周婷", 34)):
        seen = ok(await (await as_(name)).get(f"/panels/{panel['id']}"))
        assert seen["shown"][0]["myScore"]["points"][0] == {"key": "c1", "points": points}
        assert (seen["judgedBy"], seen["progress"]) == (None, None)
    # Those who run it are told what came out, and not what anybody gave.
    admin = await as_(ADMIN)
    told = ok(await admin.get(f"/panels/{panel['id']}"))
    assert [one["myScore"] for one in told["shown"]] == [None, None]
    results = ok(await admin.get(f"/panels/{panel['id']}/results"))
    assert {key for one in results["items"] for key in one} == {
        "entryId", "title", "presenter", "rank", "scorers", "overall", "groups", "comments",
    }  # fmt: skip


async def test_a_panelist_from_elsewhere_finds_it_among_their_own(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast, OFFICER, None)
    for name in ("林晓岚", "马静"):
        mine = ok(await (await as_(name)).get("/me/panels"))["items"]
        assert [one["id"] for one in mine] == [panel["id"]]
    assert ok(await (await as_("孙海燕")).get("/me/panels"))["items"] == []


async def test_lists_come_in_pages(as_: SignIn, cast: Cast) -> None:
    office = await as_(ADMIN)
    made = [(await opened(as_, cast))["id"] for _ in range(3)]
    for path, visitor in ((path_of(cast), office), ("/me/panels", await as_("王立强"))):
        first = ok(await visitor.get(path, params={"limit": 2}))
        rest = ok(await visitor.get(path, params={"limit": 2, "cursor": first["nextCursor"]}))
        assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
        assert rest["nextCursor"] is None
        other = await (await as_("周婷")).get(path, params={"cursor": first["nextCursor"]})
        refused(other, "bad_cursor", 400)


async def test_reading_costs_the_same_however_much_there_is(
    as_: SignIn, cast: Cast, dsn: str
) -> None:
    panel = await opened(as_, cast)
    wang, costs = await as_("王立强"), []
    for more in (0, 4):
        for _ in range(more):
            await opened(as_, cast)
        async with counted(dsn) as statements:
            for path in (path_of(cast), "/me/panels", f"/panels/{panel['id']}"):
                ok(await wang.get(path))
                statements.clear()
                ok(await wang.get(path))
                costs.append(await statements.count())
        for shown in panel["shown"]:
            assert (await score(wang, shown, FULL)).status_code == 204
    assert costs[:3] == costs[3:], costs


async def test_a_school_that_has_switched_committees_off_has_no_panels(
    as_: SignIn, cast: Cast
) -> None:
    panel = await published(as_, cast)
    office = await as_(ADMIN)
    switches = f"/schools/{cast.schools['海湾'].id}/features"
    ok(await office.put(switches, json={"functions": {"committees": False}}))
    for name in ("许建安", "王立强", "沈知微"):
        visitor = await as_(name)
        refused(await visitor.get(f"/panels/{panel['id']}"), "not_found", 404)
        refused(await visitor.get(path_of(cast)), "not_found", 404)
