"""Who belongs where is written down from two sides; both must say the same."""

from uuid import UUID

from backend.database import execute, fetch
from seed.cast import Cast
from tests.house import SignIn

DIFFERENCE = """
(SELECT person_id, node_id, who, student_id FROM audience_members
 EXCEPT ALL SELECT person_id, node_id, who, student_id FROM memberships)
UNION ALL
(SELECT person_id, node_id, who, student_id FROM memberships
 EXCEPT ALL SELECT person_id, node_id, who, student_id FROM audience_members)
"""


async def _group(cast: Cast) -> UUID:
    """A named group with a child and an adult in it."""
    [group] = await fetch(
        "INSERT INTO groups (id, school_id, name, created_by, created_at) "
        "VALUES (uuidv7(), $1, '合唱团', $2, now()) RETURNING id",
        cast.schools["海湾"].id,
        cast.id("林晓岚"),
    )
    for column, member in (
        ("student_id", cast.children["王子墨"].id),
        ("person_id", cast.id("陈启明")),
    ):
        await execute(
            f"INSERT INTO group_members (id, group_id, {column}) VALUES (uuidv7(), $1, $2)",
            group["id"],
            member,
        )
    return UUID(str(group["id"]))


async def test_a_node_counts_the_same_people_who_find_themselves_there(
    as_: SignIn, cast: Cast
) -> None:
    group = await _group(cast)
    rows = await fetch("SELECT who, count(*) AS n FROM memberships GROUP BY 1")
    assert {"families", "members", "staff", "class_teacher", "committee_member"} <= {
        row["who"] for row in rows
    }
    assert await fetch(DIFFERENCE) == []
    members = await fetch("SELECT person_id FROM memberships WHERE node_id = $1", group)
    assert {row["person_id"] for row in members} == {
        cast.id(name) for name in ("王立强", "刘敏", "陈启明")
    }


async def test_both_sides_forget_whoever_has_left(as_: SignIn, cast: Cast) -> None:
    await _group(cast)
    await execute(
        "UPDATE guardianships SET restricted = true WHERE person_id = $1", cast.id("刘敏")
    )
    await execute("UPDATE students SET left_at = now() WHERE id = $1", cast.children["李沐阳"].id)
    await execute(
        "UPDATE standings SET valid_until = now() WHERE person_id = $1", cast.id("林晓岚")
    )
    assert await fetch(DIFFERENCE) == []
    gone = [cast.id(name) for name in ("刘敏", "李建国", "林晓岚")]
    assert await fetch("SELECT 1 FROM memberships WHERE person_id = ANY($1::uuid[])", gone) == []


async def test_control_a_view_that_forgets_to_look_at_the_end_is_found_out(
    as_: SignIn, cast: Cast
) -> None:
    await execute(
        "UPDATE standings SET valid_until = now() WHERE person_id = $1", cast.id("林晓岚")
    )
    careless = DIFFERENCE.replace(
        "FROM memberships)",
        "FROM memberships UNION ALL SELECT person_id, class_id, 'staff', NULL FROM standings "
        "WHERE role = 'class_teacher' AND valid_until IS NOT NULL)",
    )
    assert careless != DIFFERENCE
    assert await fetch(careless) != []
