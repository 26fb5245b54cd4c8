"""Three API processes and three workers on one database behave as one.

What somebody does through one process is true at all of them with the next request; what
happens anywhere is heard on every open phone; limits and places are counted once; a push
goes out once whoever sends it; and the killed are replaced without anything being lost.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest

from backend import clock
from backend.people.operations import ties
from backend.schools.models import School
from backend.valkey import REST
from backend.web.actor import Role
from tests.bookings.crowd import Guardian, signed_in
from tests.bookings.racing import Plan, Race, Tally
from tests.bookings.sabotage import DAWDLING, NO_LOCK, sabotaged
from tests.bookings.verbs import a_slot
from tests.conftest import Clone
from tests.drills import dice, seen, size
from tests.drills.fleet import FLEET, Fleet, fleet, needs_valkey, open_everywhere
from tests.journeys.town import slow_provider, until_async

RENEWALS = 20
"""How often an hour somebody may renew the address of their calendar."""
TRIES = FLEET * RENEWALS
_slots = count()
"""None begins before the last is over, for nobody can be in two places."""
HEARD = ("inbox", "reconnected", "hello")
"""Each makes a phone look, and so find what is new."""


@pytest.fixture(scope="module")
async def standing(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    async with fleet(clone, tmp_path_factory.mktemp("many")) as made:
        yield made


async def slot_for(made: Fleet, capacity: int, *, approval: bool = True) -> UUID:
    with made.context:
        begins = clock.now() + timedelta(days=20, hours=3 * next(_slots))
        return await a_slot(made.school, begins, capacity=capacity, needs_approval=approval)


async def approved(made: Fleet, number: int, who: Guardian, slot: UUID) -> None:
    """Ask for a place through one process and be given it through the next, by the school."""
    asked = await made.ask(
        number, who, "PUT", f"/slots/{slot}/booking", {"party": 1, "studentIds": []}
    )
    assert asked.status_code == 200, asked.text
    given = await made.ask(
        (number + 1) % FLEET, made.organiser, "PUT", f"/bookings/{asked.json()['id']}/decision",
        {"approved": True, "reason": None},
    )  # fmt: skip
    assert given.status_code == 200, given.text


async def test_places_on_one_slot_are_given_out_once_by_all_processes(standing: Fleet) -> None:
    chance, tally = dice("many_races"), Tally()
    with standing.context:
        for number in range(size(2, 20)):
            plan = replace(
                Plan.of(chance.randrange(1000)), kills=True, clients=size(32, 64), number=number
            )
            await Race(standing, plan).run(tally)
            assert not tally.wrong, "\n".join([*tally.wrong, *standing.accidents()])
    for number in range(FLEET):
        await standing.until_ready(number)
    seen("many_races", rounds=tally.rounds, killed=tally.counts["processes killed"],
         requests=tally.counts["requests"], wrong=len(tally.wrong))  # fmt: skip
    assert tally.counts["processes killed"] > 0


async def test_control_without_the_lock_the_processes_oversell(standing: Fleet) -> None:
    tally = Tally()
    async with sabotaged(standing.watch, DAWDLING), sabotaged(standing.watch, NO_LOCK):
        with standing.context:
            for number in range(8):
                plan = replace(Plan.of(number), clients=64, capacity=1, kills=False, near=False,
                               resizes=False)  # fmt: skip
                await Race(standing, plan).run(tally)
                if any("places taken" in one for one in tally.wrong):
                    break
    assert any("places taken" in one for one in tally.wrong), tally.wrong


async def test_what_happens_anywhere_is_heard_on_every_open_phone(standing: Fleet) -> None:
    chance, waits = dice("many_live"), list[float]()
    who = standing.guardians[0]
    async with open_everywhere(standing, who) as phones:
        for round_ in range(size(6, 40)):
            for phone in phones:
                await asyncio.wait_for(phone.connected.wait(), 120)
                phone.forget()
            slot = await slot_for(standing, 1)
            through, blow = round_ % FLEET, round_ % 6
            begun = time.monotonic()
            if blow == 1:
                standing.kill_one((through + 2) % FLEET)
            elif blow == 3:
                worker = chance.randrange(FLEET)
                standing.town.kill(f"worker-{worker}")
                standing.start_worker(worker)
            elif blow == 5 and standing.valkey is not None:
                standing.valkey.kill()
            await approved(standing, through, who, slot)
            quiet = blow in (0, 2)
            await asyncio.gather(
                *(phone.hears(*(("inbox",) if quiet else HEARD)) for phone in phones)
            )
            if quiet:
                waits.append(time.monotonic() - begun)
            if blow == 5 and standing.valkey is not None:
                standing.valkey.start()
            await standing.ask(through, who, "DELETE", f"/slots/{slot}/booking")
    waits.sort()
    median, worst = waits[len(waits) // 2], waits[-1]
    seen("many_live", rounds=size(6, 40), phones=FLEET, heard_median=round(median, 2),
         heard_worst=round(worst, 2))  # fmt: skip


async def test_a_limit_is_one_limit_for_all_processes(standing: Fleet) -> None:
    needs_valkey(standing)
    for who in standing.guardians[20:24]:
        # It may have been away a moment ago, and be left alone still.
        await asyncio.sleep(REST * 2)
        counted, rows = await _renew(standing, who)
        if rows == 0:
            break
    seen("many_limits", where="valkey", passed=counted[200], refused=counted[429])
    assert rows == 0, "it never was Valkey that counted"
    assert counted == {200: RENEWALS, 429: TRIES - RENEWALS}


async def test_a_limit_is_one_limit_without_valkey_too(standing: Fleet) -> None:
    if standing.valkey is not None:
        standing.valkey.kill()
    counted, rows = await _renew(standing, standing.guardians[2])
    if standing.valkey is not None:
        standing.valkey.start()
    seen("many_limits", where="postgresql", passed=counted[200], refused=counted[429])
    assert rows == 1
    assert counted == {200: RENEWALS, 429: TRIES - RENEWALS}


async def _renew(made: Fleet, who: Guardian) -> tuple[Counter[int], int]:
    """Ask all processes at once, and say who counted: a row is PostgreSQL's."""
    answers = await asyncio.gather(
        *(made.ask(n % FLEET, who, "PUT", "/me/calendar-feed") for n in range(TRIES))
    )
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 429)
    rows = await made.watch.fetchval(
        "SELECT count(*) FROM limits WHERE name = 'calendar_renewals' AND key = $1",
        str(who.person),
    )
    return Counter(answer.status_code for answer in answers), rows


