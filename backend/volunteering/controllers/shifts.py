"""Shifts as families find them and as organisers make them."""

from datetime import date, timedelta
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.bookings.queries.outlook import outlooks
from backend.errors import BadInput, NotFound
from backend.settings import Settings
from backend.volunteering.operations import shifts
from backend.volunteering.permissions.shifts import (
    SchoolSight,
    ShiftSight,
    may_telephone,
    shift_in_sight,
    shift_to_run,
    volunteering_at,
    volunteering_to_run,
)
from backend.volunteering.queries import lists
from backend.volunteering.queries.calendar import zone_of
from backend.volunteering.rules import shifts as rules
from backend.volunteering.rules.templates import moment_on
from backend.volunteering.schemas.shifts import (
    AnswerOut,
    AnswersOut,
    DutyKey,
    GuardPostIn,
    ShiftIn,
    ShiftItem,
    ShiftOut,
    ShiftPage,
    ShiftTextIn,
)
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

LONGEST_LIST = timedelta(days=400)
USUAL_LIST = timedelta(days=60)
FARTHEST_LIST = timedelta(days=20 * 365)


class BadShiftPeriod(BadInput):
    code = "bad_shift_period"
    zh = "起止日期有误：首尾须有序，且不超过400天。"
    en = "The days must be in order and at most 400 days apart."


def days_meant(first: date, last: date | None, today: date) -> tuple[date, date]:
    """Return the days of a list, by default sixty. Raises :class:`BadShiftPeriod`."""
    if abs(first - today) > FARTHEST_LIST:
        raise BadShiftPeriod(field="first, last")
    last = last or max(first, today) + USUAL_LIST
    if not timedelta() <= last - first <= LONGEST_LIST:
        raise BadShiftPeriod(field="first, last")
    return first, last


async def shift_out(actor: Actor, seen: ShiftSight) -> ShiftOut:
    """Return one shift as it stands for the caller."""
    now = clock.now()
    outlook = (await outlooks(actor, [seen.shift.id], now))[seen.shift.id]
    row = await lists.shift(seen.shift.id, actor.person_id)
    peers = await lists.peers(seen.shift.id)
    belongs = seen.runs or actor.person_id in {peer["person_id"] for peer in peers}
    return ShiftOut.detailed(
        row,
        outlook,
        peers if belongs else [],
        await lists.holders(seen.shift.id) if belongs or seen.at_work else [],
        is_over=seen.slot.ends_at <= now and not seen.runs,
    )


