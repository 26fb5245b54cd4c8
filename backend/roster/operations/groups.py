"""Named circles of pupils and staff that can be written to."""

from collections.abc import Collection, Sequence
from uuid import UUID

from backend.audit.operations import record
from backend.database import execute, fetch, fetch_one, transaction
from backend.errors import NotFound
from backend.roster import rules
from backend.roster.models import Group
from backend.schools.models import School


async def create_group(
    school_id: UUID,
    name: str,
    student_ids: Sequence[UUID],
    person_ids: Sequence[UUID],
    by: UUID,
    *,
    within: Collection[UUID] | None,
) -> Group:
    """Make a group of pupils and staff of a school.

    ``within`` limits the pupils to those of some classes, and leaves out staff. Raises
    :class:`rules.NameTaken`, :class:`rules.TooManyGroups` and
    :class:`rules.MemberOutside`.
    """
    async with transaction():
        await School.select_for_update(no_key=True).get(id=school_id)
        if await Group.filter(school_id=school_id, name=name).exists():
            raise rules.NameTaken
        if await Group.filter(school_id=school_id).count() >= rules.MOST_GROUPS:
            raise rules.TooManyGroups
        group = await Group.create(school_id=school_id, name=name, created_by=by)
        await _set_members(group, student_ids, person_ids, within)
        await record("roster.grouped", "group", group.id, by=by, school_id=school_id)
        return group


async def change_group(
    group_id: UUID,
    name: str,
    student_ids: Sequence[UUID],
    person_ids: Sequence[UUID],
    by: UUID,
    *,
    within: Collection[UUID] | None,
) -> Group:
    """Give a group this name and exactly these members.

    Raises :class:`rules.NameTaken` and :class:`rules.MemberOutside`.
    """
    async with transaction():
        group = await _locked(group_id)
        await School.select_for_update(no_key=True).get(id=group.school_id)
        namesakes = Group.filter(school_id=group.school_id, name=name).exclude(id=group.id)
        if await namesakes.exists():
            raise rules.NameTaken
        group.name = name
        await group.save(update_fields=["name"])
        await _set_members(group, student_ids, person_ids, within)
        await record("roster.regrouped", "group", group.id, by=by, school_id=group.school_id)
        return group


async def delete_group(group_id: UUID, by: UUID) -> None:
    """Dissolve a group; its members stay what they are."""
    async with transaction():
        group = await Group.select_for_update().get_or_none(id=group_id)
        if group is None:
            return
        await record("roster.ungrouped", "group", group.id, by=by, school_id=group.school_id)
        await group.delete()


async def _locked(group_id: UUID) -> Group:
    group = await Group.select_for_update().get_or_none(id=group_id)
    if group is None:
        raise NotFound
    return group


async def _set_members(
    group: Group,
    student_ids: Sequence[UUID],
    person_ids: Sequence[UUID],
    within: Collection[UUID] | None,
) -> None:
    students, people = sorted(set(student_ids)), sorted(set(person_ids))
    await _check_members(group.school_id, students, people, within)
    await execute(
        """
        DELETE FROM group_members WHERE group_id = $1
          AND coalesce(student_id <> ALL ($2::uuid[]), person_id <> ALL ($3::uuid[]))
        """,
        group.id,
        students,
        people,
    )
    await execute(
        """
        INSERT INTO group_members (id, group_id, student_id, person_id)
        SELECT uuidv7(), $1::uuid, s, NULL::uuid FROM unnest($2::uuid[]) s
        UNION ALL SELECT uuidv7(), $1::uuid, NULL::uuid, p FROM unnest($3::uuid[]) p
        ON CONFLICT DO NOTHING
        """,
        group.id,
        students,
        people,
    )


async def _check_members(
    school_id: UUID, students: list[UUID], people: list[UUID], within: Collection[UUID] | None
) -> None:
    if within is not None and people:
        raise rules.MemberOutside
    pupils = await fetch(
        """
        SELECT e.class_id FROM students s
        JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
        WHERE s.id = ANY($1::uuid[]) AND s.school_id = $2 AND s.left_at IS NULL
        """,
        students,
        school_id,
    )
    if len(pupils) < len(students):
        raise rules.MemberOutside
    if within is not None and any(pupil["class_id"] not in within for pupil in pupils):
        raise rules.MemberOutside
    staff = await fetch_one(
        """
        SELECT count(DISTINCT person_id) AS n FROM standings_in_force
        WHERE person_id = ANY($1::uuid[]) AND school_id = $2
        """,
        people,
        school_id,
    )
    if staff is None or staff["n"] < len(people):
        raise rules.MemberOutside
