"""Bodies: founded, begun when they are complete, ended, and founded anew for the next term."""

from datetime import date
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.committees.models import (
    Body,
    BodyKind,
    BodyState,
    Level,
    RuleSetVersion,
    Seat,
    SeatRole,
    SeatState,
)
from backend.committees.notify import seats as notify
from backend.committees.operations import standings
from backend.committees.operations.seats import end_lapsed, finish, locked
from backend.committees.queries import bodies as queries
from backend.committees.queries import seats
from backend.committees.rules import bodies as rules
from backend.committees.rules import charters
from backend.committees.rules.seats import SeatEnd
from backend.database import execute, transaction
from backend.identifiers import uuid7
from backend.schools.models import District, Grade, School, SchoolClass

TERM_OVER = "任期届满"


class BodyContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a body is called and for, and from when until when, both days included."""

    name: str
    remit: str
    term_from: date
    term_until: date


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a body stands."""

    level: Level
    grade_id: UUID | None = None
    class_id: UUID | None = None


async def found(
    place: District | School, kind: BodyKind, at: Place, content: BodyContent, *, by: UUID
) -> Body:
    """Found a body of a school, or of a district itself; it begins when it is complete.

    Raises :class:`rules.WrongLevel`, :class:`rules.BadTerm` and :class:`rules.BodyExists`.
    """
    rules.check_level(kind, at.level, grade=bool(at.grade_id), class_=bool(at.class_id))
    rules.check_term(content.term_from, content.term_until)
    if (at.level is Level.DISTRICT) is not isinstance(place, District):
        raise rules.WrongLevel(field="level")
    body = Body(
        id=uuid7(),
        kind=kind,
        level=at.level,
        district_id=place.id if isinstance(place, District) else place.district_id,
        school_id=None if isinstance(place, District) else place.id,
        grade_id=at.grade_id,
        class_id=at.class_id,
        founded_by=by,
        created_at=clock.now(),
    )
    async with transaction():
        await _place(body)
        await _write(body, content)
        await record(
            "committees.body_founded", "body", body.id, by=by, school_id=body.school_id, kind=kind
        )
        return body


async def rewrite(body_id: UUID, content: BodyContent, *, by: UUID) -> Body:
    """Change what is said of a body that has not begun. The kind and the place stay.

    Raises :class:`rules.WrongBodyState`, :class:`rules.BadTerm` and :class:`rules.BodyExists`.
    """
    rules.check_term(content.term_from, content.term_until)
    async with transaction():
        body = await locked(body_id)
        rules.check_state(body, BodyState.DRAFT)
        await _write(body, content)
        await execute(
            "UPDATE seats SET term_from = $2, term_until = $3 "
            "WHERE body_id = $1 AND state <> 'ended'",
            body_id,
            content.term_from,
            content.term_until,
        )
        await record("committees.body_rewritten", "body", body.id, by=by, school_id=body.school_id)
        return body


async def activate(body_id: UUID, *, by: UUID) -> Body:
    """Let a body begin: its seats are told, and its parents' seats count all over the house.

    Raises :class:`rules.WrongBodyState`, :class:`rules.OutsideTerm`,
    :class:`rules.ConstituenciesMissing` and :class:`rules.ChairMissing`.
    """
    async with transaction():
        body = await locked(body_id)
        rules.check_move(body, BodyState.ACTIVE)
        rules.check_in_term(body, seats.today())
        await end_lapsed(body)
        serving = await seats.serving(body_id)
        rules.check_complete(
            BodyKind(body.kind),
            {seat.constituency for seat in serving},
            chaired=any(seat.role == SeatRole.CHAIR for seat in serving),
        )
        body.state, body.activated_at = BodyState.ACTIVE, clock.now()
        await body.save(update_fields=["state", "activated_at"])
        for seat in await standings.give_all(body, by=by):
            await notify.given(seat, body)
        await record(
            "committees.body_activated", "body", body.id, by=by, school_id=body.school_id,
            seats=len(serving),
        )  # fmt: skip
        return body


