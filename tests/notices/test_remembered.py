"""A process remembers its callers, and acts on nobody who has changed since."""

import asyncio
import re
from typing import Any

import asyncpg
import msgspec
import pytest

from backend import clock
from backend.database import execute, fetch
from backend.notices.queries import stands
from backend.people import callers
from backend.people.callers import Callers
from backend.people.tokens import digest
from backend.web.actor import Actor
from tests.bench.counting import counted
from tests.house import SignIn, Visitor

FATHER, TEACHER = "李建国", "林晓岚"
CHILD = "(SELECT student_id FROM guardianships WHERE person_id = $1 LIMIT 1)"
CLASS = f"(SELECT class_id FROM enrolments WHERE student_id = {CHILD} AND until IS NULL)"
SCHOOL = f"(SELECT school_id FROM students WHERE id = {CHILD})"

# What may change about a father, as somebody at the database would do it: no verb of ours
# may be the only one that is noticed.
OF_A_FATHER = {
    "his session is ended": "UPDATE sessions SET revoked_at = now() WHERE person_id = $1",
    "his session has run out": "UPDATE sessions SET expires_at = now() WHERE person_id = $1",
    "his token is gone": """DELETE FROM access_tokens t USING sessions s
        WHERE s.id = t.session_id AND s.person_id = $1""",
    "his account is closed": "UPDATE persons SET closed_at = now() WHERE id = $1",
    "his name is written otherwise": "UPDATE persons SET name = '李建业' WHERE id = $1",
    "a protection order": "UPDATE guardianships SET restricted = true WHERE person_id = $1",
    "he may no longer see": "UPDATE guardianships SET can_view = false WHERE person_id = $1",
    "guardianship has ended": "UPDATE guardianships SET valid_until = now() WHERE person_id = $1",
    "guardianship is deleted": "DELETE FROM guardianships WHERE person_id = $1",
    "another child": """INSERT INTO guardianships (id, student_id, person_id, relation, valid_from)
        SELECT uuidv7(), s.id, $1, 'other', now() FROM students s
        WHERE s.id NOT IN (SELECT student_id FROM guardianships WHERE person_id = $1) LIMIT 1""",
    "consent is withdrawn": "UPDATE consents SET withdrawn_at = now() WHERE person_id = $1",
    "consent is deleted": "DELETE FROM consents WHERE person_id = $1",
    "a new privacy notice": """INSERT INTO privacy_notices (version, title, text, in_force_from)
        SELECT max(version) + 1, 'x', 'x', now() FROM privacy_notices WHERE $1::uuid IS NOT NULL""",
    "the child has left": f"UPDATE students SET left_at = now() WHERE id = {CHILD}",
    "the child is called otherwise": f"UPDATE students SET name = '李小阳' WHERE id = {CHILD}",
    "the child changes class": f"""UPDATE enrolments SET class_id = (
        SELECT id FROM classes WHERE school_id = {SCHOOL} AND id <> {CLASS} LIMIT 1)
        WHERE student_id = {CHILD} AND until IS NULL""",
    "the child is in no class": f"UPDATE enrolments SET until = now() WHERE student_id = {CHILD}",
    "the class is of another grade": f"""UPDATE classes SET grade_id = (
        SELECT id FROM grades g WHERE g.id <> classes.grade_id LIMIT 1), name = '换年级班'
        WHERE id = {CLASS}""",
    "a function is switched off": f"""INSERT INTO feature_switches
        (id, school_id, function, is_on)
        SELECT uuidv7(), {SCHOOL}, 'notices', false WHERE $1::uuid IS NOT NULL""",
    "a group takes the child in": f"""WITH g AS (
        INSERT INTO groups (id, school_id, name, created_by, created_at)
        SELECT uuidv7(), {SCHOOL}, '合唱队', $1, now() RETURNING id)
        INSERT INTO group_members (id, group_id, student_id) SELECT uuidv7(), id, {CHILD} FROM g""",
    "the other guardian is renamed": f"""UPDATE persons SET name = '孙晓梅' WHERE id IN (
        SELECT person_id FROM guardianships WHERE student_id = {CHILD} AND person_id <> $1)""",
    "the other guardian may not see": f"""UPDATE guardianships SET can_view = false
        WHERE student_id = {CHILD} AND person_id <> $1""",
    "a second guardian": f"""INSERT INTO guardianships
        (id, student_id, person_id, relation, valid_from)
        SELECT uuidv7(), {CHILD}, p.id, 'other', now() FROM persons p WHERE p.id NOT IN (
            SELECT person_id FROM guardianships WHERE student_id = {CHILD}) LIMIT 1""",
}
OF_A_TEACHER = {
    "her standing has ended": "UPDATE standings SET valid_until = now() WHERE person_id = $1",
    "her standing is deleted": "DELETE FROM standings WHERE person_id = $1",
    "her standing is another": "UPDATE standings SET role = 'grade_lead' WHERE person_id = $1",
    "a further standing": """INSERT INTO standings
        (id, person_id, role, subject, district_id, school_id, valid_from)
        SELECT uuidv7(), $1, 'principal', '', district_id, school_id, now() - interval '1 day'
        FROM standings WHERE person_id = $1 LIMIT 1""",
}
CASES = [
    *((FATHER, what, sql) for what, sql in OF_A_FATHER.items()),
    *((TEACHER, what, sql) for what, sql in OF_A_TEACHER.items()),
]


