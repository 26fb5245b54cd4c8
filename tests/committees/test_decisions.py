"""The log of decisions: who enters them, who carries them out, who is reminded."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from backend.committees.jobs import decisions as jobs
from backend.committees.models import AgendaItem, Decision
from backend.committees.operations import decisions as operations
from backend.committees.queries import decisions as queries
from backend.committees.rules.chain import verify
from backend.database import execute
from backend.identifiers import uuid7
from seed.cast import Cast
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    OFFICER,
    OTHER_ADMIN,
    OTHER_CLASS,
    PARENT,
    SECRETARY,
    TEACHER,
    board,
    letters,
)
from tests.committees.minuting import as_nobody_may, confirmed, decided, ended, item, seat_id
from tests.committees.stories import ok, refused, today
from tests.house import SignIn


async def test_a_passed_items_decision_is_entered_with_an_owner_and_a_date(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    about = await item(cast, await ended(cast, body))
    path = f"/bodies/{body['id']}/decisions"
    said = {"itemId": str(about.id), "text": "试行一个月。"}
    owner = {"seatId": await seat_id(body, "马静"), "dueOn": today().isoformat()}
    for name in ("高远", ADMIN, PARENT, TEACHER, OFFICER):
        refused(await (await as_(name)).post(path, json=said), "not_allowed", 403)
    for name in (OTHER_ADMIN, OTHER_CLASS):
        refused(await (await as_(name)).post(path, json=said), "not_found", 404)

    first = await decided(await as_(SECRETARY), body, about)
    assert (first["number"], first["ownerName"], first["dueOn"]) == (1, "", None)
    assert await _state(about) == "decided"
    second = await decided(await as_(CHAIR), body, about, **owner)
    assert (second["number"], second["ownerName"]) == (2, "马静")
    assert await _state(about) == "in_execution"
    staff = {"personId": str(cast.id(TEACHER)), "dueOn": today().isoformat()}
    third = await decided(await as_(CHAIR), body, about, **staff)
    assert third["ownerName"] == TEACHER
    assert sorted(await letters(cast, "committees.decision_assigned")) == sorted((TEACHER, "马静"))
    mine = ok(await (await as_(TEACHER)).get("/me/decisions"))["items"]
    assert [(row["id"], row["isMine"]) for row in mine] == [(third["id"], True)]


@pytest.mark.parametrize(
    ("more", "code", "status"),
    [
        ({"dueOn": "2099-01-01"}, "decision_due_missing", 422),
        ({"seat": "马静"}, "decision_due_missing", 422),
        ({"seat": "马静", "due": -1}, "bad_decision_due", 400),
        ({"seat": "马静", "due": 3000}, "bad_decision_due", 400),
        ({"person": PARENT, "due": 1}, "decision_owner_unknown", 422),
        ({"person": OTHER_ADMIN, "due": 1}, "decision_owner_unknown", 422),
        ({"person": TEACHER, "seat": "马静", "due": 1}, "decision_owner_unknown", 422),
        ({"seatId": str(uuid7()), "due": 1}, "decision_owner_unknown", 422),
    ],
)
async def test_a_task_that_cannot_be_is_refused(
    as_: SignIn, cast: Cast, more: dict[str, object], code: str, status: int
) -> None:
    body = await board(as_, cast)
    about = await item(cast, await ended(cast, body))
    said: dict[str, object] = {"itemId": str(about.id), "text": "试行一个月。"}
    for key, value in more.items():
        match key:
            case "seat":
                said["seatId"] = await seat_id(body, str(value))
            case "person":
                said["personId"] = str(cast.id(str(value)))
            case "due":
                said["dueOn"] = (today() + timedelta(days=int(str(value)))).isoformat()
            case _:
                said[key] = value
    answer = await (await as_(CHAIR)).post(f"/bodies/{body['id']}/decisions", json=said)
    refused(answer, code, status)
    assert await Decision.all().count() == 0


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("proposed", ""), ("accepted", ""), ("scheduled", ""), ("voting", ""), ("noted", ""),
        ("deferred", ""), ("withdrawn", ""), ("decided", "failed"), ("decided", "tied"),
        ("decided", "no_quorum"), ("done", "passed"),
    ],
)  # fmt: skip
async def test_what_has_not_passed_is_no_decision(
    as_: SignIn, cast: Cast, state: str, outcome: str
) -> None:
    body = await board(as_, cast)
    about = await item(cast, await ended(cast, body))
    await execute(
        "UPDATE agenda_items SET state = $2, outcome = $3 WHERE id = $1", about.id, state, outcome
    )
    said = {"itemId": str(about.id), "text": "试行一个月。"}
    answer = await (await as_(CHAIR)).post(f"/bodies/{body['id']}/decisions", json=said)
    refused(answer, "item_not_passed")


async def test_an_item_of_another_body_is_not_found(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    said = {"itemId": str(uuid7()), "text": "试行一个月。"}
    answer = await (await as_(CHAIR)).post(f"/bodies/{body['id']}/decisions", json=said)
    refused(answer, "not_found", 404)


async def test_the_item_is_done_when_all_its_decisions_are(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    about = await item(cast, await ended(cast, body))
    chair, owner = await as_(CHAIR), await as_("马静")
    due = today().isoformat()
    one = await decided(chair, body, about, seatId=await seat_id(body, "马静"), dueOn=due)
    two = await decided(chair, body, about, personId=str(cast.id(TEACHER)), dueOn=due)
    loose = await decided(chair, body, about)
    note = {"note": "已与供应单位签订协议。"}

    for name, code, status in (
        ("高远", "not_allowed", 403), (ADMIN, "not_allowed", 403), (PARENT, "not_found", 404),
        (OTHER_ADMIN, "not_found", 404), (OFFICER, "not_found", 404),
    ):  # fmt: skip
        answer = await (await as_(name)).put(f"/decisions/{one['id']}/completion", json=note)
        refused(answer, code, status)
    refused(await chair.put(f"/decisions/{loose['id']}/completion", json=note), "nothing_to_do")
    for word in (note, {"note": "再说一遍"}):
        done = ok(await owner.put(f"/decisions/{one['id']}/completion", json=word))
        assert (done["doneNote"], done["isOverdue"]) == (note["note"], False)
    assert await _state(about) == "in_execution"
    ok(await chair.put(f"/decisions/{two['id']}/completion", json=note))
    assert await _state(about) == "done"
    assert list(await letters(cast, "committees.decision_done")) == [CHAIR]
    assert ok(await owner.get("/me/decisions"))["items"] == []
    finished = ok(await owner.get("/me/decisions", params={"done": "true"}))["items"]
    assert [row["id"] for row in finished] == [one["id"]]


async def test_what_is_voted_on_again_is_not_done_though_its_task_is(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    about = await item(cast, await ended(cast, body))
    owner = await as_("马静")
    due = today().isoformat()
    made = await decided(
        await as_(CHAIR), body, about, seatId=await seat_id(body, "马静"), dueOn=due
    )
    await execute("UPDATE agenda_items SET state = 'voting', outcome = '' WHERE id = $1", about.id)

    note = {"note": "已与供应单位签订协议。"}
    assert ok(await owner.put(f"/decisions/{made['id']}/completion", json=note))["doneAt"]
    assert await _state(about) == "voting"


async def test_the_log_is_paged_and_others_see_it_with_the_minutes(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    meeting = await ended(cast, body)
    about = await item(cast, meeting)
    chair = await as_(CHAIR)
    for _ in range(3):
        await decided(chair, body, about)
    path = f"/bodies/{body['id']}/decisions"

    first = ok(await chair.get(path, params={"limit": 2}))
    rest = ok(await chair.get(path, params={"limit": 2, "cursor": first["nextCursor"]}))
    assert [row["number"] for row in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["nextCursor"] is None
    assert ok(await chair.get(path, params={"pending": "true"}))["items"] == []
    for name in (PARENT, TEACHER, OFFICER):
        assert ok(await (await as_(name)).get(path))["items"] == []
    for name in (OTHER_CLASS, OTHER_ADMIN):
        refused(await (await as_(name)).get(path), "not_found", 404)
    await confirmed(as_, meeting)
    for name in (PARENT, TEACHER, OFFICER):
        assert len(ok(await (await as_(name)).get(path))["items"]) == 3


async def test_owners_are_reminded_before_and_after_the_day(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    about = await item(cast, await ended(cast, body))
    chair = await as_(CHAIR)
    seat = await seat_id(body, "马静")
    due = (today() + timedelta(days=4)).isoformat()
    made = await decided(chair, body, about, seatId=seat, dueOn=due)
    assert await jobs.remind_of_decisions() == 0

    await _a_day_passes(made["id"])
    assert [await jobs.remind_of_decisions() for _ in range(2)] == [1, 0]
    assert list(await letters(cast, "committees.decision_due")) == ["马静"]
    for _ in range(3):
        await _a_day_passes(made["id"])
        assert await jobs.remind_of_decisions() == 0
    overdue = "committees.decision_overdue"
    told = []
    for _ in range(15):
        await _a_day_passes(made["id"])
        told.append(await jobs.remind_of_decisions())
    assert told == [1, 0, 0, 0, 0, 0, 0] * 2 + [1]
    assert sorted(await letters(cast, overdue)) == sorted((CHAIR, "马静"))

    ok(await chair.put(f"/decisions/{made['id']}/completion", json={"note": "已办结"}))
    for _ in range(8):
        await _a_day_passes(made["id"])
    assert await jobs.remind_of_decisions() == 0


async def test_thirty_two_at_once_make_one_unbroken_chain(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    # Whoever enters a decision holds its meeting, so those of one meeting would queue anyway.
    items = [await item(cast, await ended(cast, body, title=f"第{n}次会议")) for n in range(8)]

    async def enter(number: int) -> UUID:
        new = operations.NewDecision(item_id=items[number % 8].id, text=f"第{number}项")
        return await operations.enter(UUID(body["id"]), new, by=cast.id(CHAIR))

    await asyncio.gather(*(enter(number) for number in range(32)))

    links = await queries.chain_of(UUID(body["id"]))
    assert [link.entry.number for link in links] == list(range(1, 33))
    assert verify(links) == []
    assert len({link.previous for link in links}) == 32


async def _state(about: AgendaItem) -> str:
    return (await AgendaItem.get(id=about.id)).state


async def _a_day_passes(decision_id: str) -> None:
    await as_nobody_may(
        "UPDATE decisions SET due_on = due_on - 1, reminded_at = reminded_at - interval '1 day' "
        "WHERE id = $1",
        UUID(decision_id),
    )
    # Letters of an occasion are told once a day; this one's was yesterday's.
    await execute(
        "UPDATE post_letter SET once = id::text WHERE subject_id = $1 "
        "AND occasion = 'committees.decision_overdue'",
        UUID(decision_id),
    )
