"""Meetings over HTTP: listed, planned, convened, held, called off."""

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.committees.controllers.gathering import OneMeeting, meeting_out
from backend.committees.models import Body, Meeting, MeetingState
from backend.committees.operations import meetings as verbs
from backend.committees.permissions.bodies import BodySight, body_in_sight, body_to_keep, the
from backend.committees.permissions.meetings import MeetingSight, meeting_in_sight, meeting_to_keep
from backend.committees.queries import meetings as queries
from backend.committees.queries import seats
from backend.committees.rules import meetings as rules
from backend.committees.rules.agenda import NoRuleSet, NoticeTooShort
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.meetings import (
    MeetingCancellationIn,
    MeetingIn,
    MeetingItem,
    MeetingOut,
    MeetingPage,
    MyMeetingsOut,
)
from backend.errors import NotAllowed
from backend.schools.models import Function
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

SIGNED_IN = {"policy": Policy.SIGNED_IN}


class BodyMeetings(Controller):
    """The meetings of a body."""

    path = "/bodies/{body_id:uuid}/meetings"
    dependencies = {"sight": Provide(body_in_sight)}

    @get(
        opt=SIGNED_IN,
        operation_id="listMeetings",
        summary="会议 A body's meetings",
        responses=refusals(BadCursor),
    )
    async def list_meetings(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[BodySight],
        cursors: NamedDependency[Cursors],
        stage: FromQuery[MeetingState | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> MeetingPage:
        """From inside all of them; everybody else who sees the body sees those that take place
        or did.
        """
        body = the(sight)
        purpose = f"meetings:{actor.person_id}:{body.id}:{stage}"
        wanted = {stage} if stage else set(MeetingState)
        rows = await queries.page(
            body.id,
            sight.seat.id if sight.seat else None,
            sorted(wanted if sight.inside else wanted & rules.TO_OTHERS),
            cursors.open(purpose, cursor, Position) if cursor else None,
            limit + 1,
        )
        last = rows[limit - 1] if len(rows) > limit else None
        return MeetingPage(
            items=[MeetingItem.of(row, inside=sight.inside) for row in rows[:limit]],
            next_cursor=(
                cursors.seal(purpose, Position(last["starts_at"], last["id"])) if last else None
            ),
            has_more=last is not None,
        )

    @post(
        opt=SIGNED_IN,
        operation_id="planMeeting",
        summary="筹备会议 Plan a meeting",
        responses=refusals(rules.BadMeetingHours, WrongBodyState, NotAllowed, KeyNeeded, KeyReused),
        dependencies={"kept": Provide(body_to_keep)},
    )
    async def plan_meeting(
        self,
        data: JSONBody[MeetingIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[BodySight],
        kept: NamedDependency[Body],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> MeetingOut:
        """By chair or secretary; nobody is told before it is convened."""

        async def act() -> MeetingOut:
            meeting = await verbs.plan(actor.person_id, kept.id, data.content())
            return await meeting_out(actor, meeting.id, sight)

        return await once(
            actor.person_id, "planMeeting", idempotency_key, (kept.id, data), MeetingOut, act,
            secret=settings.secret_key,
        )  # fmt: skip


class MyMeetings(Controller):
    """What the caller is called to."""

    path = "/me/meetings"

    @get(
        opt=SIGNED_IN,
        operation_id="listMyMeetings",
        summary="我的会议 What I am called to",
    )
    async def list_my_meetings(self, actor: NamedDependency[Actor]) -> MyMeetingsOut:
        """Convened or running, of every body the caller sits on, soonest first."""
        mine = await seats.seats_of(actor.person_id)
        rows = await queries.coming(
            [seat.id for seat in mine],
            [seat.body_id for seat in mine],
            actor.closed(Function.COMMITTEES),
            clock.now(),
        )
        return MyMeetingsOut(items=[MeetingItem.of(row, inside=True) for row in rows])


class MeetingChanges(Controller):
    """A meeting in the hands of chair and secretary."""

    path = "/meetings/{meeting_id:uuid}"
    dependencies = {
        "gathering": Provide(meeting_in_sight),
        "kept": Provide(meeting_to_keep),
    }

    @put(
        opt=SIGNED_IN,
        operation_id="rewriteMeeting",
        summary="修改会议安排 Change or move a meeting",
        responses=refusals(
            rules.BadMeetingHours, rules.WrongMeetingState, NoticeTooShort, NoRuleSet,
            WrongBodyState, NotAllowed,
        ),
    )  # fmt: skip
    async def rewrite_meeting(
        self,
        data: JSONBody[MeetingIn],
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        kept: NamedDependency[Meeting],
    ) -> MeetingOut:
        """Once convened, everybody is told; a new hour needs the notice afresh."""
        await verbs.rewrite(actor.person_id, kept.id, data.content())
        return await meeting_out(actor, kept.id, gathering.within)

    @put(
        "/convocation",
        opt=SIGNED_IN,
        operation_id="conveneMeeting",
        summary="发出会议通知 Convene a meeting",
        responses=refusals(
            rules.EmptyAgenda, rules.BadMeetingHours, rules.WrongMeetingState, NoRuleSet,
            NoticeTooShort, WrongBodyState, NotAllowed,
        ),
    )  # fmt: skip
    async def convene_meeting(
        self,
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        kept: NamedDependency[Meeting],
    ) -> MeetingOut:
        """As many days before as the body's ordinary rule set and those of its items demand."""
        await verbs.convene(actor.person_id, kept.id)
        return await meeting_out(actor, kept.id, gathering.within)

    @put(
        "/start",
        opt=SIGNED_IN,
        operation_id="startMeeting",
        summary="会议开始 Begin a meeting",
        responses=refusals(rules.WrongMeetingState, rules.TooEarly, WrongBodyState, NotAllowed),
    )
    async def start_meeting(
        self,
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        kept: NamedDependency[Meeting],
    ) -> MeetingOut:
        """From half an hour before its time."""
        await verbs.start(actor.person_id, kept.id)
        return await meeting_out(actor, kept.id, gathering.within)

    @put(
        "/end",
        opt=SIGNED_IN,
        operation_id="endMeeting",
        summary="会议结束 End a meeting",
        responses=refusals(rules.WrongMeetingState, rules.ItemUnderDiscussion, NotAllowed),
    )
    async def end_meeting(
        self,
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        kept: NamedDependency[Meeting],
    ) -> MeetingOut:
        """Whoever is there leaves, and what was not reached is deferred. Votes that are open
        go on.
        """
        await verbs.end(actor.person_id, kept.id)
        return await meeting_out(actor, kept.id, gathering.within)

    @put(
        "/cancellation",
        opt=SIGNED_IN,
        operation_id="cancelMeeting",
        summary="取消会议 Call a meeting off",
        responses=refusals(rules.WrongMeetingState, NotAllowed),
    )
    async def cancel_meeting(
        self,
        data: JSONBody[MeetingCancellationIn],
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        kept: NamedDependency[Meeting],
    ) -> MeetingOut:
        """Its items go back into the pool; whoever was called to it is told why."""
        await verbs.cancel(actor.person_id, kept.id, data.reason)
        return await meeting_out(actor, kept.id, gathering.within)


DUTY: tuple[type[Controller], ...] = (BodyMeetings, MyMeetings, OneMeeting, MeetingChanges)
