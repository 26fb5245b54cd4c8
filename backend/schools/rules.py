"""What the tree and the calendar may look like.

Nothing here reads the database or the clock: callers bring the facts.
"""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from backend.errors import Refusal


class LeadNotAMember(Refusal):
    """The lead school of a zone is one of its members (requirements V09)."""

    code = "lead_not_a_member"
    zh = "龙头校必须是该教联体实验区的成员校。"
    en = "The lead school must be a member of its zone."


class LeadCannotLeave(Refusal):
    """A zone always keeps its lead school; name another one first."""

    code = "lead_cannot_leave"
    zh = "该校是龙头校，请先指定新的龙头校。"
    en = "This is the zone's lead school; name another lead first."


class InAnotherZone(Refusal):
    """A school belongs to at most one zone at a time."""

    code = "in_another_zone"
    zh = "该校已属于另一个教联体实验区。"
    en = "This school already belongs to another zone."


class OtherDistrict(Refusal):
    code = "other_district"
    zh = "该校不属于本区。"
    en = "This school belongs to another district."


class DatesOutOfOrder(Refusal):
    """Years and terms end after they begin, and terms lie inside their year, apart."""

    code = "dates_out_of_order"
    zh = "日期有误：学期须在学年之内、首尾有序且互不重叠。"
    en = "Terms must lie inside their school year, in order and apart."


def check_lead(school_id: UUID, members: Collection[UUID]) -> None:
    """Raises :class:`LeadNotAMember`."""
    if school_id not in members:
        raise LeadNotAMember


def check_dates(starts_on: date, ends_on: date, terms: Sequence[tuple[date, date]] = ()) -> None:
    """Check a school year and its terms, given in order. Raises :class:`DatesOutOfOrder`."""
    if starts_on >= ends_on:
        raise DatesOutOfOrder
    free_from = starts_on
    for begins, ends in terms:
        if not (free_from <= begins < ends <= ends_on):
            raise DatesOutOfOrder
        free_from = ends


def is_school_day(day: date, override: bool | None, in_term: bool | None) -> bool:
    """Say whether school is held.

    ``override`` is what the district's calendar says of this very day, if anything;
    ``in_term`` whether a term holds the day, or ``None`` where no terms are stored.
    """
    if override is not None:
        return override
    return day.weekday() < 5 and in_term is not False
