"""家长课堂 and 实践活动 as they are counted."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.activities.models import ActivityKind
from backend.activities.rules.counting import CountedPeriod, remaining
from backend.schools.models import Period
from backend.schools.queries import SMALLEST_SHOWN
from backend.web.structs import Count, Out

YearNumber = Annotated[int, Meta(ge=2000, le=2100)]


class RequiredCountOut(Out):
    """What the policy asks for: at least ``amount`` in each ``period``, with its source.

    ``binding``: the district's schools must; otherwise it is advice from another pack.
    """

    code: str
    subject: str
    amount: Count
    unit: str
    period: Period
    binding: bool
    pack: str
    source: str

    @classmethod
    def of(cls, rule: dict[str, Any] | None) -> "RequiredCountOut | None":
        """Build from a row of ``schools.queries.rule_followed``."""
        return None if rule is None else cls(**rule | {"period": Period(rule["period"])})


class CountedPeriodOut(Out):
    """The days counted, both ends included."""

    kind: Period
    starts_on: date
    ends_on: date

    @classmethod
    def of(cls, within: CountedPeriod | None) -> "CountedPeriodOut | None":
        """Build from the days counted."""
        if within is None:
            return None
        return cls(kind=within.kind, starts_on=within.starts_on, ends_on=within.ends_on)


class HeldOccasionOut(Out):
    """One occasion that was held: the ``sessions`` of an activity that began together.

    ``families`` and ``people`` who came are ``null`` below five, where nobody came too.
    ``pictures`` and ``summarised`` tell what was kept of the whole activity, ``recorded``
    whether there is a video.
    """

    activity_id: UUID
    kind: ActivityKind
    title: str
    starts_at: datetime
    ends_at: datetime
    sessions: Count
    attended: bool
    families: Annotated[int, Meta(ge=5)] | None
    people: Annotated[int, Meta(ge=5)] | None
    pictures: Count
    summarised: bool
    recorded: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> "HeldOccasionOut":
        """Build from a row of ``queries.counts.occasions``."""
        taken = {name: row[name] for name in cls.__struct_fields__ if name in row}
        taken["kind"] = ActivityKind(row["kind"])
        # The row's own ``attended`` counts all the school's occasions.
        taken["attended"] = row["families"] > 0
        for name in ("families", "people"):
            taken[name] = row[name] if row[name] >= SMALLEST_SHOWN else None
        return cls(**taken)


class ParentClassCountOut(Out):
    """How many 家长课堂 and 实践活动 a school has held, both kinds together.

    ``held`` occasions took place; to ``attended`` of them somebody was checked in.
    ``required`` is ``null`` where the district follows no such rule, and ``remaining`` with
    it; ``period`` where its calendar knows no such school year. ``sessions``, latest first
    and at most 200, are told to those who run the school.
    """

    school_id: UUID
    required: RequiredCountOut | None
    period: CountedPeriodOut | None
    held: Count
    attended: Count
    remaining: Count | None
    sessions: list[HeldOccasionOut] | None


class SchoolCountItem(Out):
    """One school's counts."""

    school_id: UUID
    school: str
    held: Count
    attended: Count
    remaining: Count | None


class ParentClassCountPage(Out):
    """A district's schools by code, each with its counts."""

    required: RequiredCountOut | None
    period: CountedPeriodOut | None
    items: list[SchoolCountItem]
    next_cursor: str | None
    has_more: bool


def still_to_hold(rule: dict[str, Any] | None, held: int) -> int | None:
    """Return how many are still to be held, where a number is asked for."""
    return None if rule is None else remaining(rule["amount"], held)
