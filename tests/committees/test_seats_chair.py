"""A body has one chair: handed over in one step, and won by one of many who try at once."""

import asyncio
from uuid import UUID

import pytest

from backend.committees.jobs import seats as jobs
from backend.committees.models import Constituency, Seat, SeatRole, SeatState
from backend.committees.operations import chairs
from backend.committees.operations import seats as operations
from backend.committees.queries import seats as queries
from backend.committees.rules.seats import ChairTaken
from backend.database import execute, fetch
from backend.errors import Refusal
from backend.people.models import Relation
from backend.people.operations import ties
from seed.cast import Cast
from tests.committees.stories import ADMIN, active_committee, get, ok, refused, seat, seat_of
from tests.committees.test_seats import a_draft, letters, roles_of
from tests.house import SignIn


async def chairs_of(body_id: object) -> list[str]:
    rows = await fetch(
        "SELECT name FROM seats WHERE body_id = $1 AND state = 'serving' AND role = 'chair'",
        body_id,
    )
    return [row["name"] for row in rows]


async def test_the_chair_is_handed_over_by_who_holds_it(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "高远", secretary="马静")
    path = f"/bodies/{body['id']}/chair"
    to = {"seatId": seat_of(body, "高远")["id"]}
    for name, status in (("高远", 403), ("李建国", 403), ("林晓岚", 403), ("赵德胜", 404)):
        assert (await (await as_(name)).put(path, json=to)).status_code == status, name
    made = ok(await (await as_("周婷")).put(path, json=to))
    assert (made["role"], made["name"]) == ("chair", "高远")
    seen = await get(await as_(ADMIN), body)
    assert [(one["name"], one["role"]) for one in seen["members"]] == [
        ("高远", "chair"),
        ("马静", "secretary"),
        ("周婷", "member"),
    ]
    # She who gave it away cannot give it again; doing it twice changes nothing.
    assert (await (await as_("周婷")).put(path, json=to)).status_code == 403
    ok(await (await as_("高远")).put(path, json=to))
    assert await letters(cast, "马静") == ["seat_given", "chair_handed_over"]


