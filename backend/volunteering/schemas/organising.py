"""What a school decides about its volunteering: duties, settings and templates."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.volunteering.models import DutyKind, ShiftTemplate, VolunteeringSettings
from backend.volunteering.operations.kinds import Decided, KindText
from backend.volunteering.operations.templates import Made, Pattern
from backend.volunteering.schemas.profiles import Weekdays
from backend.volunteering.schemas.shifts import Briefing, DutyKey, Helpers, OnPost, Places, Spot
from backend.web.structs import Count, In, Out, Reason

CourseKey = Annotated[str, Meta(min_length=8, max_length=60, pattern=r"^course:[\w\-]+$")]
Courses = Annotated[list[CourseKey], Meta(max_length=10)]
WallTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["07:20"])]
SkipReason = Annotated[str, Meta(examples=["holiday"])]


class DutyKindIn(In):
    """A duty of the school's own, or its edition of a built-in one."""

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    briefing: Briefing = ""
    needs_approval: bool = False
    needs_skill: bool = False
    needs_teacher: bool = False
    courses: Courses = msgspec.field(default_factory=list)

    def text(self) -> KindText:
        """Return the same in the verbs' own terms."""
        return KindText(**msgspec.structs.asdict(self))


class DutyKindOut(Out):
    """A kind of duty. ``courses`` must be finished, ``needsSkill`` means approved for it."""

    key: str
    name: str
    briefing: str
    needs_approval: bool
    needs_skill: bool
    needs_teacher: bool
    courses: list[str]
    built_in: bool
    is_offered: bool

    @classmethod
    def of(cls, kind: DutyKind, closed: list[str], built_in: set[str]) -> "DutyKindOut":
        return cls(
            key=kind.key,
            name=kind.name,
            briefing=kind.briefing,
            needs_approval=kind.needs_approval,
            needs_skill=kind.needs_skill,
            needs_teacher=kind.needs_teacher,
            courses=list(kind.courses),
            built_in=kind.key in built_in,
            is_offered=kind.key not in closed,
        )


class DutyKindPage(Out):
    """Every kind of duty of a school, the built-in ones first."""

    items: list[DutyKindOut]


class VolunteeringSettingsIn(In):
    """How a school runs its volunteering; units are those of the names."""

    auto_approve: bool = False
    training: Courses = msgspec.field(default_factory=list)
    closed_kinds: Annotated[list[DutyKey], Meta(max_length=50)] = msgspec.field(
        default_factory=list
    )
    shift_minutes: Annotated[int, Meta(ge=15, le=720)] = 120
    capacity: Places = 2
    cancel_hours: Annotated[int, Meta(ge=0, le=168)] = 24
    offer_minutes: Annotated[int, Meta(ge=10, le=1440)] = 1440
    ask_batch: Annotated[int, Meta(ge=1, le=50)] = 5
    ask_gap_minutes: Annotated[int, Meta(ge=10, le=1440)] = 60

    def decided(self) -> Decided:
        """Return the same in the verbs' own terms."""
        return Decided(**msgspec.structs.asdict(self))


class VolunteeringSettingsOut(Out):
    """What the school decided, or the defaults."""

    auto_approve: bool
    training: list[str]
    closed_kinds: list[str]
    shift_minutes: Count
    capacity: Count
    cancel_hours: Count
    offer_minutes: Count
    ask_batch: Count
    ask_gap_minutes: Count

    @classmethod
    def of(cls, settings: VolunteeringSettings) -> "VolunteeringSettingsOut":
        return cls(**{field: getattr(settings, field) for field in cls.__struct_fields__})


class TemplateIn(In):
    """A term of shifts. Without ``weekdays`` (1 is Monday) every school day is meant.

    ``dryRun`` only says what would be made. ``withDays`` puts each shift on the station day
    of its date, made where missing.
    """

    duty: DutyKey
    starts: WallTime
    ends: WallTime
    first_day: date
    last_day: date
    place: Spot = ""
    weekdays: Weekdays = msgspec.field(default_factory=list)
    briefing: Briefing = ""
    capacity: Places | None = None
    minimum: Helpers = 1
    needed_school: OnPost = 0
    needed_police: OnPost = 0
    opens_days_before: Annotated[int, Meta(ge=0, le=90)] | None = None
    teacher_id: UUID | None = None
    with_days: bool = False
    dry_run: bool = False

    def pattern(self) -> Pattern:
        """Return the same in the verbs' own terms."""
        members = msgspec.structs.asdict(self)
        del members["dry_run"]
        starts, ends = _minute(members.pop("starts")), _minute(members.pop("ends"))
        return Pattern(**members, starts_minute=starts, ends_minute=ends)


class TemplateEndIn(In):
    """Why the shifts to come are called off; everybody concerned will read it."""

    reason: Reason


class TemplateOut(Out):
    """What recurs at a school."""

    id: UUID
    duty: str
    place: str
    starts: str
    ends: str
    first_day: date
    last_day: date
    weekdays: list[int]
    capacity: Count
    minimum: Count
    needed_school: Count
    needed_police: Count
    opens_days_before: Count | None
    with_days: bool
    ended: bool

    @classmethod
    def of(cls, template: ShiftTemplate) -> "TemplateOut":
        derived = {"starts", "ends", "ended"}
        kept = {f: getattr(template, f) for f in cls.__struct_fields__ if f not in derived}
        return cls(
            **kept,
            starts=_clock(template.starts_minute),
            ends=_clock(template.ends_minute),
            ended=template.ended_at is not None,
        )


class TemplatePage(Out):
    """A school's templates, the newest first."""

    items: list[TemplateOut]


class SkippedDay(Out):
    """A day without a shift: ``holiday``, ``out_of_term``, ``weekend`` or ``past``."""

    day: date
    reason: SkipReason
    label: str


class TemplateMadeOut(Out):
    """What came of a template; of a dry run, what would."""

    template_id: UUID | None
    dry_run: bool
    made: Count
    existing: Count
    days: list[date]
    skipped: list[SkippedDay]

    @classmethod
    def of(cls, made: Made, *, dry_run: bool) -> "TemplateMadeOut":
        return cls(
            template_id=made.template.id if made.template else None,
            dry_run=dry_run,
            made=len(made.made),
            existing=len(made.existing),
            days=made.made,
            skipped=[SkippedDay(day=s.day, reason=s.reason, label=s.label) for s in made.skipped],
        )


class TemplateEndedOut(Out):
    """How many shifts to come were called off."""

    called_off: Count


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class TeacherCameIn(In):
    """Whether the teacher of record was there."""

    came: bool