def token_of(phone: Visitor) -> str:
    return digest(phone.headers["authorization"].removeprefix("Bearer "))


async def picture(process: Callers, token: str) -> tuple[Any, ...]:
    """Return all that a process holds of a caller, and of where they stand."""
    actor = await process.desk.ask(callers.Ask(token, clock.now()))
    if actor is None:
        return (None,)
    stand = (await stands.stands([actor]))[actor.picture]
    return msgspec.structs.astuple(msgspec.structs.replace(actor, picture=0)), stand.digest


@pytest.fixture
def processes() -> list[Callers]:
    return [Callers(), Callers(), Callers()]


@pytest.mark.parametrize(("name", "what", "sql"), CASES, ids=[what for _, what, _ in CASES])
async def test_every_process_sees_the_change_with_its_next_request(
    as_: SignIn, processes: list[Callers], name: str, what: str, sql: str
) -> None:
    phone = await as_(name)
    token = token_of(phone)
    before = [await picture(process, token) for process in processes]
    assert len(set(before)) == 1
    assert before[0][0] is not None
    await execute(sql, phone.person_id)
    after = [await picture(process, token) for process in processes]
    assert after == [await picture(Callers(), token)] * 3, what
    assert after[0] != before[0], "the change changes nothing, so the case proves nothing"


async def test_a_remembered_caller_costs_one_small_statement(as_: SignIn, dsn: str) -> None:
    phone = await as_(FATHER)
    async with counted(dsn) as sent:
        for seen in (callers.CALLERS, callers.STAMPS, callers.STAMPS):
            sent.clear()
            assert (await phone.get("/me/children")).status_code == 200
            await sent.count()
            assert sent.sent[0].sql == seen


async def test_the_passing_of_time_alone_is_noticed(as_: SignIn, processes: list[Callers]) -> None:
    teacher, father = await as_(TEACHER), await as_(FATHER)
    soon = "now() + interval '3 seconds'"
    await execute(
        f"UPDATE standings SET valid_until = {soon} WHERE person_id = $1", teacher.person_id
    )
    await execute(
        "INSERT INTO privacy_notices (version, title, text, in_force_from) "
        f"SELECT max(version) + 1, 'x', 'x', {soon} FROM privacy_notices"
    )
    tokens = [token_of(teacher), token_of(father)]
    before = [await picture(processes[0], token) for token in tokens]
    assert before[0][0][3] and before[1][0][4][0].consented
    await asyncio.sleep(3.2)
    after = [await picture(processes[0], token) for token in tokens]
    assert after[0][0][3] == ()
    assert not after[1][0][4][0].consented


