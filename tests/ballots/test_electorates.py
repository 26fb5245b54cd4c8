"""Who has a ballot: guardians by themselves, and households."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend import clock
from backend.ballots.models import Unit
from backend.ballots.queries.electorates import Pupil, UnitDraft, households, of_node
from backend.database import execute
from seed.cast import Cast


def pupil(number: int, *guardians: int) -> Pupil:
    return Pupil(
        id=UUID(int=number),
        name=f"学生{number}",
        guardians=frozenset(UUID(int=1000 + one) for one in guardians),
    )


def told(units: Sequence[UnitDraft]) -> dict[int, tuple[set[int], str]]:
    """Return voters and label of each household, by the number of its eldest pupil."""
    return {
        unit.ref_id.int: ({voter.int - 1000 for voter in unit.voter_ids}, unit.label)
        for unit in units
    }


@pytest.mark.parametrize(
    ("pupils", "homes"),
    [
        ([pupil(1, 1, 2), pupil(2, 1, 2)], {1: ({1, 2}, "学生1、学生2")}),
        # Only the mother is known for the younger child: the same household.
        ([pupil(2, 1, 2), pupil(1, 1)], {1: ({1, 2}, "学生1、学生2")}),
        # Remarried: one parent in two households, two ballots.
        ([pupil(1, 1, 2), pupil(2, 2, 3)], {1: ({1, 2}, "学生1"), 2: ({2, 3}, "学生2")}),
        # Between two that would both do, the first in order: by size, then by pupil.
        (
            [pupil(3, 2), pupil(2, 2, 3), pupil(1, 1, 2)],
            {1: ({1, 2}, "学生1、学生3"), 2: ({2, 3}, "学生2")},
        ),
        (
            [pupil(3, 2), pupil(2, 2, 3, 4), pupil(1, 1, 2)],
            {1: ({1, 2}, "学生1"), 2: ({2, 3, 4}, "学生2、学生3")},
        ),
        # Nobody who may vote: nobody's ballot.
        ([pupil(1), pupil(2, 7)], {2: ({7}, "学生2")}),
        ([], {}),
    ],
)
def test_households(pupils: list[Pupil], homes: dict[int, tuple[set[int], str]]) -> None:
    assert told(households(pupils)) == homes


def slowly(pupils: Sequence[Pupil]) -> list[tuple[frozenset[UUID], list[UUID]]]:
    """Put households together as the rule is written, looking at every pair."""
    sets = {one.guardians for one in pupils if one.guardians}
    first = {who: min(one.id for one in pupils if one.guardians == who) for who in sets}
    homes: list[tuple[frozenset[UUID], list[UUID]]] = []
    for who in sorted(sets, key=lambda who: (-len(who), first[who])):
        children = sorted(one.id for one in pupils if one.guardians == who)
        for home, members in homes:
            if who <= home:
                members += children
                break
        else:
            homes.append((who, children))
    return homes


@settings(max_examples=200, deadline=None)
@given(st.lists(st.frozensets(st.integers(1, 6), max_size=4), max_size=14))
def test_households_are_those_of_the_rule_looked_up_slowly(sets: list[frozenset[int]]) -> None:
    pupils = [pupil(number, *who) for number, who in enumerate(sets, start=1)]
    found = {(frozenset(unit.voter_ids), unit.ref_id) for unit in households(pupils)}
    assert found == {(home, min(members)) for home, members in slowly(pupils)}
    # However they come, and every pupil with a voter is in one household.
    assert households(pupils) == households(pupils[::-1])
    assert {one.guardians for one in pupils if one.guardians} <= {
        part for part in (one.guardians for one in pupils)
        if any(part <= frozenset(unit.voter_ids) for unit in households(pupils))
    }  # fmt: skip


def test_a_large_school_is_put_together_in_a_moment() -> None:
    """Three thousand families, each looked up by one of its guardians."""
    pupils = [pupil(n, n, n + 10_000) for n in range(1, 3001)]
    pupils += [pupil(n + 5000, n) for n in range(1, 3001)]
    assert len(households(pupils)) == 3000


def test_a_long_label_is_cut() -> None:
    [unit] = households([pupil(n, 1) for n in range(1, 40)])
    assert len(unit.label) == 80
    assert unit.label.endswith("…")


async def test_guardians_of_a_class_a_grade_and_a_school(cast: Cast) -> None:
    class_ = cast.classes["海湾/三年级/1班"]
    people = await _names(cast, class_.id, "class", Unit.PERSON)
    assert people == {"王立强", "刘敏", "李建国", "周婷", "高远", "马静"}
    homes = await of_node(class_.id, "class", Unit.HOUSEHOLD)
    assert {unit.label for unit in homes} == {"王子墨", "李沐阳", "高星辰"}
    grade = await of_node(cast.grades["海湾/三年级"].id, "grade", Unit.HOUSEHOLD)
    assert {unit.label for unit in grade} == {"王子墨", "李沐阳", "高星辰", "赵可心"}
    # Brother and sister are in different grades and in one household of the school.
    school = await of_node(cast.schools["海湾"].id, "school", Unit.HOUSEHOLD)
    assert {frozenset(unit.label.split("、")) for unit in school} == {
        frozenset({"王子墨", "王子萱"}), frozenset({"李沐阳"}), frozenset({"高星辰"}),
        frozenset({"赵可心"}),
    }  # fmt: skip


async def test_only_who_may_vote_now_is_in_it(cast: Cast) -> None:
    class_ = cast.classes["海湾/三年级/1班"]
    barred = {"王立强": "can_vote = false", "李建国": "restricted = true"}
    barred["高远"] = "valid_until = now() - interval '1 day'"
    for name, how in barred.items():
        await execute(f"UPDATE guardianships SET {how} WHERE person_id = $1", cast.id(name))
    ends = clock.now() + timedelta(days=1)
    await execute(
        "UPDATE guardianships SET valid_until = $2 WHERE person_id = $1", cast.id("马静"), ends
    )
    assert await _names(cast, class_.id, "class", Unit.PERSON) == {"刘敏", "周婷", "马静"}
    await execute("UPDATE students SET left_at = now() WHERE name = '李沐阳'")
    await execute(
        "UPDATE enrolments SET class_id = $2 WHERE student_id = $1",
        cast.children["高星辰"].id,
        cast.classes["海湾/三年级/2班"].id,
    )
    assert await _names(cast, class_.id, "class", Unit.PERSON) == {"刘敏"}
    [home] = await of_node(class_.id, "class", Unit.HOUSEHOLD)
    assert home.voter_ids == (cast.id("刘敏"),)
    with pytest.raises(ValueError, match="by seat"):
        await of_node(class_.id, "class", Unit.SEAT)


async def _names(cast: Cast, node: UUID, level: str, unit: Unit) -> set[str]:
    known = {person.id: name for name, person in cast.people.items()}
    return {known[unit.voter_ids[0]] for unit in await of_node(node, level, unit)}