async def end(body_id: UUID, reason: str, *, by: UUID | None) -> Body:
    """End a body with all its seats. Raises :class:`rules.WrongBodyState`, and
    :class:`rules.BusinessOpen` while it votes on something.
    """
    async with transaction():
        body = await locked(body_id)
        rules.check_move(body, BodyState.ENDED)
        if by is not None and await queries.is_voting(body_id):
            raise rules.BusinessOpen
        await end_lapsed(body)
        for seat in await Seat.filter(body_id=body_id).exclude(state=SeatState.ENDED):
            await finish(seat, body, SeatEnd.BODY_ENDED, by=by)
        body.state, body.ended_at, body.ended_reason = BodyState.ENDED, clock.now(), reason
        await body.save(update_fields=["state", "ended_at", "ended_reason"])
        await record(
            "committees.body_ended", "body", body.id, by=by, school_id=body.school_id,
            reason=reason,
        )  # fmt: skip
        return body


async def end_over(body_id: UUID) -> Body:
    """End a body whose term is over."""
    return await end(body_id, TERM_OVER, by=None)


async def next_term(body_id: UUID, term_from: date, term_until: date, *, by: UUID) -> Body:
    """Found a body anew for a later term: its seats are not carried over, its rules are.

    Raises :class:`rules.WrongBodyState` for one that has not begun, :class:`rules.BadTerm` and
    :class:`rules.BodyExists`.
    """
    rules.check_term(term_from, term_until)
    async with transaction():
        old = await locked(body_id)
        rules.check_state(old, BodyState.ACTIVE, BodyState.ENDED)
        rules.check_later(old, term_from)
        body = Body(
            id=uuid7(),
            kind=old.kind,
            level=old.level,
            district_id=old.district_id,
            school_id=old.school_id,
            grade_id=old.grade_id,
            class_id=old.class_id,
            founded_by=by,
            created_at=clock.now(),
        )
        content = BodyContent(
            name=old.name, remit=old.remit, term_from=term_from, term_until=term_until
        )
        await _write(body, content)
        await _carry_rules(old, body)
        await record(
            "committees.body_founded", "body", body.id, by=by, school_id=body.school_id,
            kind=body.kind, after=str(old.id),
        )  # fmt: skip
        return body


async def _place(body: Body) -> None:
    """Check that the grade or class is the school's. Raises :class:`rules.WrongLevel`."""
    if body.class_id is not None:
        found = await SchoolClass.get_or_none(id=body.class_id, school_id=body.school_id)
        if found is None:
            raise rules.WrongLevel(field="classId")
        body.grade_id = found.grade_id
        return
    grade = Grade.filter(id=body.grade_id, school_id=body.school_id)
    if body.grade_id is not None and not await grade.exists():
        raise rules.WrongLevel(field="gradeId")


async def _write(body: Body, content: BodyContent) -> None:
    """Keep the body, one of its kind at its place and term. Raises :class:`rules.BodyExists`."""
    if body.kind in rules.ONE_A_PLACE:
        # One after the other, so that the one that is there is always seen.
        await School.select_for_update(no_key=True).get(id=body.school_id)
        term = (content.term_from, content.term_until)
        if await queries.elsewhere_in_term(body.kind, body.node_id, term, body.id):
            raise rules.BodyExists
    body.name, body.remit = content.name, content.remit
    body.term_from, body.term_until = content.term_from, content.term_until
    await body.save()


async def _carry_rules(old: Body, new: Body) -> None:
    own = await RuleSetVersion.filter(body_id=old.id).order_by("version")
    for version in charters.newest(own, clock.now()):
        await RuleSetVersion.create(
            id=uuid7(),
            body_id=new.id,
            kind=version.kind,
            version=1,
            rules=version.rules,
            note=f"沿用上一届第{version.version}版",
            adopted_by=version.adopted_by,
            in_force_from=clock.now(),
        )
