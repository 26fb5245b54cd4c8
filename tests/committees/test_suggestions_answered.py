"""Who may do what with a suggestion, when, and at once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from backend.committees.operations import suggestions as verbs
from backend.committees.rules.suggestions import WrongSuggestionState
from seed.cast import Cast
from tests.bench.counting import counted
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    FAR_OFFICER,
    MEMBERS,
    OFFICER,
    OTHER_ADMIN,
    OTHER_CLASS,
    OTHER_SCHOOL,
    PARENT,
    SECRETARY,
    TEACHER,
    board,
    letters,
    matter,
)
from tests.committees.stories import active_committee, ok, refused
from tests.house import SignIn, Visitor

LIST = 6
"""Round trips of a list of suggestions, who asks included."""
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


VERBS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PUT", "co-sign", None),
    ("DELETE", "co-sign", None),
    ("PUT", "escalation", None),
    ("PUT", "refusal", {"reason": "本学期不能"}),
    ("PUT", "acceptance", {}),
    ("PUT", "merger", {}),
    ("PUT", "withdrawal", None),
]
ENDS = {"refusal": "declined", "acceptance": "accepted", "merger": "merged",
        "withdrawal": "withdrawn"}  # fmt: skip


@pytest.mark.parametrize(
    ("who", "lists", "puts", "reads", "signs", "answers"),
    [
        (CHAIR, 200, 201, 200, 200, 200), (SECRETARY, 200, 201, 200, 200, 403),
        (MEMBERS[0], 200, 201, 200, 200, 403), ("刘敏", 200, 201, 200, 200, 403),
        (ADMIN, 200, 403, 200, 403, 403), ("周慕云", 200, 403, 200, 403, 403),
        (TEACHER, 403, 403, 404, 404, 404), (OFFICER, 403, 403, 404, 404, 404),
        (OTHER_CLASS, 404, 404, 404, 404, 404), (OTHER_SCHOOL, 404, 404, 404, 404, 404),
        (OTHER_ADMIN, 404, 404, 404, 404, 404), (FAR_OFFICER, 404, 404, 404, 404, 404),
    ],
)  # fmt: skip
async def test_who_may_do_what(
    as_: SignIn, cast: Cast, who: str, lists: int, puts: int, reads: int, signs: int, answers: int
) -> None:
    body = await board(as_, cast)
    made, visitor = await put(await as_(PARENT), body), await as_(who)
    at = f"/bodies/{body['id']}/suggestions"
    assert (await visitor.get(at)).status_code == lists
    assert (await visitor.get(path(made))).status_code == reads
    assert (await visitor.put(path(made, "co-sign"))).status_code == signs
    assert (await visitor.post(at, json=WISH)).status_code == puts
    withdrawn = await visitor.put(path(made, "withdrawal"))
    assert withdrawn.status_code == (403 if reads == 200 else 404)
    sent = {"reason": "本学期不能变更"}
    assert (await visitor.put(path(made, "refusal"), json=sent)).status_code == answers
    for verb, json in (("acceptance", await acceptance()), ("escalation", None),
                       ("merger", {"intoId": made["id"]})):  # fmt: skip
        answer = await visitor.put(path(made, verb), json=json)
        assert answer.status_code == (409 if answers == 200 else answers), verb


@pytest.mark.parametrize("state", ["accepted", "merged", "declined", "withdrawn"])
async def test_what_is_over_stays_as_it_is(as_: SignIn, cast: Cast, state: str) -> None:
    body = await board(as_, cast)
    # The chair has put it, so that one phone may try everything.
    chair = await as_(CHAIR)
    made, other = await put(chair, body), await put(await as_(PARENT), body)
    ends: dict[str, tuple[str, dict[str, Any] | None]] = {
        "accepted": ("acceptance", await acceptance()),
        "merged": ("merger", {"intoId": other["id"]}),
        "declined": ("refusal", {"reason": "本学期不能"}),
        "withdrawn": ("withdrawal", None),
    }
    verb, sent = ends[state]
    ok(await chair.put(path(made, verb), json=sent))
    for method, name, json in VERBS:
        if ENDS.get(name) == state:
            continue
        body_sent = ends[ENDS[name]][1] if name in ("acceptance", "merger") else json
        answer = await chair.request(method, path(made, name), json=body_sent)
        refused(answer, "wrong_suggestion_state")
    assert ok(await chair.get(path(made)))["state"] == state


async def test_nobody_floods_the_committee(as_: SignIn, cast: Cast) -> None:
    body, parent = await board(as_, cast), await as_(PARENT)
    for _ in range(5):
        await put(parent, body)
    sixth = await parent.post(f"/bodies/{body['id']}/suggestions", json=WISH)
    refused(sixth, "too_many_requests", 429)
    await put(await as_("刘敏"), body)


async def test_many_sign_at_once_and_each_counts_once(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    made = await put(await as_(PARENT), body)
    phones = [await as_(name) for name in ("刘敏", "高远", "马静", CHAIR)] * 4
    answers = await asyncio.gather(*(one.put(path(made, "co-sign")) for one in phones))
    assert {answer.status_code for answer in answers} == {200}
    assert ok(await phones[0].get(path(made)))["coSigns"] == 5
    assert {len(rows) for rows in (await letters(cast, OWED)).values()} == {1}


async def test_of_two_answers_at_once_one_stands(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    made, chair = await put(await as_(PARENT), body), await as_(CHAIR)
    wish = await acceptance()
    answers = await asyncio.gather(
        *(chair.put(path(made, "acceptance"), json=wish) for _ in range(4)),
        *(chair.put(path(made, "refusal"), json={"reason": "不能"}) for _ in range(4)),
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] * 4 + [409] * 4
    assert len((await letters(cast, ANSWERED))[PARENT]) == 1


async def test_who_has_handed_it_up_answers_for_it_no_longer(as_: SignIn, cast: Cast) -> None:
    """Even when both acts were let in before either was done."""
    body = await board(as_, cast)
    grade = await active_committee(as_, cast, "刘敏", level="grade", grade="海湾/三年级",
                                   name="三年级家委会")  # fmt: skip
    await active_committee(as_, cast, "赵德胜", level="school", name="校家委会")
    made, chair = await put(await as_(PARENT), body), cast.id(CHAIR)
    one, first = UUID(made["id"]), UUID(body["id"])
    await verbs.escalate(chair, one, first)
    late = [
        verbs.escalate(chair, one, first),
        verbs.decline(chair, one, first, "本学期不能"),
        verbs.merge(chair, one, first, one),
    ]
    for act in late:
        with pytest.raises(WrongSuggestionState):
            await act
    assert ok(await (await as_(CHAIR)).get(path(made)))["bodyId"] == grade["id"]


async def test_handing_up_twice_at_once_goes_one_level(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    grade = await active_committee(as_, cast, "刘敏", level="grade", grade="海湾/三年级",
                                   name="三年级家委会")  # fmt: skip
    await active_committee(as_, cast, "赵德胜", level="school", name="校家委会")
    made, chair = await put(await as_(PARENT), body), await as_(CHAIR)
    await asyncio.gather(*(chair.put(path(made, "escalation")) for _ in range(4)))
    assert ok(await chair.get(path(made)))["bodyId"] == grade["id"]


async def test_a_list_costs_the_same_however_long_it_is(as_: SignIn, cast: Cast, dsn: str) -> None:
    body, member = await board(as_, cast), await as_(MEMBERS[0])
    at, costs = f"/bodies/{body['id']}/suggestions", []
    for more in (1, 4):
        for _ in range(more):
            await put(await as_(PARENT), body)
        async with counted(dsn) as statements:
            await member.get(at)
            statements.clear()
            ok(await member.get(at))
            costs.append(await statements.count())
    assert costs[0] == costs[1] <= LIST, costs