async def test_what_is_taken_from_somebody_is_taken_at_every_process_at_once(
    standing: Fleet,
) -> None:
    """A withdrawn consent, an ended standing, a switched function, a revoked session."""
    rounds = size(3, 30)
    for round_ in range(rounds):
        through = round_ % FLEET
        await _consent(standing, standing.guardians[3], through)
        await _standing_ends(standing, round_)
        await _function(standing, through)
        await _session(standing, standing.guardians[10 + round_], through)
    seen("many_caches", rounds=rounds, late=0)


async def _consent(made: Fleet, who: Guardian, through: int) -> None:
    slot, path = await slot_for(made, 5, approval=False), f"/me/children/{who.child}/consent"
    booking = f"/slots/{slot}/booking"
    body = {"party": 1, "studentIds": [str(who.child)]}
    assert await made.everywhere(who, "PUT", booking, body) == [200] * FLEET
    gone = await made.ask(through, who, "DELETE", path)
    assert gone.status_code in (200, 204), gone.text
    assert await made.everywhere(who, "PUT", booking, body) == [404] * FLEET
    back = await made.ask(through, who, "PUT", path, {"version": 1})
    assert back.status_code == 200, back.text
    assert await made.everywhere(who, "PUT", booking, body) == [200] * FLEET


async def _standing_ends(made: Fleet, round_: int) -> None:
    with made.context:
        person = await ties.open_account("临时管理员", f"+86199111{round_:05}")
        given = await ties.appoint(person.id, Role.SCHOOL_ADMIN, await School.get(id=made.school))
        who = Guardian(person.id, None, await signed_in(person.id))
    path = f"/schools/{made.school}/staff"
    assert await made.everywhere(who, "GET", path) == [200] * FLEET
    assert await made.everywhere(who, "GET", path) == [200] * FLEET
    with made.context:
        await ties.dismiss(given.id)
    assert await made.everywhere(who, "GET", path) == [404] * FLEET


