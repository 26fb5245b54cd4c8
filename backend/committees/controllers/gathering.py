"""One meeting over HTTP: read, and as an entry of one's calendar."""

from uuid import UUID

from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec

from backend.bookings import calendars
from backend.committees.models import Meeting, MeetingState
from backend.committees.permissions.bodies import BodySight
from backend.committees.permissions.meetings import MeetingSight, meeting_in_sight
from backend.committees.queries import agenda, attending, seats
from backend.committees.queries import meetings as queries
from backend.committees.schemas.agenda import agenda_tree
from backend.committees.schemas.meetings import MeetingOut, attendance_of, meeting_members
from backend.errors import NotFound
from backend.web.actor import Actor
from backend.web.policy import Policy

SIGNED_IN = {"policy": Policy.SIGNED_IN}
ICS = {
    200: ResponseSpec(
        bytes, description="The calendar.", media_type="text/calendar", generate_examples=False
    )
}


async def meeting_out(actor: Actor, meeting_id: UUID, sight: BodySight) -> MeetingOut:
    """Return a meeting as the caller sees it after their act."""
    row = await queries.one(meeting_id, sight.seat.id if sight.seat else None)
    items = await agenda.of_meeting(meeting_id)
    attendance = []
    if sight.inside:
        attendance = attendance_of(
            await seats.serving(row["body_id"]),
            await attending.intervals_of(meeting_id),
            await attending.replies_to(meeting_id),
        )
    return MeetingOut(
        **meeting_members(row, inside=sight.inside),
        agenda=agenda_tree(items, actor.person_id, inside=sight.inside),
        attendance=attendance,
    )


class OneMeeting(Controller):
    """A meeting, for whoever may see it."""

    path = "/meetings/{meeting_id:uuid}"
    dependencies = {"gathering": Provide(meeting_in_sight)}

    @get(opt=SIGNED_IN, operation_id="getMeeting", summary="会议详情 One meeting")
    async def get_meeting(
        self, actor: NamedDependency[Actor], gathering: NamedDependency[MeetingSight]
    ) -> MeetingOut:
        """Agenda and attendance from inside; from outside when it is, and what came of it."""
        return await meeting_out(actor, gathering.meeting.id, gathering.within)

    @get(
        "/calendar.ics",
        opt=SIGNED_IN,
        operation_id="getMeetingCalendar",
        summary="加入日历 The meeting as a calendar file",
        responses=ICS,
    )
    async def get_meeting_calendar(
        self, gathering: NamedDependency[MeetingSight]
    ) -> Response[bytes]:
        """Opened again after it was moved or cancelled, it moves or removes the same entry."""
        meeting: Meeting = gathering.meeting
        if not gathering.within.inside or meeting.changed_at is None:
            raise NotFound
        is_off = meeting.state == MeetingState.CANCELLED
        entry = calendars.Entry(
            booking_id=meeting.id,
            title=meeting.title,
            location=meeting.place or meeting.online_url,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            status=calendars.Status.CANCELLED if is_off else calendars.Status.CONFIRMED,
            sequence=meeting.revision,
            changed_at=meeting.changed_at,
        )
        return Response(
            calendars.render([entry]),
            media_type="text/calendar",
            headers={
                "content-disposition": 'attachment; filename="meeting.ics"',
                "cache-control": "private, no-store",
            },
        )
