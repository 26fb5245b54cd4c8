"""Minutes on their way to the district: submitted, filed under a number, or sent back (N23)."""

from uuid import UUID

from tortoise.exceptions import IntegrityError

from backend import clock
from backend.committees.models import MinutesState
from backend.committees.notify import minutes as notify
from backend.committees.operations.minutes import (
    Held,
    hold,
    note,
    officers_and_keepers,
    reopen,
)
from backend.committees.queries import minutes as queries
from backend.committees.rules import minutes as rules
from backend.committees.rules.minutes import STEPS
from backend.database import fetch_one, transaction
from backend.schools.models import District

_NUMBER = """
INSERT INTO minutes_filings AS f (district_id, year, prefix, last) VALUES ($1, $2, $3, 1)
ON CONFLICT (district_id, year) DO UPDATE SET last = f.last + 1
RETURNING prefix, last
"""


async def submit(meeting_id: UUID, *, by: UUID) -> None:
    """Hand confirmed minutes in to the district; said again, it is done already.

    Raises :class:`rules.WrongMinutesState`, and :class:`rules.ObjectionsOpen` while somebody
    may still object or awaits an answer.
    """
    async with transaction():
        held = await hold(meeting_id)
        minutes = held.minutes
        if not STEPS["submit"].is_news(minutes.state):
            return
        now = clock.now()
        left = await queries.unanswered(minutes.id)
        rules.check_unopposed(minutes.objections_until, left, now)
        minutes.state = MinutesState.SUBMITTED
        minutes.submitted_at, minutes.submitted_by = now, by
        await minutes.save(update_fields=["state", "submitted_at", "submitted_by"])
        await note("committees.minutes_submitted", held, by)


async def file(meeting_id: UUID, *, by: UUID) -> None:
    """File submitted minutes under the district's next number of the year; filed ones keep
    theirs.

    Numbers run from 1 without a gap. Raises :class:`rules.WrongMinutesState` and
    :class:`rules.FilingPrefixTaken`.
    """
    async with transaction():
        held = await hold(meeting_id)
        minutes = held.minutes
        if not STEPS["file"].is_news(minutes.state):
            return
        now = clock.now()
        minutes.filing_number = await _next_number(held)
        minutes.state, minutes.filed_at, minutes.filed_by = MinutesState.FILED, now, by
        await minutes.save(update_fields=["state", "filed_at", "filed_by", "filing_number"])
        await note("committees.minutes_filed", held, by, number=minutes.filing_number)
        await notify.filed(held.meeting, minutes, await officers_and_keepers(held.body.id))


async def send_back(meeting_id: UUID, reason: str, *, by: UUID) -> None:
    """Return submitted minutes to those who keep them, and say why.

    Raises :class:`rules.WrongMinutesState`.
    """
    async with transaction():
        held = await hold(meeting_id)
        minutes = held.minutes
        if minutes.state == MinutesState.RETURNED and minutes.returned_reason == reason:
            return
        STEPS["return"].check(minutes.state)
        minutes.state, minutes.returned_reason = MinutesState.RETURNED, reason
        await minutes.save(update_fields=["state", "returned_reason"])
        await note("committees.minutes_returned", held, by, reason=reason)
        await notify.returned(held.meeting, minutes, await officers_and_keepers(held.body.id))


async def correct(meeting_id: UUID, *, by: UUID) -> None:
    """Make returned minutes a draft again, to be corrected, confirmed and submitted anew.

    Raises :class:`rules.WrongMinutesState`.
    """
    async with transaction():
        held = await hold(meeting_id)
        if held.minutes.state == MinutesState.DRAFT:
            return
        STEPS["correct"].check(held.minutes.state)
        was = held.minutes.digest
        await reopen(held)
        await note("committees.minutes_corrected", held, by, was=was)


async def _next_number(held: Held) -> str:
    district = await District.get(id=held.body.district_id)
    words, _ = await queries.wording_of(district.id, None)
    prefix = rules.prefix_of(district.name, words.filing_prefix)
    year = clock.local(clock.now(), district.timezone).year
    try:
        # The year's first number settles the prefix of that year; its row is held until the
        # minutes are filed, so that a number which is drawn is also used.
        row = await fetch_one(_NUMBER, district.id, year, prefix)
    except IntegrityError:
        raise rules.FilingPrefixTaken from None
    assert row is not None
    return rules.filing_number(row["prefix"], year, row["last"])