async def _function(made: Fleet, through: int) -> None:
    path = f"/schools/{made.school}"
    parent, shifts = made.guardians[5], f"{path}/shifts"
    assert await made.everywhere(parent, "GET", shifts) == [200] * FLEET
    for on, expected in ((False, 404), (True, 200)):
        switched = await made.ask(
            through, made.organiser, "PUT", f"{path}/features",
            {"functions": {"volunteering": on}},
        )  # fmt: skip
        assert switched.status_code == 200, switched.text
        assert await made.everywhere(parent, "GET", shifts) == [expected] * FLEET


async def _session(made: Fleet, who: Guardian, through: int) -> None:
    async with open_everywhere(made, who) as phones:
        assert await made.everywhere(who, "GET", "/me") == [200] * FLEET
        ended = await made.ask(through, who, "DELETE", "/me/session")
        assert ended.status_code == 204, ended.text
        assert await made.everywhere(who, "GET", "/me") == [401] * FLEET
        for phone in phones:
            await asyncio.wait_for(phone.turned_away.wait(), 30)


async def test_control_without_its_trigger_a_remembered_caller_outlives_the_standing(
    standing: Fleet,
) -> None:
    await standing.watch.execute("ALTER TABLE standings DISABLE TRIGGER USER")
    try:
        with pytest.raises(AssertionError, match="404"):
            await _standing_ends(standing, 99_000)
    finally:
        await standing.watch.execute("ALTER TABLE standings ENABLE TRIGGER USER")


async def test_each_push_goes_out_once_whoever_sends_it(standing: Fleet) -> None:
    told = standing.guardians[32:]
    slot = await slot_for(standing, len(told))
    await asyncio.gather(*(approved(standing, n % FLEET, who, slot) for n, who in enumerate(told)))
    wanted = {f"fcm-{who.person}" for who in told}
    await until_async(lambda: wanted <= _pushed(standing, slot).keys(), patience=120)
    await asyncio.sleep(3)
    counted = _pushed(standing, slot)
    seen("many_pushes", pushes=sum(counted.values()), twice=sum(n > 1 for n in counted.values()))
    assert set(counted) == wanted and set(counted.values()) == {1}


async def test_what_a_killed_worker_held_is_taken_over_by_another(standing: Fleet) -> None:
    told = standing.guardians[32:]
    slot = await slot_for(standing, len(told))
    await slow_provider(standing.town, 0.1)
    await asyncio.gather(*(approved(standing, n % FLEET, who, slot) for n, who in enumerate(told)))
    wanted, begun = {f"fcm-{who.person}" for who in told}, time.monotonic()
    await until_async(lambda: len(_pushed(standing, slot)) >= 3, patience=120)
    before = len(_pushed(standing, slot))
    # Two of three, so that whatever was being sent was most likely theirs.
    for number in (0, 1):
        standing.town.kill(f"worker-{number}")
    await slow_provider(standing.town, 0.0)
    await until_async(lambda: wanted <= _pushed(standing, slot).keys(), patience=120)
    counted = _pushed(standing, slot)
    seen("many_takeovers", sent_before=before, pushes=sum(counted.values()),
         twice=sum(n > 1 for n in counted.values()),
         seconds=round(time.monotonic() - begun, 1))  # fmt: skip
    assert set(counted) == wanted and max(counted.values()) <= 2
    for number in (0, 1):
        standing.start_worker(number)


def _pushed(made: Fleet, slot: UUID) -> dict[str, int]:
    return made.pushes(slot)
