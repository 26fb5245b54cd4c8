"""Attendance, quorum and recusals over HTTP."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from backend import clock
from backend.committees.controllers.gathering import meeting_out
from backend.committees.controllers.items import item_out
from backend.committees.models import AgendaItem, Meeting
from backend.committees.operations import attending as verbs
from backend.committees.permissions.agenda import (
    ItemSight,
    SeatAtItem,
    item_from_my_seat,
    item_in_sight,
    item_to_chair,
)
from backend.committees.permissions.meetings import (
    MeetingSight,
    SeatAtMeeting,
    meeting_from_inside,
    meeting_from_my_seat,
    meeting_in_sight,
    meeting_to_keep,
)
from backend.committees.queries import agenda, attending
from backend.committees.rules import meetings as rules
from backend.committees.rules.agenda import NoRuleSet, WrongItemState
from backend.committees.schemas.agenda import AgendaItemOut, RecusalIn
from backend.committees.schemas.meetings import (
    AttendanceIn,
    MeetingOut,
    MeetingReplyIn,
    MissingSeatOut,
    QuorumOut,
)
from backend.errors import NotAllowed, NotFound
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

SIGNED_IN = {"policy": Policy.SIGNED_IN}
BEING_THERE = refusals(rules.WrongMeetingState, rules.TooEarly, rules.SeatUnknown, NotAllowed)
STANDING_ASIDE = refusals(WrongItemState, rules.SeatUnknown, rules.RecordedByAnother, NotAllowed)


class MyAttendance(Controller):
    """What the caller's own seat says of itself."""

    path = "/meetings/{meeting_id:uuid}"
    dependencies = {
        "gathering": Provide(meeting_in_sight),
        "seated": Provide(meeting_from_my_seat),
    }

    @put(
        "/reply",
        opt=SIGNED_IN,
        operation_id="replyToMeeting",
        summary="回复是否参加 Say whether I come",
        responses=refusals(rules.WrongMeetingState, NotAllowed),
    )
    async def reply_to_meeting(
        self,
        data: JSONBody[MeetingReplyIn],
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        seated: NamedDependency[SeatAtMeeting],
    ) -> MeetingOut:
        """From when it is convened until it begins; the last word counts. It is no attendance."""
        await verbs.reply(seated.meeting.id, seated.seat, data.answer)
        return await meeting_out(actor, seated.meeting.id, gathering.within)

    @put(
        "/attendance",
        opt=SIGNED_IN,
        operation_id="attendMeeting",
        summary="签到 Say that I am there",
        responses=BEING_THERE,
    )
    async def attend_meeting(
        self,
        data: JSONBody[AttendanceIn],
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        seated: NamedDependency[SeatAtMeeting],
    ) -> MeetingOut:
        """From half an hour before it begins until it ends, in person or online. Coming back
        begins another presence.
        """
        await verbs.come(seated.meeting.id, seated.seat.id, data.mode, by=actor.person_id)
        return await meeting_out(actor, seated.meeting.id, gathering.within)

    @delete(
        "/attendance",
        opt=SIGNED_IN,
        operation_id="leaveMeeting",
        summary="离席 Say that I leave",
        responses=BEING_THERE,
    )
    async def leave_meeting(
        self, actor: NamedDependency[Actor], seated: NamedDependency[SeatAtMeeting]
    ) -> None:
        """The presence ends now."""
        await verbs.leave(seated.meeting.id, seated.seat.id, by=actor.person_id)


class Attendances(Controller):
    """What chair and secretary record of others."""

    path = "/meetings/{meeting_id:uuid}/attendances/{seat_id:uuid}"
    dependencies = {"gathering": Provide(meeting_in_sight), "kept": Provide(meeting_to_keep)}

    @put(
        opt=SIGNED_IN,
        operation_id="recordAttendance",
        summary="登记到会 Record that somebody is there",
        responses=BEING_THERE,
    )
    async def record_attendance(
        self,
        data: JSONBody[AttendanceIn],
        actor: NamedDependency[Actor],
        gathering: NamedDependency[MeetingSight],
        kept: NamedDependency[Meeting],
        seat_id: FromPath[UUID],
    ) -> MeetingOut:
        """From half an hour before it begins until it ends."""
        await verbs.come(kept.id, seat_id, data.mode, by=actor.person_id)
        return await meeting_out(actor, kept.id, gathering.within)

    @delete(
        opt=SIGNED_IN,
        operation_id="recordLeaving",
        summary="登记离席 Record that somebody has left",
        responses=BEING_THERE,
    )
    async def record_leaving(
        self,
        actor: NamedDependency[Actor],
        kept: NamedDependency[Meeting],
        seat_id: FromPath[UUID],
    ) -> None:
        """The presence ends now."""
        await verbs.leave(kept.id, seat_id, by=actor.person_id)


