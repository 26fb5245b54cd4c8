"""A review panel from its draft to its published result."""

import asyncio
from uuid import UUID

import pytest
from tortoise.exceptions import IntegrityError

from backend.committees.jobs import panels as jobs
from backend.committees.notify.panels import OPENED, REMINDED
from backend.database import execute, fetch
from seed.cast import Cast
from tests.committees.panel_stories import (
    FULL,
    JUDGES,
    OFFICER,
    all_score,
    closed,
    closes_in,
    inbox_of,
    opened,
    published,
    score,
    scores_of,
)
from tests.committees.stories import ADMIN, ok, refused
from tests.house import SignIn


async def test_a_school_writes_a_panel_and_those_it_asks_judge_it(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    assert (panel["state"], panel["entries"], panel["panelists"]) == ("open", 2, 5)
    assert [one["key"] for one in panel["criteria"]] == ["c1", "c2"]
    assert {one["name"] for one in panel["judgedBy"]} == {name for name, _ in JUDGES}
    wang = await as_("王立强")
    mine = ok(await wang.get("/me/panels"))["items"]
    assert [(one["id"], one["judges"], one["scored"], one["mayRun"]) for one in mine] == [
        (panel["id"], True, 0, False)
    ]
    seen = ok(await wang.get(f"/panels/{panel['id']}"))
    assert (seen["myConstituency"], seen["judgedBy"], seen["progress"]) == ("parent", None, None)
    assert (await score(wang, seen["shown"][0], {"c1": 33, "c2": 0}, "很实在")).status_code == 204
    again = ok(await wang.get(f"/panels/{panel['id']}"))
    assert again["shown"][0]["myScore"] == {
        "points": [{"key": "c1", "points": 33}, {"key": "c2", "points": 0}],
        "comment": "很实在",
    }
    assert (again["shown"][1]["myScore"], again["scored"]) == (None, 1)


async def test_a_score_may_be_changed_until_the_panel_closes(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    wang, shown = await as_("王立强"), panel["shown"][0]
    assert (await score(wang, shown, {"c1": 1, "c2": 2})).status_code == 204
    assert (await score(wang, shown, FULL)).status_code == 204
    [kept] = await scores_of(panel)
    assert kept["points"] == '{"c1": 40, "c2": 30}'
    ok(await (await as_(ADMIN)).put(f"/panels/{panel['id']}/closing"))
    refused(await score(wang, shown, {"c1": 0, "c2": 0}), "panel_not_open")
    assert await scores_of(panel) == [kept]


async def test_no_score_is_taken_after_the_hour_even_before_the_job_has_passed(
    as_: SignIn, cast: Cast
) -> None:
    panel = await opened(as_, cast)
    await closes_in(panel, hours=-0.01)
    refused(await score(await as_("王立强"), panel["shown"][0], FULL), "panel_not_open")


@pytest.mark.parametrize(
    ("points", "field"),
    [
        ({"c1": 41, "c2": 0}, "c1"),
        ({"c1": 40, "c2": 31}, "c2"),
        ({"c1": 40}, "c2"),
        ({"c1": 40, "c2": 30, "c3": 1}, "c3"),
    ],
)
async def test_points_lie_within_what_a_criterion_is_worth(
    as_: SignIn, cast: Cast, points: dict[str, int], field: str
) -> None:
    panel = await opened(as_, cast)
    problem = refused(
        await score(await as_("王立强"), panel["shown"][0], points), "bad_points", 422
    )
    assert problem["facts"] == {"field": field}
    assert await scores_of(panel) == []


@pytest.mark.parametrize(
    "points",
    [
        [{"key": "c1", "points": 1.5}, {"key": "c2", "points": 1}],
        [{"key": "c1", "points": -1}, {"key": "c2", "points": 1}],
        [{"key": "c1", "points": "1"}, {"key": "c2", "points": 1}],
        [{"key": "c1", "points": 1}, {"key": "c1", "points": 2}],
        [{"key": "<b>", "points": 1}],
        [],
    ],
)
async def test_what_is_no_score_is_refused_at_the_door(
    as_: SignIn, cast: Cast, points: list[dict[str, object]]
) -> None:
    panel = await opened(as_, cast)
    answer = await (await as_("王立强")).put(
        f"/panel-entries/{panel['shown'][0]['id']}/score", json={"points": points}
    )
    assert answer.status_code == 400
    assert await scores_of(panel) == []


async def test_sixteen_scores_at_once_leave_one(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    wang, shown = await as_("王立强"), panel["shown"][0]
    answers = await asyncio.gather(
        *(score(wang, shown, {"c1": number, "c2": number}) for number in range(16))
    )
    assert [answer.status_code for answer in answers] == [204] * 16
    [kept] = await scores_of(panel)
    assert kept["points"] in {f'{{"c1": {n}, "c2": {n}}}' for n in range(16)}
    told = ok(await wang.get(f"/panels/{panel['id']}"))
    assert len(told["shown"][0]["myScore"]["points"]) == 2


async def test_scores_racing_the_closing_are_counted_or_refused(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    admin, shown = await as_(ADMIN), panel["shown"][0]
    people = [await as_(name) for name, _ in JUDGES]
    *answers, closing = await asyncio.gather(
        *(score(one, shown, FULL) for one in people), admin.put(f"/panels/{panel['id']}/closing")
    )
    assert closing.status_code == 200
    taken = [answer.status_code for answer in answers]
    assert set(taken) <= {204, 409}
    results = ok(await admin.get(f"/panels/{panel['id']}/results"))
    [scored] = [one for one in results["items"] if one["entryId"] == shown["id"]]
    assert scored["scorers"] == taken.count(204) == len(await scores_of(panel))


async def test_progress_is_told_in_numbers_to_those_who_run_it(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    first, second = panel["shown"]
    for name, shown in (("王立强", first), ("王立强", second), ("周婷", first)):
        assert (await score(await as_(name), shown, FULL)).status_code == 204
    seen = ok(await (await as_(ADMIN)).get(f"/panels/{panel['id']}"))
    assert seen["progress"] == {
        "panelists": 5, "expected": 10, "scores": 3, "begun": 2, "done": 1}  # fmt: skip
    assert [one["myScore"] for one in seen["shown"]] == [None, None]


async def test_results_give_every_constituency_the_same_weight(as_: SignIn, cast: Cast) -> None:
    panel = await closed(as_, cast)
    results = ok(await (await as_(ADMIN)).get(f"/panels/{panel['id']}/results"))
    first, second = results["items"]
    assert [one["rank"] for one in (first, second)] == [1, 2]
    groups = {one["constituency"]: one for one in first["groups"]}
    # 38+30; (36+29, 34+28, 32+27)/3; 30+26.
    assert {name: one["average"]["total"] for name, one in groups.items()} == {
        "teacher": 68.0, "parent": 62.0, "public": 56.0}  # fmt: skip
    assert first["overall"] == {"byCriterion": [34.0, 28.0], "total": 62.0}
    assert second["overall"]["total"] == 52.0
    assert groups["parent"]["scorers"] == 3


async def test_small_groups_are_told_to_nobody_but_those_who_run_it(
    as_: SignIn, cast: Cast
) -> None:
    panel = await published(as_, cast)
    for name in ("王立强", "孙海燕", "李建国", "吴思远", OFFICER):
        answer = await (await as_(name)).get(f"/panels/{panel['id']}/results")
        if name == "孙海燕":
            refused(answer, "not_found", 404)
            continue
        first = ok(answer)["items"][0]
        shown = {one["constituency"]: one["average"] for one in first["groups"]}
        # Without the parents' average the two small ones could be told from the whole.
        assert shown == {"teacher": None, "public": None, "parent": None}
        assert (first["overall"]["total"], first["rank"], first["comments"]) == (62.0, 1, [])


async def test_remarks_reach_those_who_run_it_without_names(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    for name, words in (("王立强", "乙"), ("周婷", "甲")):
        await score(await as_(name), panel["shown"][0], FULL, words)
    admin = await as_(ADMIN)
    ok(await admin.put(f"/panels/{panel['id']}/closing"))
    results = ok(await admin.get(f"/panels/{panel['id']}/results"))
    [scored] = [one for one in results["items"] if one["comments"]]
    assert sorted(scored["comments"]) == scored["comments"] == sorted(["乙", "甲"])
    unscored = results["items"][1]
    assert (unscored["rank"], unscored["overall"], unscored["groups"]) == (None, None, [])


async def test_nobody_sees_a_result_before_it_is_there(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    await all_score(as_, panel)
    path = f"/panels/{panel['id']}/results"
    admin, wang = await as_(ADMIN), await as_("王立强")
    refused(await admin.get(path), "wrong_panel_state")
    refused(await wang.get(path), "not_allowed", 403)
    ok(await admin.put(f"/panels/{panel['id']}/closing"))
    ok(await admin.get(path))
    refused(await wang.get(path), "not_allowed", 403)
    ok(await admin.put(f"/panels/{panel['id']}/publication"))
    ok(await wang.get(path))


async def test_what_is_published_stays_as_it_is(as_: SignIn, cast: Cast) -> None:
    panel = await published(as_, cast)
    panel_id = UUID(panel["id"])
    for sql in (
        "UPDATE panels SET results = '[]' WHERE id = $1",
        "DELETE FROM panels WHERE id = $1",
        "UPDATE panel_scores SET points = '{}' WHERE entry_id IN "
        "(SELECT id FROM panel_entries WHERE panel_id = $1)",
        "DELETE FROM panel_scores WHERE entry_id IN "
        "(SELECT id FROM panel_entries WHERE panel_id = $1)",
    ):
        with pytest.raises(IntegrityError):
            await execute(sql, panel_id)


async def test_the_panelists_are_told_and_reminded_once(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    for name, _ in JUDGES:
        assert await inbox_of(cast, name, OPENED) == 1
    ok(await (await as_(ADMIN)).put(f"/panels/{panel['id']}/opening"))
    assert await inbox_of(cast, "王立强", OPENED) == 1
    for shown in panel["shown"]:
        await score(await as_("周婷"), shown, FULL)
    await score(await as_("高远"), panel["shown"][0], FULL)
    await closes_in(panel, hours=25)
    assert await jobs.remind_unfinished() == 0
    await closes_in(panel, hours=23)
    assert await jobs.remind_unfinished() == 1
    assert await jobs.remind_unfinished() == 0
    told = {name: await inbox_of(cast, name, REMINDED) for name, _ in JUDGES}
    assert told == {"林晓岚": 1, "王立强": 1, "周婷": 0, "高远": 1, "马静": 1}
    titles = await fetch("SELECT title_zh FROM post_letter WHERE occasion = $1", REMINDED)
    assert all(panel["title"] not in row["title_zh"] for row in titles)


async def test_a_panel_opened_for_less_than_a_day_is_not_reminded_of(
    as_: SignIn, cast: Cast
) -> None:
    panel = await opened(as_, cast)
    await closes_in(panel, hours=12, opened_before=1)
    assert await jobs.remind_unfinished() == 0


async def test_a_panel_closes_by_itself_when_its_time_is_over(as_: SignIn, cast: Cast) -> None:
    panel = await opened(as_, cast)
    await score(await as_("王立强"), panel["shown"][0], FULL)
    assert await jobs.close_due() == 0
    await closes_in(panel, hours=-1)
    assert await jobs.close_due() == 1
    assert await jobs.close_due() == 0
    seen = ok(await (await as_(ADMIN)).get(f"/panels/{panel['id']}"))
    assert (seen["state"], seen["progress"]["scores"]) == ("closed", 1)
    [trail] = await fetch(
        "SELECT person_id FROM audit_entries WHERE action = 'committees.panel_closed'"
    )
    assert trail["person_id"] is None
