"""The next volunteer is asked, as their shift begins, to look again at what was put right."""

from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.database import fetch
from backend.volunteering import jobs
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.duty import HOUR, on_duty, run_from
from tests.volunteering.test_hazards import FATHER, NEXT, OWNER, moved, put_right, reported


async def asked(cast: Cast) -> dict[str, str]:
    """Run the job twice; returns the link each person asked was sent, who is asked once."""
    await jobs.ask_to_recheck()
    assert await jobs.ask_to_recheck() == 0
    rows = await fetch(
        "SELECT p.name, i.link FROM post_inbox_item i JOIN persons p ON p.id = i.person_id "
        "JOIN post_letter l ON l.id = i.letter_id WHERE l.occasion = 'volunteering.recheck_asked'"
    )
    assert len({row["name"] for row in rows}) == len(rows)
    return {row["name"]: row["link"] for row in rows}


async def test_those_on_the_next_shift_are_asked_once_when_it_begins(
    as_: SignIn, cast: Cast
) -> None:
    hazard = await reported(as_, cast)
    shift = await on_duty(as_, cast, NEXT)
    elsewhere = await on_duty(as_, cast, "高远", duty="canteen", place="食堂")
    await run_from(shift, clock.now() + HOUR, "confirmed")
    assert await asked(cast) == {}
    await put_right(as_, cast, hazard)
    # The reporter is still on duty; the next one's shift is an hour away.
    assert set(await asked(cast)) == {FATHER}
    await run_from(shift, clock.now() + timedelta(minutes=25), "confirmed")
    told = await asked(cast)
    assert set(told) == {FATHER, NEXT} and told[NEXT] == f"/shifts/{shift}/rechecks"
    assert elsewhere not in str(told)
    listed = await (await as_(NEXT)).get(told[NEXT])
    assert [item["id"] for item in listed.json()["items"]] == [hazard]


async def test_a_push_is_dropped_once_nothing_is_left_to_look_at(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast)
    await put_right(as_, cast, hazard)
    shift = UUID(await on_duty(as_, cast, NEXT, "高远"))
    people = [cast.id(NEXT), cast.id(OWNER)]
    wanted = await jobs.still_wanted("volunteering.recheck_asked", shift, people)
    assert wanted == {cast.id(NEXT)}
    await moved(await as_("高远"), hazard, "recheck", ok=True)
    assert await jobs.still_wanted("volunteering.recheck_asked", shift, people) == set()
