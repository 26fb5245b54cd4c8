"""What is published stays as it is, whoever holds the database by its own language."""

from typing import Any

import asyncpg
import pytest

from backend.ballots.models import Mode, Office
from backend.ballots.operations import certifying, closing
from backend.ballots.rules.charter import PERSONNEL
from backend.settings import Settings
from tests.ballots import chairing, stage

SECRET: dict[str, Any] = {"mode": Mode.SECRET, "rules": PERSONNEL}
VOTE = "WHERE id = '{vote}'"
OF = "WHERE vote_id = '{vote}'"

CHANGES = {
    "the outcome": f"UPDATE votes SET outcome = 'failed' {VOTE}",
    "the tally": f"UPDATE votes SET tally = '{{{{}}}}' {VOTE}",
    "the bundle": f"UPDATE votes SET bundle = '{{{{}}}}' {VOTE}",
    "the state": f"UPDATE votes SET state = 'certified' {VOTE}",
    "who certified": f"UPDATE votes SET certified_by = gen_random_uuid() {VOTE}",
    "the question": f"UPDATE votes SET title = '另一个问题' {VOTE}",
    "the vote itself": f"DELETE FROM votes {VOTE}",
    "a unit": f"UPDATE voting_units SET took_part = NOT took_part {OF}",
    "the electorate": f"DELETE FROM voting_units {OF}",
    "a unit more": "INSERT INTO voting_units (id, vote_id, ref_id, salt, commitment) VALUES "
    "(gen_random_uuid(), '{vote}', gen_random_uuid(), repeat('0', 32), repeat('0', 64))",
    "who is entitled": f"DELETE FROM voters {OF}",
    "an objection": f"UPDATE objections SET state = 'raised' {OF}",
    "objections": f"DELETE FROM objections {OF}",
    "an objection more": "INSERT INTO objections (id, vote_id, raised_by, raised_at, reason) "
    "VALUES (gen_random_uuid(), '{vote}', gen_random_uuid(), now(), '太晚了')",
    "paper": "INSERT INTO paper_ballots (id, vote_id, choices, entered_by, entered_at) VALUES "
    "(gen_random_uuid(), '{vote}', '[]', gen_random_uuid(), now())",
    "every vote": "TRUNCATE votes CASCADE",
}
OPEN = {
    "an open ballot": f"UPDATE open_ballots SET choice = '{{{{against}}}}' {OF}",
    "who cast it": f"UPDATE open_ballots SET person_id = '{{person}}' {OF}",
    "open ballots": f"DELETE FROM open_ballots {OF}",
    "every open ballot": "TRUNCATE open_ballots",
    "an open ballot more": "INSERT INTO open_ballots SELECT vote_id, id, '{person}', "
    "'{{for}}', gen_random_uuid(), now() FROM voting_units WHERE vote_id = '{vote}' "
    "AND NOT took_part LIMIT 1",
}
COUNTED = {
    "a counted ballot": f"UPDATE counted_ballots SET choice = '{{{{against}}}}' {OF}",
    "counted ballots": f"DELETE FROM counted_ballots {OF}",
    "every counted ballot": "TRUNCATE counted_ballots",
    "a counted ballot more": "INSERT INTO counted_ballots VALUES "
    "('{vote}', 99, repeat('a', 32), '{{for}}')",
}
NEVER = {"the question", "a counted ballot", "counted ballots"}
"""What the vote's other locks refuse at any time once it is open."""


@pytest.fixture
async def raw(db: None, dsn: str) -> Any:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def refusals(
    raw: asyncpg.Connection, changes: dict[str, str], **who: Any
) -> dict[str, str | None]:
    """Try every change and take it back; return what the database said."""
    said: dict[str, str | None] = {}
    for what, sql in changes.items():
        tried = raw.transaction()
        await tried.start()
        try:
            done = await raw.execute(sql.format(**who))
            # A statement that finds no row would prove nothing.
            assert not done.endswith(" 0"), what
            said[what] = None
        except asyncpg.PostgresError as error:
            said[what] = type(error).__name__
        finally:
            await tried.rollback()
    return said


@pytest.mark.parametrize("mode", ["open", "secret"])
async def test_nothing_of_a_published_vote_can_be_changed_in_sql(
    raw: asyncpg.Connection, settings: Settings, mode: str
) -> None:
    put = await chairing.counted(settings, **(SECRET if mode == "secret" else {}))
    objection = await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    answer = {"upheld": False, "answer": "无误", "office": Office.DISTRICT, "by": stage.CHAIR}
    await certifying.answer_objection(objection.id, **answer)
    await certifying.certify(put.id, by=await chairing.a_chair())
    await chairing.turn_back(put.id, days=4)
    changes = CHANGES | (COUNTED if mode == "secret" else OPEN)
    who = {"vote": put.id, "person": (await stage.people(1))[0]}
    # Before it is published the locks are not what keeps it: references do, or nothing.
    before = await refusals(raw, changes, **who)
    allowed = {"the outcome", "the tally", "a unit", "an objection", "objections", "paper"}
    assert {what for what in allowed if before[what] is not None} == set()
    await certifying.publish(put.id, settings=settings)
    after = await refusals(raw, changes, **who)
    assert {what: after[what] for what in changes if after[what] is None} == {}
    locked = set(changes) - NEVER - {what for what in changes if "UPDATE votes" in changes[what]}
    assert {after[what] for what in locked} == {"RestrictViolationError"}


async def test_it_is_the_locks_that_keep_it(raw: asyncpg.Connection, settings: Settings) -> None:
    """With the locks off, the same statements go through."""
    put = await chairing.published(settings)
    who = {"vote": put.id, "person": (await stage.people(1))[0]}
    changes = {
        what: sql
        for what, sql in (CHANGES | OPEN).items()
        if what in ("the outcome", "a unit", "who cast it", "open ballots", "an objection more")
    }
    assert None not in (await refusals(raw, changes, **who)).values()
    free = {
        what: f"SET LOCAL session_replication_role = replica; {sql}"
        for what, sql in changes.items()
    }
    assert set((await refusals(raw, free, **who)).values()) == {None}


async def test_the_boxes_of_an_annulled_vote_stay_sealed_and_stay(
    raw: asyncpg.Connection, settings: Settings
) -> None:
    put = await stage.put(settings, 7, **SECRET)
    for at in range(6):
        await stage.say(put, at, "for")
    await closing.annul(put.id, "议题有误", stage.CHAIR, settings)
    assert await raw.fetchval("SELECT count(*) FROM sealed_ballots") == 6
    said = await refusals(
        raw,
        {
            "boxes": f"DELETE FROM sealed_ballots {OF}",
            "a box": f"UPDATE sealed_ballots SET attempt = gen_random_uuid() {OF}",
            "every box": "TRUNCATE sealed_ballots",
            "a box more": "INSERT INTO sealed_ballots SELECT vote_id, '{unit}', box, attempt "
            "FROM sealed_ballots WHERE vote_id = '{vote}' LIMIT 1",
            "the vote": f"DELETE FROM votes {VOTE}",
        },
        vote=put.id,
        unit=put.units[6],
    )
    assert set(said.values()) == {"RestrictViolationError"}


async def test_other_votes_are_free_while_one_is_published(
    raw: asyncpg.Connection, settings: Settings
) -> None:
    await chairing.published(settings)
    put = await stage.put(settings, 7)
    await stage.say(put, 0, "for")
    assert (await stage.say(put, 0, "against")).replaced
    assert (await chairing.close(put, settings)).state == "counted"
