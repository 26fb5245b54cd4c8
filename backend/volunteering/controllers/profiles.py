"""Volunteers (成长合伙人): a parent's own profile, and the school's list of them."""

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.volunteering.models import MentorOffer, Volunteer, VolunteerState
from backend.volunteering.operations import profiles
from backend.volunteering.permissions.shifts import (
    SchoolSight,
    may_telephone,
    own_profile,
    own_volunteering,
    volunteer_to_run,
    volunteering_to_run,
)
from backend.volunteering.queries import lists
from backend.volunteering.rules import profiles as rules
from backend.volunteering.rules.shifts import UnknownKind
from backend.volunteering.schemas.profiles import (
    SuspensionIn,
    VolunteerContactOut,
    VolunteerDecisionIn,
    VolunteerIn,
    VolunteerOut,
    VolunteerPage,
)
from backend.volunteering.schemas.shifts import DutyKey
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class MyVolunteering(Controller):
    """The caller's own profile at one school."""

    path = "/schools/{school_id:uuid}/volunteer"
    dependencies = {
        "own": Provide(own_volunteering),
        "profile": Provide(own_profile),
    }

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMyVolunteering",
        summary="我的志愿者档案 My profile as a volunteer",
    )
    async def get_my_volunteering(self, profile: NamedDependency[Volunteer]) -> VolunteerOut:
        """None is 404."""
        return VolunteerOut.of(await lists.volunteer(profile.id))

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="volunteer",
        summary="申请成为家长志愿者或修改档案 Apply, or change the profile",
        responses=refusals(
            rules.NotAGuardianHere, rules.ConsentFirst, rules.WrongVolunteerState, UnknownKind
        ),
    )
    async def volunteer(
        self,
        data: JSONBody[VolunteerIn],
        actor: NamedDependency[Actor],
        own: NamedDependency[SchoolSight],
    ) -> VolunteerOut:
        """Shifts can be booked once the profile is active; some duties need a yes of their own."""
        made = await profiles.apply(own.school_id, actor.person_id, data.profile())
        return VolunteerOut.of(await lists.volunteer(made.id))

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="stopVolunteering",
        summary="退出志愿者队伍 Leave",
        responses=refusals(rules.WrongVolunteerState),
    )
    async def stop_volunteering(
        self, actor: NamedDependency[Actor], profile: NamedDependency[Volunteer]
    ) -> None:
        """Places on shifts to come are given back; what was done stays on record."""
        await profiles.move(profile.id, rules.LEAVE, by=actor.person_id)

    @put(
        "/pause",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="pauseVolunteering",
        summary="暂停 Take a break",
        responses=refusals(rules.WrongVolunteerState),
    )
    async def pause_volunteering(
        self, actor: NamedDependency[Actor], profile: NamedDependency[Volunteer]
    ) -> VolunteerOut:
        """Nothing new can be booked; what is booked stays."""
        await profiles.move(profile.id, rules.PAUSE, by=actor.person_id)
        return VolunteerOut.of(await lists.volunteer(profile.id))

    @delete(
        "/pause",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="resumeVolunteering",
        summary="恢复 Come back from a break",
        responses=refusals(rules.WrongVolunteerState),
    )
    async def resume_volunteering(
        self, actor: NamedDependency[Actor], profile: NamedDependency[Volunteer]
    ) -> None:
        """What was approved before is so again."""
        await profiles.move(profile.id, rules.RESUME, by=actor.person_id)


class SchoolVolunteers(Controller):
    path = "/schools/{school_id:uuid}/volunteers"
    dependencies = {"school": Provide(volunteering_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listVolunteers",
        summary="志愿者名单 A school's volunteers",
        responses=refusals(BadCursor),
    )
    async def list_volunteers(
        self,
        school: NamedDependency[SchoolSight],
        cursors: NamedDependency[Cursors],
        standing: FromQuery[VolunteerState | None] = None,
        duty: FromQuery[DutyKey | None] = None,
        offer: FromQuery[MentorOffer | None] = None,
        lectures: FromQuery[bool] = False,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> VolunteerPage:
        """By the day they applied, never by what they did; no telephone numbers."""
        purpose = f"volunteers:{school.school_id}"
        rows = await lists.volunteers_at(
            school.school_id,
            state=standing,
            duty=duty,
            offer=offer,
            lectures=lectures,
            after=cursors.open(purpose, cursor, Position) if cursor else None,
            limit=limit + 1,
        )
        end = rows[limit - 1] if len(rows) > limit else None
        return VolunteerPage(
            items=[VolunteerOut.of(row) for row in rows[:limit]],
            next_cursor=cursors.seal(purpose, Position(end["applied_at"], end["id"]))
            if end
            else None,
        )


class OneVolunteer(Controller):
    """A volunteer in the hands of whoever runs the school."""

    path = "/volunteers/{volunteer_id:uuid}"
    dependencies = {"found": Provide(volunteer_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getVolunteer",
        summary="志愿者档案与联系方式 One volunteer, and how to reach them",
    )
    async def get_volunteer(
        self, actor: NamedDependency[Actor], found: NamedDependency[Volunteer]
    ) -> VolunteerContactOut:
        """With the telephone number, for the school's administrator."""
        row = await lists.volunteer(found.id)
        phone = row["phone"] if may_telephone(actor, found.school_id) else None
        return VolunteerContactOut(volunteer=VolunteerOut.of(row), phone=phone or "")

    @put(
        "/decision",
        opt={"policy": Policy.STAFF},
        operation_id="decideVolunteer",
        summary="审核志愿者及其岗位 Approve, with the duties allowed, or decline",
        responses=refusals(rules.WrongVolunteerState, UnknownKind),
    )
    async def decide_volunteer(
        self,
        data: JSONBody[VolunteerDecisionIn],
        actor: NamedDependency[Actor],
        found: NamedDependency[Volunteer],
    ) -> VolunteerOut:
        """Asked again of an active volunteer, it settles their duties anew."""
        await profiles.decide(
            found.id,
            approved=data.approved,
            duties=data.duties,
            reason=data.reason or "",
            by=actor.person_id,
        )
        return VolunteerOut.of(await lists.volunteer(found.id))

    @put(
        "/suspension",
        opt={"policy": Policy.STAFF},
        operation_id="suspendVolunteer",
        summary="停用志愿者 Suspend, with a reason",
        responses=refusals(rules.WrongVolunteerState),
    )
    async def suspend_volunteer(
        self,
        data: JSONBody[SuspensionIn],
        actor: NamedDependency[Actor],
        found: NamedDependency[Volunteer],
    ) -> VolunteerOut:
        """Their shifts to come are given back; a decision takes them on again."""
        await profiles.move(found.id, rules.SUSPEND, by=actor.person_id, reason=data.reason)
        return VolunteerOut.of(await lists.volunteer(found.id))