async def test_what_is_committed_late_is_noticed_as_well(
    as_: SignIn, processes: list[Callers], dsn: str
) -> None:
    """A change that got its number first and commits last must not hide behind a later one."""
    phone = await as_(FATHER)
    token = token_of(phone)
    slow = await asyncpg.connect(dsn)
    try:
        await picture(processes[0], token)
        held = slow.transaction()
        await held.start()
        await slow.execute(OF_A_FATHER["he may no longer see"], phone.person_id)
        await execute(OF_A_FATHER["consent is withdrawn"].replace("$1", f"'{phone.person_id}'"))
        between = await picture(processes[0], token)
        assert len(between[0][4]) == 1
        await held.commit()
        assert (await picture(processes[0], token))[0][4] == ()
    finally:
        await slow.close()


async def test_what_is_rolled_back_was_never_there(
    as_: SignIn, processes: list[Callers], dsn: str
) -> None:
    phone = await as_(FATHER)
    before = await picture(processes[0], token_of(phone))
    other = await asyncpg.connect(dsn)
    try:
        held = other.transaction()
        await held.start()
        await other.execute(OF_A_FATHER["a protection order"], phone.person_id)
        assert await picture(processes[0], token_of(phone)) == before
        await held.rollback()
        assert await picture(processes[0], token_of(phone)) == before
    finally:
        await other.close()


async def test_everything_a_caller_is_made_of_has_its_trigger() -> None:
    """A table that a view gains later would be read and never noticed."""
    tables = await fetch(
        "SELECT DISTINCT t.relname AS name FROM pg_rewrite r "
        "JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass "
        "JOIN pg_class t ON t.oid = d.refobjid AND t.relkind = 'r' "
        "WHERE r.ev_class IN ('family_ties'::regclass, 'standings_in_force'::regclass, "
        "'memberships'::regclass)"
    )
    named = set(re.findall(r"(?:FROM|JOIN) (\w+)", callers.ACTOR + stands.STANDS))
    bases = await fetch(
        "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname = ANY($1)",
        list(named),
    )
    watched = await fetch(
        "SELECT DISTINCT tgrelid::regclass::text AS name FROM pg_trigger "
        "WHERE tgname ~ '^note_(caller|world)'"
    )
    looked_up = {"sessions", "access_tokens", "caller_changes", "world_changes"}
    made_of = {row["name"] for row in (*tables, *bases)} - looked_up
    assert made_of == {row["name"] for row in watched}


@pytest.mark.parametrize(
    "trigger", ["note_caller_update ON guardianships", "note_caller_update ON consents"]
)
async def test_control_without_its_trigger_a_change_is_not_seen(
    as_: SignIn, processes: list[Callers], trigger: str
) -> None:
    phone = await as_(FATHER)
    token = token_of(phone)
    before = await picture(processes[0], token)
    name, _, table = trigger.partition(" ON ")
    await execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    try:
        column = "can_view = false" if table == "guardianships" else "withdrawn_at = now()"
        await execute(f"UPDATE {table} SET {column} WHERE person_id = $1", phone.person_id)
        assert await picture(processes[0], token) == before
        assert await picture(Callers(), token) != before
    finally:
        await execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


async def test_control_the_newest_number_alone_misses_what_commits_late(
    as_: SignIn, processes: list[Callers], dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STAMPS", "CALLERS", "ACTOR"):
        careless = getattr(callers, name).replace("sum(c.id)", "max(c.id)")
        monkeypatch.setattr(callers, name, careless)
    with pytest.raises(AssertionError):
        await test_what_is_committed_late_is_noticed_as_well(as_, processes, dsn)


async def test_a_process_remembers_no_more_than_it_may(as_: SignIn) -> None:
    small = Callers(most=2)
    for name in (FATHER, TEACHER, "王立强"):
        assert await picture(small, token_of(await as_(name))) != (None,)
    assert len(small._known) == 2


async def test_requests_of_one_moment_ask_once(as_: SignIn, processes: list[Callers]) -> None:
    tokens = [token_of(await as_(name)) for name in (FATHER, TEACHER, "王立强")]
    now = clock.now()
    found = await processes[0].settle(
        [callers.Ask(token, now) for token in (*tokens, *tokens, "x")]
    )
    assert [actor is None for actor in found] == [False] * 6 + [True]
    assert found[:3] == found[3:6]
    assert all(isinstance(actor, Actor) for actor in found[:6])
