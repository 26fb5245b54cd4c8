"""Suggestions: parents put them, stand behind them, and are owed an answer (talk-5)."""

from datetime import timedelta
from typing import Any

from backend import clock
from backend.committees.jobs import suggestions as jobs
from backend.committees.models import CoSign, Suggestion
from backend.database import execute
from seed.cast import Cast
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    EVERYBODY,
    OTHER_CLASS,
    PARENT,
    board,
    letters,
    matter,
    trail,
)
from tests.committees.stories import active_committee, ok, refused
from tests.house import SignIn, Visitor

WISH = {"title": "希望午餐多一些蔬菜", "text": "近两周的午餐蔬菜偏少，请与供应单位沟通。"}
OWED = "committees.suggestion_owed"
ANSWERED = "committees.suggestion_answered"


async def put(by: Visitor, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return ok(await by.post(f"/bodies/{body['id']}/suggestions", json={**WISH, **more}), 201)


def path(suggestion: dict[str, Any], verb: str = "") -> str:
    return f"/suggestions/{suggestion['id']}{'/' if verb else ''}{verb}"


async def acceptance() -> dict[str, Any]:
    return {"matterId": await matter(), "title": "午餐的蔬菜", "text": "", "namesNoPupil": True}


async def listed(by: Visitor, body: dict[str, Any], stage: str = "open") -> list[str]:
    answer = await by.get(f"/bodies/{body['id']}/suggestions", params={"stage": stage})
    return [item["title"] for item in ok(answer)["items"]]


async def test_parents_sign_once_and_enough_of_them_are_owed_an_answer(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    author, other, third = await as_(PARENT), await as_("刘敏"), await as_("高远")
    made = await put(author, body)
    assert (made["coSigns"], made["threshold"], made["mine"], made["signed"]) == (1, 3, True, True)
    for _ in range(2):
        seen = ok(await other.put(path(made, "co-sign")))
        assert (seen["coSigns"], seen["signed"], seen["dueAt"]) == (2, True, None)
    assert await letters(cast, OWED) == {}
    signed = ok(await third.put(path(made, "co-sign")))
    due = Suggestion.get(id=made["id"])
    left = (await due).due_at - clock.now()  # type: ignore[operator]
    assert signed["coSigns"] == 3
    assert timedelta(days=13, hours=23) < left <= timedelta(days=14)
    told = await letters(cast, OWED)
    assert set(told) == set(EVERYBODY)
    assert WISH["title"] not in told[CHAIR][0]["title_zh"]
    assert WISH["title"] in told[CHAIR][0]["body_zh"]
    # Taken back and given again it is one signature, and the committee is told no second time.
    for _ in range(2):
        assert (await other.delete(path(made, "co-sign"))).status_code == 204
    assert ok(await other.get(path(made)))["coSigns"] == 2
    ok(await other.put(path(made, "co-sign")))
    assert {name: len(rows) for name, rows in (await letters(cast, OWED)).items()} == dict.fromkeys(
        EVERYBODY, 1
    )
    refused(await author.delete(path(made, "co-sign")), "author_stands_by_it")


async def test_the_author_is_known_to_the_committee_alone(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    made = await put(await as_(PARENT), body)
    for name, shown in (
        (PARENT, PARENT), (CHAIR, PARENT), ("高远", PARENT), (ADMIN, PARENT), ("刘敏", "一位家长"),
    ):  # fmt: skip
        visitor = await as_(name)
        assert ok(await visitor.get(path(made)))["authorName"] == shown, name
        [item] = ok(await visitor.get(f"/bodies/{body['id']}/suggestions"))["items"]
        assert item["authorName"] == shown, name
        assert item["maySign"] is (name in ("刘敏", CHAIR, "高远")), name


async def test_an_accepted_suggestion_becomes_an_item_and_everybody_behind_it_is_told(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    made = await put(await as_(PARENT), body)
    ok(await (await as_("刘敏")).put(path(made, "co-sign")))
    chair, wish = await as_(CHAIR), await acceptance()
    unchecked = await chair.put(path(made, "acceptance"), json={**wish, "namesNoPupil": False})
    refused(unchecked, "names_a_pupil", 422)
    elsewhere = {**wish, "matterId": body["id"]}
    refused(await chair.put(path(made, "acceptance"), json=elsewhere), "matter_unknown", 422)
    for _ in range(2):
        accepted = ok(await chair.put(path(made, "acceptance"), json=wish))
    item = ok(await chair.get(f"/agenda-items/{accepted['itemId']}"))
    assert (item["state"], item["suggestionId"]) == ("accepted", made["id"])
    assert (item["matterId"], item["title"]) == (wish["matterId"], wish["title"])
    told = await letters(cast, ANSWERED)
    assert {name: len(rows) for name, rows in told.items()} == {PARENT: 1, "刘敏": 1}
    assert await trail(made["id"]) == [
        "committees.suggestion_put", "committees.suggestion_signed",
        "committees.suggestion_accepted",
    ]  # fmt: skip
    # Who stands behind it still sees it; other guardians see open ones only.
    for name, status in ((PARENT, 200), ("刘敏", 200), (CHAIR, 200), ("马静", 200)):
        assert (await (await as_(name)).get(path(made))).status_code == status, name
    assert await listed(await as_("刘敏"), body) == []
    assert await listed(await as_("刘敏"), body, "answered") == [WISH["title"]]


async def test_a_declined_one_says_why(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    made, chair = await put(await as_(PARENT), body), await as_(CHAIR)
    assert (await chair.put(path(made, "refusal"), json={"reason": ""})).status_code == 400
    reason = {"reason": "本学期合同不能变更"}
    for _ in range(2):
        assert ok(await chair.put(path(made, "refusal"), json=reason))["state"] == "declined"
    [letter] = (await letters(cast, ANSWERED))[PARENT]
    assert "本学期合同不能变更" in letter["body_zh"]
    assert "午餐" not in letter["title_zh"]
    assert (await (await as_("刘敏")).get(path(made))).status_code == 404


async def test_merged_ones_bring_their_signatures_along_each_person_once(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    one = await put(await as_(PARENT), body)
    two = await put(await as_("刘敏"), body, title="午餐加一份时令蔬菜")
    for suggestion in (one, two):
        ok(await (await as_("高远")).put(path(suggestion, "co-sign")))
    chair = await as_(CHAIR)
    itself = await chair.put(path(one, "merger"), json={"intoId": one["id"]})
    refused(itself, "merged_elsewhere", 422)
    for _ in range(2):
        merged = ok(await chair.put(path(one, "merger"), json={"intoId": two["id"]}))
    assert (merged["state"], merged["mergedIntoId"]) == ("merged", two["id"])
    stands = ok(await chair.get(path(two)))
    assert (stands["coSigns"], stands["dueAt"] is not None) == (3, True)
    assert await CoSign.filter(suggestion_id=two["id"]).count() == 3
    assert set(await letters(cast, OWED)) == set(EVERYBODY)
    assert set(await letters(cast, ANSWERED)) == {PARENT, "高远"}
    back = await chair.put(path(two, "merger"), json={"intoId": one["id"]})
    refused(back, "merged_elsewhere", 422)


async def test_it_is_handed_up_from_class_to_grade_to_school(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    made, chair = await put(await as_(PARENT), body), await as_(CHAIR)
    refused(await chair.put(path(made, "escalation")), "nothing_above")
    grade = await active_committee(as_, cast, "刘敏", level="grade", grade="海湾/三年级",
                                   name="三年级家委会")  # fmt: skip
    school = await active_committee(as_, cast, "赵德胜", level="school", name="校家委会")
    wider = await as_(OTHER_CLASS)
    assert (await wider.get(path(made))).status_code == 404
    # The seats of the school's committee sit on that body alone.
    handed = ok(await chair.put(path(made, "escalation")))
    assert (handed["bodyId"], handed["firstBodyId"]) == (grade["id"], body["id"])
    assert (handed["state"], handed["coSigns"]) == ("open", 1)
    assert set(await letters(cast, "committees.suggestion_handed_up")) == {"刘敏"}
    assert set(await letters(cast, ANSWERED)) == {PARENT}
    # The sister class belongs to the grade, and now to those who may sign.
    assert ok(await wider.put(path(made, "co-sign")))["coSigns"] == 2
    # Who handed it up answers for it no longer, but sees what becomes of it.
    refused(await chair.put(path(made, "refusal"), json={"reason": "晚了"}), "not_allowed", 403)
    assert ok(await chair.get(path(made)))["authorName"] == PARENT
    assert await listed(await as_("刘敏"), body) == []
    up = ok(await (await as_("刘敏")).put(path(made, "escalation")))
    assert up["bodyId"] == school["id"]
    refused(await (await as_(OTHER_CLASS)).put(path(made, "escalation")), "nothing_above")
    # A family of the first form belongs to the school.
    assert ok(await (await as_("王立强")).put(path(made, "co-sign")))["coSigns"] == 3
    assert set(await letters(cast, OWED)) == {"赵德胜"}


async def test_its_author_takes_it_back_while_it_is_open(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    author, other = await as_(PARENT), await as_("刘敏")
    made = await put(author, body)
    ok(await other.put(path(made, "co-sign")))
    refused(await other.put(path(made, "withdrawal")), "not_allowed", 403)
    for _ in range(2):
        assert ok(await author.put(path(made, "withdrawal")))["state"] == "withdrawn"
    assert set(await letters(cast, ANSWERED)) == {"刘敏"}
    refused(await (await as_(CHAIR)).put(path(made, "escalation")), "wrong_suggestion_state")
    refused(await other.delete(path(made, "co-sign")), "wrong_suggestion_state")
    mine = ok(await other.get("/me/suggestions"))["items"]
    assert [(item["id"], item["mine"], item["state"]) for item in mine] == [
        (made["id"], False, "withdrawn")
    ]


async def test_the_chair_is_reminded_of_an_overdue_answer_once_a_day(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    made = await put(await as_(PARENT), body)
    assert await jobs.remind_overdue() == 0
    await execute("UPDATE suggestions SET due_at = now() - interval '1 hour'")
    assert await jobs.remind_overdue() == 1
    assert await jobs.remind_overdue() == 0
    told = await letters(cast, "committees.suggestion_overdue")
    assert {name: len(rows) for name, rows in told.items()} == {CHAIR: 1}
    # The next morning again; an answer ends it.
    await execute("UPDATE suggestions SET reminded_at = now() - interval '1 day'")
    await execute("UPDATE post_letter SET once = once || ':yesterday'")
    assert await jobs.remind_overdue() == 1
    ok(await (await as_(CHAIR)).put(path(made, "refusal"), json={"reason": "本学期不能"}))
    await execute("UPDATE suggestions SET reminded_at = now() - interval '2 days'")
    assert await jobs.remind_overdue() == 0
