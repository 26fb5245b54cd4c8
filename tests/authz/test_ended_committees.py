"""What somebody may do in a committee ends with their seat, with the guardianship it is held
for, with the child's class, with their office, and with the school's own wish to have one.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from backend.database import execute
from backend.schools.models import FeatureSwitch, Function
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.rows_duties import today
from tests.authz.state import undone
from tests.authz.world import World
from tests.house import Visitor

Try = tuple[str, str, dict[str, Any] | None]
SEALED = frozenset({404})
NAMED = {"school_id", "body_id", "seat_id", "suggestion_id", "meeting_id", "item_id"}
OVER = {
    "resigned": "state = 'ended', ended_at = now(), ended_reason = 'resigned'",
    "out of term": f"term_until = '{today() - timedelta(days=1)}'",
    "not begun": f"term_from = '{today() + timedelta(days=1)}'",
}


def _inside(world: World) -> Iterator[Try]:
    """Yield what is read from inside the committee of class A1X alone."""
    own = world.places["own"]
    for state in ("proposed", "scheduled", "discussing"):
        yield "GET", f"/agenda-items/{getattr(own, f'{state}_agenda_item_id')}", None
    yield "GET", f"/meetings/{own.planned_meeting_id}", None
    yield "GET", f"/meetings/{own.convened_meeting_id}/calendar.ics", None
    yield "GET", f"/suggestions/{own.refused_suggestion_id}", None


def _chaired(world: World) -> Iterator[Try]:
    """Yield what the chair of class A1X does with what others may see too."""
    own = world.places["own"]
    yield "PUT", f"/meetings/{own.convened_meeting_id}/reply", {"answer": "online"}
    yield "PUT", f"/meetings/{own.running_meeting_id}/attendance", {"mode": "online"}
    yield "GET", f"/meetings/{own.running_meeting_id}/quorum", None
    yield "PUT", f"/meetings/{own.convened_meeting_id}/cancellation", {"reason": "改期"}
    yield "PUT", f"/suggestions/{own.suggestion_id}/refusal", {"reason": "已在办理"}
    yield "PUT", f"/bodies/{own.body_id}/chair", {"seatId": str(own.seat_id)}


def _told(world: World) -> Iterator[Try]:
    """Yield what guardians of class A1X read of its committee."""
    own = world.places["own"]
    body = f"/bodies/{own.body_id}"
    parts = ("", "/agenda-items", "/meetings", "/suggestions", "/matters", "/rule-sets")
    yield from (("GET", f"{body}{part}", None) for part in parts)
    yield "GET", f"/agenda-items/{own.agenda_item_id}", None
    yield "GET", f"/meetings/{own.meeting_id}", None
    yield "GET", f"/suggestions/{own.theirs_suggestion_id}", None


async def _each_is(phone: Visitor, tries: Iterator[Try], *statuses: int) -> None:
    for method, url, body in tries:
        async with undone():
            answer = await phone.request(method, url, json=body)
            assert answer.status_code in statuses, f"{method} {url} {answer.text}"


async def _ids(phone: Visitor, url: str) -> set[str]:
    answer = await phone.get(url)
    assert answer.status_code == 200, answer.text
    return {one["id"] for one in answer.json()["items"]}


@pytest.mark.parametrize("ending", OVER)
async def test_whose_seat_is_over_reads_what_every_guardian_reads(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["chair"]
    await _each_is(phone, _inside(world), 200)
    await _each_is(phone, _chaired(world), 200)
    assert str(own.convened_meeting_id) in await _ids(phone, "/me/meetings")
    async with undone():
        await execute(f"UPDATE seats SET {OVER[ending]} WHERE id = $1", own.chair_seat_id)
        await _each_is(phone, _inside(world), 404)
        await _each_is(phone, _chaired(world), 403)
        await _each_is(phone, _told(world), 200)
        assert await _ids(phone, "/me/meetings") == set()
        asked = (await phone.get(f"/suggestions/{own.theirs_suggestion_id}")).json()
        assert asked["authorName"] == "一位家长"


@pytest.mark.parametrize("ending", ["restricted = true", "valid_until = now()", "can_vote = false"])
async def test_a_seat_ends_with_the_guardianship_it_is_held_for(world: World, ending: str) -> None:
    phone, person = world.phones["chair"], world.people["chair"]
    async with undone():
        assert await execute(f"UPDATE guardianships SET {ending} WHERE person_id = $1", person)
        await _each_is(phone, _inside(world), 404)
        # Who only has no vote stays a guardian.
        remains = ending.startswith("can_vote")
        await _each_is(phone, _told(world), 200 if remains else 404)
        await _each_is(phone, _chaired(world), 403 if remains else 404)


@pytest.mark.parametrize("ending", ["restricted = true", "valid_until = now()"])
async def test_a_committee_is_out_of_sight_once_the_guardianship_is_over(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    mine = str(own.suggestion_id)
    await _each_is(phone, _told(world), 200)
    async with undone():
        assert await execute(
            f"UPDATE guardianships SET {ending} WHERE person_id = $1", world.people["parent"]
        )
        await _each_is(phone, _told(world), 404)
        await _each_is(phone, iter([("GET", f"/schools/{own.school_id}/bodies", None)]), 404)
        # What they asked themselves stays theirs to follow, and theirs to take back.
        assert mine in await _ids(phone, "/me/suggestions")
        assert (await phone.get(f"/suggestions/{mine}")).status_code == 200
        assert (await phone.put(f"/suggestions/{mine}/co-sign")).status_code == 403
        assert (await phone.put(f"/suggestions/{mine}/withdrawal")).status_code == 200


@pytest.mark.parametrize("name", ["parent", "chair"])
async def test_a_child_who_changes_class_takes_its_guardians_along(world: World, name: str) -> None:
    own, there = world.places["own"], world.places["other_class"]
    phone = world.phones[name]
    wide = f"/bodies/{own.school_body_id}"
    async with undone():
        child = own.student_id if name == "parent" else own.children["chair"]
        await execute("UPDATE enrolments SET until = now() WHERE student_id = $1", child)
        await execute(
            "INSERT INTO enrolments (id, student_id, class_id, since) "
            "VALUES (uuidv7(), $1, $2, now())",
            child,
            there.class_id,
        )
        await _each_is(phone, _told(world), 404)
        await _each_is(phone, _inside(world), 404)
        assert (await phone.get(f"/bodies/{there.body_id}")).status_code == 200
        assert (await phone.get(f"/agenda-items/{there.agenda_item_id}")).status_code == 200
        assert (
            await phone.get(f"/agenda-items/{there.proposed_agenda_item_id}")
        ).status_code == 404
        # At the same school they are still who they were.
        assert (await phone.get(wide)).json()["myRole"] == (
            "secretary" if name == "chair" else None
        )


@pytest.mark.parametrize("name", ["admin", "officer"])
async def test_who_left_their_office_runs_no_body(world: World, name: str) -> None:
    own, phone = world.places["own"], world.phones[name]
    body = own.body_id if name == "admin" else own.district_body_id
    seat = own.seat_id if name == "admin" else own.district_seat_id
    reason = {"reason": "不再担任"}

    def tries() -> Iterator[Try]:
        yield "GET", f"/bodies/{body}", None
        yield "GET", f"/bodies/{body}/past-seats", None
        yield "PUT", f"/seats/{seat}/ending", reason

    await _each_is(phone, tries(), 200)
    person = world.people[name]
    async with undone():
        await execute("UPDATE standings SET valid_until = now() WHERE person_id = $1", person)
        await _each_is(phone, tries(), 404)
    there = world.places["other_school" if name == "admin" else "other_district"]
    async with undone():
        await execute(
            "UPDATE standings SET district_id = $3, "
            "school_id = CASE WHEN school_id IS NULL THEN NULL ELSE $2::uuid END "
            "WHERE person_id = $1", person, there.school_id, there.district_id,
        )  # fmt: skip
        await _each_is(phone, tries(), 404)


async def test_a_teacher_who_left_sees_neither_the_school_nor_their_nomination(
    world: World,
) -> None:
    own, phone = world.places["own"], world.phones["class_teacher"]
    nominated = f"/seats/{own.nominated_seat_id}/resignation"
    tries: list[Try] = [("GET", f"/bodies/{own.body_id}", None), ("PUT", nominated, None)]
    await _each_is(phone, iter(tries), 200)
    async with undone():
        await execute(
            "UPDATE standings SET valid_until = now() WHERE person_id = $1",
            world.people["class_teacher"],
        )
        await _each_is(phone, iter(tries), 404)


async def test_where_the_school_wants_no_committees_there_are_none(matrix: Matrix) -> None:
    own = matrix.world.places["own"]
    routes = {
        name: operation
        for name, operation in matrix.operations.items()
        if operation.handler.opt.get("function") == Function.COMMITTEES
        and operation.parameters
        and set(operation.parameters) <= NAMED
    }
    assert len(routes) >= 60
    async with undone():
        await FeatureSwitch.create(
            school_id=own.school_id, function=Function.COMMITTEES, is_on=False
        )
        for name, operation in routes.items():
            for who in ("parent", "class_teacher", "admin", "chair", "officer"):
                answer = await matrix.send(operation, "", Cell(who, "own", SEALED))
                assert answer.status_code == 404, f"{name} {who}: {answer.text}"
