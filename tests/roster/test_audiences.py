"""Who stands behind an audience, in pages."""

from uuid import UUID, uuid4

import pytest

from backend.database import execute, fetch
from backend.roster import audiences
from backend.roster.audiences import key
from backend.roster.models import Group, GroupMember
from seed.cast import Cast


async def everyone(keys: list[str], size: int = 2) -> list[UUID]:
    found: list[UUID] = []
    while people := await audiences.page(keys, found[-1] if found else None, size):
        assert len(people) <= size
        found += people
    return found


async def by_definition(keys: list[str]) -> set[UUID]:
    """What the view says, asked plainly."""
    rows = await fetch(
        "SELECT person_id FROM audience_members WHERE node_id::text || '/' || who = ANY($1)", keys
    )
    return {row["person_id"] for row in rows}


async def test_pages_hold_everybody_once_in_order(cast: Cast) -> None:
    school = key(cast.schools["海湾"].id, "families")
    found = await everyone([school])
    assert found == sorted(found) and len(found) == len(set(found))
    assert set(found) == {
        cast.id(name) for name in ("王立强", "刘敏", "李建国", "周婷", "赵德胜", "高远", "马静")
    }


async def test_every_audience_is_what_the_view_defines(cast: Cast) -> None:
    group = await Group.create(
        school_id=cast.schools["海湾"].id, name="合唱团", created_by=cast.id("许建安")
    )
    await GroupMember.create(group_id=group.id, student_id=cast.children["李沐阳"].id)
    await GroupMember.create(group_id=group.id, person_id=cast.id("吴思远"))
    nodes = [
        *(node.id for node in (*cast.schools.values(), *cast.classes.values())),
        *(grade.id for grade in cast.grades.values()),
        cast.district.id,
        cast.other_district.id,
        group.id,
    ]
    keys = [key(node, who) for node in nodes for who in sorted(audiences.WHO)]
    for one in keys:
        assert set(await everyone([one], 3)) == await by_definition([one]), one
    mixed = keys[::7]
    assert set(await everyone(mixed, 3)) == await by_definition(mixed)


async def test_pairs_are_kept_together(cast: Cast) -> None:
    first, second = cast.classes["海湾/三年级/1班"].id, cast.classes["海湾/三年级/2班"].id
    found = await everyone([key(first, "families"), key(second, "staff")])
    assert cast.id("陈启明") in found
    assert cast.id("林晓岚") not in found
    assert cast.id("赵德胜") not in found


async def test_an_ended_tie_is_out_at_once(cast: Cast) -> None:
    one = [key(cast.classes["海湾/三年级/1班"].id, "families")]
    assert cast.id("周婷") in await everyone(one)
    await execute(
        "UPDATE guardianships SET restricted = true WHERE person_id = $1", cast.id("周婷")
    )
    assert cast.id("周婷") not in await everyone(one)


@pytest.mark.parametrize("wrong", ["", "x/families", f"{UUID(int=1)}/anybody", str(UUID(int=1))])
async def test_what_is_no_audience_is_refused(db: None, wrong: str) -> None:
    with pytest.raises(audiences.UnknownAudience):
        await audiences.page([wrong], None, 10)


async def test_a_page_of_nobody_is_the_end(db: None) -> None:
    assert await audiences.page([key(uuid4(), "families")], None, 10) == []
    assert await audiences.page([], None, 10) == []
