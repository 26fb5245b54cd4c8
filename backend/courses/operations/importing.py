"""Importing an outside platform's catalogue: its courses are shown and linked, never fetched.

What is imported is published without a second pair of eyes, for nothing of it is written
here; so only those who run the host import.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.courses.models import Course, CourseKind, ParentSchool, PublicationState
from backend.courses.operations.hosts import check_open
from backend.courses.operations.searching import refresh_search
from backend.courses.rules import importing as rules
from backend.courses.rules.importing import Entry, ImportOutcome, Line
from backend.database import transaction
from backend.identifiers import uuid7
from backend.web.actor import Actor


async def import_catalogue(
    actor: Actor,
    host: ParentSchool,
    platform: str,
    entries: Sequence[Entry],
    *,
    retire_missing: bool,
    dry_run: bool,
) -> list[Line]:
    """Bring the host's courses of ``platform`` in line with its catalogue.

    Returns what became, or with ``dry_run`` would become, of each. Courses the catalogue
    does not name stay, unless ``retire_missing``. Raises ``HostClosed``.
    """
    check_open(host)
    async with transaction():
        # One import of a host after the other, so that each course is made once.
        await ParentSchool.select_for_update(no_key=True).get(id=host.id)
        held = await Course.filter(
            host_id=host.id, external_platform=platform, external_id__not_isnull=True
        ).order_by("external_id")
        if not dry_run:
            held = (
                await Course.filter(id__in=[one.id for one in held])
                .order_by("external_id")
                .select_for_update(no_key=True)
            )
        lines = rules.compare(entries, held, retire=retire_missing)
        if dry_run:
            return lines
        now = clock.now()
        known = {course.id: course for course in held}
        said = {entry.external_id: entry for entry in entries}
        for number, line in enumerate(lines):
            if line.outcome is ImportOutcome.CREATED:
                made = await _create(actor, host, platform, said[line.external_id], now)
                lines[number] = Line(
                    external_id=line.external_id,
                    title=line.title,
                    outcome=line.outcome,
                    course_id=made,
                )
            elif line.course_id is not None:
                await _change(known[line.course_id], line, said.get(line.external_id), now)
        await record(
            "courses.catalogue_imported",
            "parent_school",
            host.id,
            by=actor.person_id,
            school_id=host.school_id,
            platform=platform,
            **{str(outcome): _count(lines, outcome) for outcome in ImportOutcome},
        )
        return lines


async def _create(
    actor: Actor, host: ParentSchool, platform: str, entry: Entry, now: datetime
) -> UUID:
    course = Course(
        id=uuid7(),
        host_id=host.id,
        district_id=host.district_id,
        school_id=host.school_id,
        kind=CourseKind.EXTERNAL,
        state=PublicationState.PUBLISHED,
        external_platform=platform,
        external_id=entry.external_id,
        author_id=actor.person_id,
        writer_ids=[actor.person_id],
        created_at=now,
        published_at=now,
        version=1,
    )
    rules.fill(course, entry)
    await course.save()
    await refresh_search(course.id)
    return course.id


async def _change(course: Course, line: Line, entry: Entry | None, now: datetime) -> None:
    if line.outcome is ImportOutcome.CHANGED and entry is not None:
        rules.fill(course, entry)
        if course.state == PublicationState.RETIRED:
            course.state = PublicationState.PUBLISHED
            course.retired_at, course.retired_reason = None, ""
    elif line.outcome is ImportOutcome.RETIRED:
        course.state = PublicationState.RETIRED
        course.retired_at, course.retired_reason = now, rules.GONE
    else:
        return
    course.version += 1
    await course.save()
    await refresh_search(course.id)


def _count(lines: Sequence[Line], outcome: ImportOutcome) -> int:
    return sum(line.outcome is outcome for line in lines)