async def test_only_a_serving_seat_of_the_body_becomes_its_chair(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷")
    other = await active_committee(as_, cast, "赵德胜", class_="海湾/三年级/2班")
    waiting = await seat(as_, ADMIN, body["id"], cast.id("高远"), until="appointed")
    admin = await as_(ADMIN)
    for seat_id in (waiting["id"], seat_of(other, "赵德胜")["id"], body["id"]):
        answer = await admin.put(f"/bodies/{body['id']}/chair", json={"seatId": seat_id})
        refused(answer, "wrong_seat_state")
    assert await chairs_of(body["id"]) == ["周婷"]


async def test_a_second_chair_is_refused(as_: SignIn, cast: Cast) -> None:
    admin, body = await as_(ADMIN), await active_committee(as_, cast, "周婷", "马静")
    said = {"personId": str(cast.id("高远")), "constituency": "parent", "role": "chair"}
    path = f"/bodies/{body['id']}/seats"
    refused(await admin.post(path, json=said | {"until": "serving"}), "chair_taken")
    # Nothing of the refused seat is left.
    assert len((await get(admin, body))["members"]) == 2
    waiting = ok(await admin.post(path, json=said | {"until": "appointed"}), 201)
    refused(await admin.put(f"/seats/{waiting['id']}/service"), "chair_taken")
    for name, role in (("周婷", "member"), ("马静", "chair")):
        answer = await admin.put(f"/seats/{seat_of(body, name)['id']}/role", json={"role": role})
        refused(answer, "chair_is_handed_over")
    with pytest.raises(Exception, match="one_serving_chair"):
        await execute("UPDATE seats SET state = 'serving' WHERE id = $1", waiting["id"])


async def test_a_body_whose_chair_has_gone_gets_one_again(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "高远")
    ok(await (await as_("周婷")).put(f"/seats/{seat_of(body, '周婷')['id']}/resignation"))
    admin = await as_(ADMIN)
    assert (await get(admin, body))["chair"] is None
    # Whoever runs the school hears of it.
    assert await letters(cast, ADMIN) == await letters(cast, "周慕云") == ["chair_gone"]
    to = {"seatId": seat_of(body, "高远")["id"]}
    ok(await admin.put(f"/bodies/{body['id']}/chair", json=to))
    assert (await get(admin, body))["chair"] == "高远"


async def test_a_chair_whose_child_has_left_is_in_nobodys_way(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "高远", "马静")
    await execute(
        "UPDATE guardianships SET valid_until = now() WHERE person_id = $1", cast.id("高远")
    )
    waiting = await seat(as_, ADMIN, body["id"], cast.id("周婷"), role="chair")
    assert waiting["inForce"] is True
    assert await chairs_of(body["id"]) == ["周婷"]
    assert await roles_of(cast, "高远") == []


async def test_of_sixteen_who_try_at_once_one_becomes_the_chair(as_: SignIn, cast: Cast) -> None:
    body = await a_draft(as_, cast)
    admin_id, waiting = cast.id(ADMIN), []
    for number in range(16):
        person = await ties.open_account(f"家长{number}", f"+86199000009{number:02d}")
        await ties.bind(person.id, cast.children["王子墨"].id, Relation.OTHER)
        nominee = operations.Nominee(
            constituency=Constituency.PARENT, role=SeatRole.CHAIR, person_id=person.id
        )
        waiting.append(
            await operations.nominate(
                UUID(body["id"]), nominee, by=admin_id, until=SeatState.APPOINTED
            )
        )

    async def begin(one: Seat) -> str:
        try:
            await operations.begin(one.id, by=admin_id)
        except ChairTaken as refusal:
            return refusal.code
        return "serving"

    outcomes = await asyncio.gather(*(begin(one) for one in waiting))
    assert sorted(outcomes) == ["chair_taken"] * 15 + ["serving"]
    assert len(await chairs_of(body["id"])) == 1


async def test_sixteen_handings_over_at_once_leave_one_chair(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "高远", "王立强", "李建国", secretary="马静")
    body_id, by = UUID(body["id"]), cast.id(ADMIN)
    to = [UUID(one["id"]) for one in body["members"]] * 4

    async def hand_over(seat_id: UUID) -> None:
        try:
            await chairs.hand_over_chair(body_id, seat_id, by=by)
        except Refusal as refusal:
            raise AssertionError(refusal.code) from refusal

    await asyncio.gather(*(hand_over(seat_id) for seat_id in to[:16]))
    [chair] = await chairs_of(body_id)
    assert "committee_chair" in await roles_of(cast, chair)
    others = [name for name in ("高远", "王立强", "李建国", "马静") if name != chair]
    for name in others:
        assert await roles_of(cast, name) == ["committee_member"], name


ENDINGS = {
    "the guardianship ended": "UPDATE guardianships SET valid_until = now() WHERE person_id = $1",
    "protection order": "UPDATE guardianships SET restricted = true WHERE person_id = $1",
    "the vote was withdrawn": "UPDATE guardianships SET can_vote = false WHERE person_id = $1",
    "the pupil left": "UPDATE students SET left_at = now() WHERE id IN "
    "(SELECT student_id FROM guardianships WHERE person_id = $1)",
    "the pupil left the class": "UPDATE enrolments SET until = now() WHERE student_id IN "
    "(SELECT student_id FROM guardianships WHERE person_id = $1)",
}


@pytest.mark.parametrize("ending", list(ENDINGS))
async def test_a_seat_lapses_at_once_and_is_ended_soon(
    as_: SignIn, cast: Cast, ending: str
) -> None:
    body = await active_committee(as_, cast, "周婷", "高远", "马静")
    await execute(ENDINGS[ending], cast.id("高远"))
    # At once nobody counts them any more, whether or not the round has come by.
    serving = {one.name for one in await queries.serving(UUID(body["id"]))}
    assert "高远" not in serving
    assert ok(await (await as_("高远")).get("/me/seats"))["items"] == []
    shown = {
        one["name"] for one in (await get(await as_("周婷"), body))["members"] if one["inForce"]
    }
    assert shown == serving
    assert await jobs.end_lapsed() >= 1
    assert await jobs.end_lapsed() == 0
    row = await Seat.get(person_id=cast.id("高远"))
    assert (row.state, row.ended_reason) == ("ended", "guardianship_ended")
    assert await roles_of(cast, "高远") == []
    assert (await letters(cast, "高远"))[-1] == "seat_ended"
    assert await roles_of(cast, "周婷") == ["committee_chair", "committee_member"]


async def test_without_the_guardianship_in_the_question_the_seat_would_stay(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the test above."""
    body = await active_committee(as_, cast, "周婷", "高远")
    await execute(ENDINGS["the guardianship ended"], cast.id("高远"))
    careless = queries.IN_FORCE.replace(queries.TIED, "true")
    monkeypatch.setattr(queries, "IN_FORCE", careless)
    serving = {one.name for one in await queries.serving(UUID(body["id"]))}
    assert "高远" in serving
