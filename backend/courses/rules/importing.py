"""What an import of an outside platform's catalogue changes.

Nothing here reads the database or the clock: callers bring the facts.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from backend.courses.models import Course, PublicationState
from backend.errors import BadInput

GONE = "外部平台目录中已没有这门课程"
"""Why an import retired a course; only such a one comes back by being imported again."""


class ImportOutcome(StrEnum):
    """What happens to one course. ``withheld``: somebody retired it by hand, and it stays so.
    ``missing``: it is not in the catalogue any more. ``retired``: therefore it is retired.
    """

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHHELD = "withheld"
    MISSING = "missing"
    RETIRED = "retired"


class BadPlatform(BadInput):
    """A platform is named by small letters, digits and hyphens, at most forty."""

    code = "bad_platform"
    zh = "平台代号只能由小写字母、数字和连字符组成，最多40个字符。"
    en = "A platform is named by small letters, digits and hyphens, at most forty."


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One course as the platform lists it; ``minutes`` is how long it says it takes.

    ``brand`` is the platform's name as families know it.
    """

    external_id: str
    brand: str
    title: str
    summary: str
    url: str
    topic: str
    stages: list[str]
    minutes: int | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one course; ``course_id`` is ``None`` before it exists."""

    external_id: str
    title: str
    outcome: ImportOutcome
    course_id: UUID | None = None


_PLATFORM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def platform_of(name: str) -> str:
    """Return the name under which a platform's courses are kept. Raises :class:`BadPlatform`."""
    if not _PLATFORM.fullmatch(name):
        raise BadPlatform(field="platform")
    return name


def compare(entries: Sequence[Entry], held: Sequence[Course], *, retire: bool) -> list[Line]:
    """Return what importing ``entries`` makes of the platform's courses ``held``.

    The lines of the entries come first, in their order, then what they do not name;
    ``retire`` says that this is retired. What is retired already is not told again.
    """
    known = {course.external_id: course for course in held}
    lines = [_line(entry, known.get(entry.external_id)) for entry in entries]
    named = {entry.external_id for entry in entries}
    lines += [
        Line(
            external_id=course.external_id or "",
            title=course.title,
            outcome=ImportOutcome.RETIRED if retire else ImportOutcome.MISSING,
            course_id=course.id,
        )
        for course in held
        if course.external_id not in named and course.state == PublicationState.PUBLISHED
    ]
    return lines


def entry_of(course: Course) -> Entry:
    """Return what the last import said of a course."""
    return Entry(
        external_id=course.external_id or "",
        brand=course.brand,
        title=course.title,
        summary=course.summary,
        url=course.external_url,
        topic=course.topic,
        stages=list(course.stages),
        minutes=course.external_minutes,
    )


def fill(course: Course, entry: Entry) -> None:
    """Let a course say what the platform says of it."""
    course.title, course.summary, course.external_url = entry.title, entry.summary, entry.url
    course.brand = entry.brand
    course.topic, course.stages, course.external_minutes = entry.topic, entry.stages, entry.minutes


def _line(entry: Entry, course: Course | None) -> Line:
    if course is None:
        outcome = ImportOutcome.CREATED
    elif course.state == PublicationState.RETIRED:
        by_import = course.retired_reason == GONE
        outcome = ImportOutcome.CHANGED if by_import else ImportOutcome.WITHHELD
    else:
        same = entry_of(course) == entry
        outcome = ImportOutcome.UNCHANGED if same else ImportOutcome.CHANGED
    return Line(
        external_id=entry.external_id,
        title=entry.title,
        outcome=outcome,
        course_id=course.id if course else None,
    )