class MeetingQuorum(Controller):
    """Whether enough are there."""

    path = "/meetings/{meeting_id:uuid}/quorum"
    dependencies = {
        "gathering": Provide(meeting_in_sight),
        "inside": Provide(meeting_from_inside),
    }

    @get(
        opt=SIGNED_IN,
        operation_id="getQuorum",
        summary="法定人数 Whether there is a quorum",
        responses=refusals(NotAllowed, NoRuleSet, NotFound),
    )
    async def get_quorum(
        self,
        gathering: NamedDependency[MeetingSight],
        inside: NamedDependency[Meeting],
        item_id: FromQuery[UUID | None] = None,
    ) -> QuorumOut:
        """By the body's ordinary rule set; with `item_id` by that item's, and without those who
        stand aside from it.
        """
        if item_id is None:
            found_rules = await agenda.ordinary_rules(inside.body_id, clock.now())
            if found_rules is None:
                raise NoRuleSet
        else:
            found_rules = await agenda.rules_on_agenda(inside.id, item_id)
            if found_rules is None:
                raise NotFound
        found, missing = await attending.quorum_of(inside, found_rules.quorum, item_id)
        named = None
        if gathering.within.keeps:
            replies = await attending.replies_to(inside.id)
            named = [
                MissingSeatOut(seat_id=seat.id, name=seat.name, answer=replies.get(seat.id))
                for seat in missing
            ]
        return QuorumOut.of(found, named)


class MyRecusal(Controller):
    """The caller's own seat standing aside."""

    path = "/agenda-items/{item_id:uuid}/recusal"
    dependencies = {"held": Provide(item_in_sight), "seated": Provide(item_from_my_seat)}

    @put(
        opt=SIGNED_IN,
        operation_id="recuseMyself",
        summary="申请回避 Stand aside from an item",
        responses=STANDING_ASIDE,
    )
    async def recuse_myself(
        self,
        data: JSONBody[RecusalIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        seated: NamedDependency[SeatAtItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Before it is voted on: neither entitled nor counted for its quorum."""
        await verbs.recuse(seated.item.id, seated.seat_id, data.reason, by=actor.person_id)
        return await item_out(actor, seated.item.id, held.within, settings)

    @delete(
        opt=SIGNED_IN,
        operation_id="takeBackRecusal",
        summary="撤回回避 Take part after all",
        responses=STANDING_ASIDE,
    )
    async def take_back_recusal(
        self, actor: NamedDependency[Actor], seated: NamedDependency[SeatAtItem]
    ) -> None:
        """Before it is voted on; what the chair recorded, the chair takes back."""
        await verbs.take_back(seated.item.id, seated.seat_id, by=actor.person_id, as_chair=False)


class Recusals(Controller):
    """Recusals the chair records."""

    path = "/agenda-items/{item_id:uuid}/recusals/{seat_id:uuid}"
    dependencies = {"held": Provide(item_in_sight), "chaired": Provide(item_to_chair)}

    @put(
        opt=SIGNED_IN,
        operation_id="recordRecusal",
        summary="登记回避 Record that a seat stands aside",
        responses=STANDING_ASIDE,
    )
    async def record_recusal(
        self,
        data: JSONBody[RecusalIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        chaired: NamedDependency[AgendaItem],
        seat_id: FromPath[UUID],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """With a reason, before it is voted on."""
        await verbs.recuse(chaired.id, seat_id, data.reason, by=actor.person_id)
        return await item_out(actor, chaired.id, held.within, settings)

    @delete(
        opt=SIGNED_IN,
        operation_id="removeRecusal",
        summary="撤销登记的回避 Take a recorded recusal back",
        responses=STANDING_ASIDE,
    )
    async def remove_recusal(
        self,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[AgendaItem],
        seat_id: FromPath[UUID],
    ) -> None:
        """Of those a chair has recorded; who stood aside by themselves takes that back."""
        await verbs.take_back(chaired.id, seat_id, by=actor.person_id, as_chair=True)


DUTY: tuple[type[Controller], ...] = (
    MyAttendance,
    Attendances,
    MeetingQuorum,
    MyRecusal,
    Recusals,
)
