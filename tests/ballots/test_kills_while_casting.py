"""Families vote over sockets, phones lose answers and repeat, and serving processes die."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from backend import clock
from backend.ballots.models import CloseReason, Method, Mode, Unit, Vote, VoteState
from backend.ballots.operations import closing, voting
from backend.ballots.operations.voting import VoteContent
from backend.ballots.queries import electorates
from backend.ballots.rules.charter import MORE_THAN_HALF, Base, RuleSet
from backend.committees.models import (
    AgendaItem,
    Body,
    BodyKind,
    ItemState,
    Level,
    Matter,
    RuleSetVersion,
)
from backend.database import fetch
from backend.identifiers import uuid7
from backend.schools.models import School, SchoolClass
from backend.settings import Settings
from tests.bookings.crowd import Houses, Phone, houses
from tests.conftest import Clone

KILLS = 6
RULES = RuleSet(
    quorum=MORE_THAN_HALF, majority=MORE_THAN_HALF, base=Base.DECIDED, unit=Unit.HOUSEHOLD,
    may_change=False, closes_when_all_voted=False, chair_may_close=True,
)  # fmt: skip


@pytest.fixture(scope="module")
async def both(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Houses]:
    async with houses(await clone("casting"), tmp_path_factory.mktemp("casting")) as standing:
        yield standing


@pytest.mark.parametrize("mode", Mode)
async def test_a_household_has_one_ballot_however_processes_die(both: Houses, mode: Mode) -> None:
    dice = random.Random(11)
    with both.context:
        settings = Settings(
            environment="test", database_url=both.dsn, data_dir=both.town.folder / "data"
        )
        vote = await _put(both, mode, settings)
        assert vote.entitled == len(both.guardians) / 2
        given = await _all_vote(both, vote, dice)
        counted = await closing.close(vote.id, CloseReason.CHAIR, by=uuid7(), settings=settings)
        assert counted.state == VoteState.COUNTED and counted.tally is not None
        taken = {attempt for attempt, (status, _) in given.items() if status == 200}
        households = len(both.guardians) // 2
        # Each household has one ballot, and it is one that a phone was told is in the box.
        assert counted.tally["cast"] == households == len(taken)
        assert {status for status, _ in given.values()} == {200, 409}
        said = [choice for attempt, (_, choice) in given.items() if attempt in taken]
        assert counted.tally["votes"]["for"] == said.count("for")
        table = "open_ballots" if mode is Mode.OPEN else "counted_ballots"
        [row] = await fetch(f"SELECT count(*) AS n FROM {table} WHERE vote_id = $1", vote.id)
        assert row["n"] == households, both.accidents()


async def _all_vote(both: Houses, vote: Vote, dice: random.Random) -> dict[str, tuple[int, str]]:
    """Let everybody send a ballot of their own, and repeat it, while processes are killed."""
    given: dict[str, tuple[int, str]] = {}

    async def vote_of(guardian: Any) -> None:
        phone = Phone(both.ports, guardian, random.Random(dice.random()))
        attempt, choice = str(uuid4()), dice.choice(["for", "against"])
        body: dict[str, Any] = {"choice": [choice], "attempt": attempt}
        if vote.mode == Mode.SECRET:
            body["receipt"] = secrets.token_hex(16)
        await asyncio.sleep(dice.random() * 6)
        for _ in range(2):
            status, answer = await phone.ask("PUT", f"/votes/{vote.id}/ballot", body)
            assert status in (200, 409), answer
            # What a phone was told once, it is told however often it asks.
            assert given.setdefault(attempt, (status, choice))[0] == status
            await asyncio.sleep(dice.random() * 3)
        phone.hang_up()

    async def kill() -> int:
        killed = 0
        for number in range(KILLS):
            await asyncio.sleep(1.2)
            killed += both.kill_one(number % 2)
        return killed

    _, killed = await asyncio.gather(
        asyncio.gather(*(vote_of(guardian) for guardian in both.guardians)), kill()
    )
    assert killed > 0
    return given


async def _put(both: Houses, mode: Mode, settings: Settings) -> Vote:
    """Put a question to the households of the class, under its committee."""
    school = await School.get(id=both.school)
    class_ = await SchoolClass.get(school_id=school.id)
    admin, now = both.organiser.person, clock.now()
    today = clock.local(now).date()
    body = await Body.get_or_none(class_id=class_.id) or await Body.create(
        kind=BodyKind.PARENT_COMMITTEE, level=Level.CLASS, district_id=school.district_id,
        school_id=school.id, grade_id=class_.grade_id, class_id=class_.id, name="家长委员会",
        state="active", term_from=today, term_until=today + timedelta(days=300),
        founded_by=admin, created_at=now, activated_at=now,
    )  # fmt: skip
    version = await RuleSetVersion.get(body_id=None, kind="ordinary")
    matter = await Matter.filter(rule_kind="ordinary").first()
    assert matter is not None
    item = await AgendaItem.create(
        body_id=body.id, matter_id=matter.id, rule_set_id=version.id, title="秋游",
        in_writing=True, proposer_id=admin, state=ItemState.SCHEDULED, created_at=now,
        scheduled_at=now,
    )  # fmt: skip
    vote = await voting.draft(
        VoteContent(
            district_id=school.district_id, school_id=school.id, subject_id=item.id,
            title="秋游", method=Method.MOTION, mode=mode, unit=Unit.HOUSEHOLD, rules=RULES,
            rule_set_id=version.id, closes_at=now + timedelta(hours=2),
        ),
        by=admin,
    )  # fmt: skip
    units = await electorates.of_node(class_.id, Level.CLASS, Unit.HOUSEHOLD)
    opened = await voting.open_vote(vote.id, units, by=admin, settings=settings)
    await AgendaItem.filter(id=item.id).update(state=ItemState.VOTING, vote_id=vote.id)
    return opened
