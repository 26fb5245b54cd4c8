"""Named groups of pupils and staff."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, HeaderParameter, JSONBody

from backend.roster import rules
from backend.roster.models import Group
from backend.roster.operations import groups
from backend.roster.permissions import group_in_sight, members_within, school_to_group_in
from backend.roster.queries import lists
from backend.roster.schemas.members import (
    GroupIn,
    GroupItem,
    GroupOut,
    GroupPage,
    GroupPersonOut,
    GroupStudentOut,
)
from backend.schools.models import School
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.idempotency import KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class SchoolGroups(Controller):
    """The groups of a school."""

    path = "/schools/{school_id:uuid}/groups"
    opt = {"policy": Policy.STAFF}
    dependencies = {"school": Provide(school_to_group_in)}

    @get(operation_id="listGroups", summary="分组列表", responses=refusals(BadCursor))
    async def list_groups(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 50,
    ) -> GroupPage:
        """学校管理人员看到全部分组，班主任看到自己建立的分组。"""
        purpose = f"groups:{school.id}"
        after = cursors.open(purpose, cursor, str) if cursor else ""
        creator = None if actor.runs_school(school.id) else actor.person_id
        rows = await lists.groups_in(school.id, creator, after, limit + 1)
        shown = [GroupItem.of(row) for row in rows[:limit]]
        more = len(rows) > limit
        return GroupPage(
            items=shown, next_cursor=cursors.seal(purpose, shown[-1].name) if more else None
        )

    @post(
        operation_id="createGroup",
        summary="建立分组",
        responses=refusals(
            rules.NameTaken, rules.TooManyGroups, rules.MemberOutside, KeyNeeded, KeyReused
        ),
    )
    async def create_group(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        school: NamedDependency[School],
        data: JSONBody[GroupIn],
        idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
    ) -> GroupOut:
        """学校管理人员可选全校学生和教职工，班主任可选自己班的学生。"""

        async def act() -> UUID:
            made = await groups.create_group(
                school.id,
                data.name,
                data.student_ids,
                data.person_ids,
                actor.person_id,
                within=members_within(actor, school.id),
            )
            return made.id

        group_id = await once(
            actor.person_id,
            "createGroup",
            idempotency_key,
            (school.id, data),
            UUID,
            act,
            secret=settings.secret_key,
        )
        return await _shown(await group_in_sight(actor, group_id))


class GroupDetail(Controller):
    """One group."""

    path = "/groups/{group_id:uuid}"
    opt = {"policy": Policy.STAFF}
    dependencies = {"group": Provide(group_in_sight)}

    @get(operation_id="getGroup", summary="分组成员")
    async def get_group(self, group: NamedDependency[Group]) -> GroupOut:
        """分组及其在校成员。"""
        return await _shown(group)

    @put(
        operation_id="changeGroup",
        summary="修改分组",
        responses=refusals(rules.NameTaken, rules.MemberOutside),
    )
    async def change_group(
        self,
        actor: NamedDependency[Actor],
        group: NamedDependency[Group],
        data: JSONBody[GroupIn],
    ) -> GroupOut:
        """名称和全部成员以本次提交为准。"""
        changed = await groups.change_group(
            group.id,
            data.name,
            data.student_ids,
            data.person_ids,
            actor.person_id,
            within=members_within(actor, group.school_id),
        )
        return await _shown(changed)

    @delete(operation_id="deleteGroup", summary="解散分组")
    async def delete_group(
        self, actor: NamedDependency[Actor], group: NamedDependency[Group]
    ) -> None:
        """成员本身不受影响。"""
        await groups.delete_group(group.id, actor.person_id)


async def _shown(group: Group) -> GroupOut:
    students = await lists.group_students(group.id)
    staff = await lists.group_staff(group.id)
    return GroupOut(
        id=group.id,
        school_id=group.school_id,
        name=group.name,
        students=[GroupStudentOut(**student) for student in students],
        staff=[GroupPersonOut(**person) for person in staff],
    )