class SchoolShifts(Controller):
    path = "/schools/{school_id:uuid}/shifts"
    dependencies = {"school": Provide(volunteering_at)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listShifts",
        summary="班次列表，可只看我能报的 Shifts, or only those I may take",
        responses=refusals(BadCursor, BadShiftPeriod),
    )
    async def list_shifts(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[SchoolSight],
        cursors: NamedDependency[Cursors],
        first: FromQuery[date | None] = None,
        last: FromQuery[date | None] = None,
        duty: FromQuery[DutyKey | None] = None,
        day: FromQuery[UUID | None] = None,
        mine: FromQuery[bool] = False,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> ShiftPage:
        """With ``mine`` only those free for the caller this minute: able, no clash, not declined.

        Without dates, from now on for sixty days.
        """
        now, zone = clock.now(), await zone_of(school.school_id)
        today = clock.local(now, zone).date()
        earliest, final = days_meant(first or today, last, today)
        wanted = lists.Wanted(
            begins=moment_on(earliest, 0, zone) if first else now,
            ends=moment_on(final, 24 * 60, zone),
            duty=duty,
            day_id=day,
            open_to_me=mine,
            drafts=school.runs,
        )
        purpose = f"shifts:{actor.person_id}:{school.school_id}"
        after = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await lists.shifts_at(
            actor, school.school_id, wanted, now=now, after=after, limit=limit + 1
        )
        shown = rows[:limit]
        stands = await outlooks(actor, [row["id"] for row in shown], now)
        end = shown[-1] if len(rows) > limit else None
        return ShiftPage(
            items=[ShiftItem.of(row, stands[row["id"]]) for row in shown],
            next_cursor=cursors.seal(purpose, Position(end["starts_at"], end["id"]))
            if end
            else None,
        )


class SchoolShiftMaking(Controller):
    path = "/schools/{school_id:uuid}/shifts"
    dependencies = {"school": Provide(volunteering_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="createShift",
        summary="新建班次 Make a shift",
        responses=refusals(
            KeyNeeded,
            KeyReused,
            NotFound,
            rules.UnknownClass,
            rules.WrongDayState,
            rules.OtherDay,
            *shifts.SHAPING,
        ),
    )
    async def create_shift(
        self,
        data: JSONBody[ShiftIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[SchoolSight],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ShiftOut:
        """Its title is the duty's name; mediation takes no text of its own."""

        async def act() -> ShiftOut:
            made = await shifts.create(school.school_id, data.plan(), by=actor.person_id)
            return await shift_out(actor, await shift_in_sight(actor, made.id))

        return await once(
            actor.person_id,
            "createShift",
            idempotency_key,
            (school.school_id, data),
            ShiftOut,
            act,
            secret=settings.secret_key,
        )


class Shifts(Controller):
    """One shift."""

    path = "/shifts/{shift_id:uuid}"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getShift",
        summary="班次详情 One shift, with its briefing",
    )
    async def get_shift(
        self, actor: NamedDependency[Actor], seen: NamedDependency[ShiftSight]
    ) -> ShiftOut:
        """Who has a place sees the others' surnames; nobody sees a telephone number here."""
        return await shift_out(actor, seen)


class ShiftChanges(Controller):
    """What the organiser says of a shift; times and numbers are changed on its slot."""

    path = "/shifts/{shift_id:uuid}"
    dependencies = {"run": Provide(shift_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="describeShift",
        summary="修改班次说明 Change what is said of a shift",
        responses=refusals(
            rules.WrongShiftState, rules.DiscreetText, rules.TeacherNeeded, rules.NotOnStaff
        ),
    )
    async def describe_shift(
        self,
        data: JSONBody[ShiftTextIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[ShiftSight],
    ) -> ShiftOut:
        """Without a text of its own a shift shows the duty's briefing."""
        await shifts.describe(
            run.shift.id,
            briefing=data.briefing,
            teacher_id=data.teacher_id,
            needed_school=data.needed_school,
            needed_police=data.needed_police,
            by=actor.person_id,
        )
        return await shift_out(actor, run)

    @put(
        "/publication",
        opt={"policy": Policy.STAFF},
        operation_id="publishShift",
        summary="发布班次 Show a draft to families",
        responses=refusals(rules.WrongShiftState),
    )
    async def publish_shift(
        self, actor: NamedDependency[Actor], run: NamedDependency[ShiftSight]
    ) -> ShiftOut:
        """Published already is fine."""
        await shifts.publish(run.shift.id, by=actor.person_id)
        return await shift_out(actor, run)

    @put(
        "/guard-post",
        opt={"policy": Policy.STAFF},
        operation_id="manGuardPost",
        summary="登记护学岗校方和民警 Name who stands for the school and the police",
        responses=refusals(rules.WrongShiftState, rules.NoGuardPost),
    )
    async def man_guard_post(
        self,
        data: JSONBody[GuardPostIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[ShiftSight],
    ) -> ShiftOut:
        """Gaps are shown as a warning and never stop anything."""
        await shifts.man_post(run.shift.id, data.named(), by=actor.person_id)
        return await shift_out(actor, run)

    @get(
        "/answers",
        opt={"policy": Policy.STAFF},
        operation_id="listComing",
        summary="谁确认会来 Who said they come",
    )
    async def list_coming(
        self, actor: NamedDependency[Actor], run: NamedDependency[ShiftSight]
    ) -> AnswersOut:
        """The evening before: who has not answered first. Telephone numbers are for the shift's
        organiser and the school's administrator.
        """
        rows = await lists.answers(run.shift.id)
        telephones = may_telephone(actor, run.shift.school_id, run.slot.organiser_id)
        return AnswersOut(
            coming=sum(row["coming"] is True for row in rows),
            unanswered=sum(row["coming"] is None for row in rows),
            items=[
                AnswerOut(
                    booking_id=row["id"],
                    person_id=row["person_id"],
                    name=row["name"],
                    phone=(row["phone"] or "") if telephones else "",
                    coming=row["coming"],
                    checked_in=row["state"] == "checked_in",
                    reachable=row["reachable"],
                )
                for row in rows
            ],
        )
