"""What somebody may see ends with the office or the guardianship it came from."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.database import execute
from tests.authz.state import undone
from tests.authz.world import World

URLS: dict[str, Callable[[Any], str]] = {
    "bookings": lambda own: f"/slots/{own.taken_session}/bookings",
    "door": lambda own: f"/slots/{own.taken_session}/door",
    "registrations": lambda own: f"/activities/{own.open_activity}/registrations",
    "opinions": lambda own: f"/activities/{own.held_activity}/feedback-summary",
}


@pytest.mark.parametrize("what", URLS)
async def test_an_organiser_who_teaches_another_class_now_reads_no_names(
    world: World, what: str
) -> None:
    own, next_class = world.places["own"], world.places["other_class"]
    phone, url = world.phones["class_teacher"], URLS[what](own)
    assert "CANARY-A1XF" in (await phone.get(url)).text
    async with undone():
        moved = await execute(
            "UPDATE standings SET role = 'subject_teacher', class_id = $2 "
            "WHERE person_id = $1 AND role = 'class_teacher'",
            world.people["class_teacher"],
            next_class.class_id,
        )
        assert moved == 1
        assert (await phone.get(url)).status_code == 403
        export = await phone.get(f"/exports/{own.export_id}")
        assert export.status_code == 404


async def test_whoever_follows_in_the_office_reads_them(world: World) -> None:
    own = world.places["own"]
    phone = world.phones["subject_teacher"]
    url = URLS["registrations"](own)
    assert (await phone.get(url)).status_code == 403
    async with undone():
        await execute(
            "UPDATE standings SET role = 'class_teacher' WHERE person_id = $1",
            world.people["subject_teacher"],
        )
        assert "CANARY-A1XF" in (await phone.get(url)).text


@pytest.mark.parametrize("ending", ["restricted = true", "valid_until = now()"])
async def test_an_invitation_ends_with_the_guardianship(world: World, ending: str) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    urls = (f"/activities/{own.invited_activity}", f"/slots/{own.invited_slot}")
    for url in urls:
        assert (await phone.get(url)).status_code == 200
    async with undone():
        await execute(
            f"UPDATE guardianships SET {ending} WHERE person_id = $1", world.people["parent"]
        )
        for url in urls:
            assert (await phone.get(url)).status_code == 404
        listed = await phone.get(f"/schools/{own.school_id}/activities")
        assert listed.status_code == 404


async def test_an_invitation_is_not_listed_once_the_child_has_left_the_class(
    world: World,
) -> None:
    own, next_class, phone = (
        world.places["own"],
        world.places["other_class"],
        world.phones["parent"],
    )
    url = f"/schools/{own.school_id}/activities"
    assert own.invited_activity in (await phone.get(url)).text
    async with undone():
        await execute(
            "UPDATE enrolments SET class_id = $2 WHERE student_id = $1",
            own.student_id,
            next_class.class_id,
        )
        listed = await phone.get(url)
        assert listed.status_code == 200
        assert own.invited_activity not in listed.text


@pytest.mark.parametrize("ending", ["restricted = true", "valid_until = now()"])
async def test_what_is_booked_ahead_is_not_followed_after_the_guardianship(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    urls = ("/me/bookings", f"/calendars/{own.calendar_file}")
    for url in urls:
        assert str(own.booked_booking) in (await phone.get(url)).text
    async with undone():
        await execute(
            f"UPDATE guardianships SET {ending} WHERE person_id = $1", world.people["parent"]
        )
        for url in urls:
            answer = await phone.get(url)
            assert answer.status_code == 200
            assert str(own.booked_booking) not in answer.text
        # What they have served stays theirs.
        assert (await phone.get("/me/bookings?past=true")).json()["items"]
