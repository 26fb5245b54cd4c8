"""Series: making them, changing their rhythm, pausing and ending them."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.column.models import Series, SeriesKind, SeriesState
from backend.column.queries import reach
from backend.column.rules import series as rules
from backend.database import transaction
from backend.schools.models import Department, District, School


class SeriesPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What editors decide; ``weekday`` 1 is Monday, ``minute`` counts from local midnight."""

    title: str
    minute: int
    cadence_days: int = 7
    weekday: int | None = None
    per_release: int = 1
    topics: list[str] = []
    department_id: UUID | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose series: a school's, or without a school the district's own."""

    district_id: UUID
    school_id: UUID | None = None


async def keep_column(place: Place, plan: SeriesPlan, *, by: UUID) -> Series:
    """Make the place's one column, or change it. Raises what :func:`change` does."""
    async with transaction():
        await _lock(place)
        made = await Series.get_or_none(
            district_id=place.district_id, school_id=place.school_id, kind=SeriesKind.COLUMN
        )
        if made is not None:
            return await change(made.id, plan, by=by)
        return await _make(place, SeriesKind.COLUMN, plan, by=by)


async def make_tips(place: Place, plan: SeriesPlan, *, by: UUID) -> Series:
    """Make a series of tips. Raises :class:`rules.TopicsDoNotFit`,
    :class:`rules.WeekdayDoesNotFit` and :class:`rules.NotYourDepartment`.
    """
    async with transaction():
        return await _make(place, SeriesKind.TIPS, plan, by=by)


async def change(series_id: UUID, plan: SeriesPlan, *, by: UUID) -> Series:
    """Change a series. A new rhythm begins with its next occasion from now.

    Raises :class:`rules.SeriesOver` and what :func:`make_tips` does.
    """
    async with transaction():
        series = await Series.select_for_update().get(id=series_id)
        rules.check_going(series.state)
        rhythm = (series.cadence_days, series.weekday, series.minute)
        await _fill(series, plan)
        if rhythm != (series.cadence_days, series.weekday, series.minute):
            series.next_release_at = await _first(series)
        await series.save()
        await _note("column.series_changed", series, by, cadence_days=series.cadence_days)
        return series


async def set_state(series_id: UUID, state: SeriesState, *, by: UUID) -> Series:
    """Pause, take up again or end. What fell into a pause is not made up for.

    Raises :class:`rules.SeriesOver`.
    """
    async with transaction():
        series = await Series.select_for_update().get(id=series_id)
        if series.state == state:
            return series
        rules.check_going(series.state)
        now = clock.now()
        if state is SeriesState.ACTIVE and series.next_release_at <= now:
            zone = await reach.zone_of(series.district_id)
            series.next_release_at = rules.next_occasion(
                series.next_release_at, now, series.cadence_days, series.minute, zone
            )
        series.state = state
        await series.save()
        await _note("column.series_state", series, by, state=state)
        return series


async def _make(place: Place, kind: SeriesKind, plan: SeriesPlan, *, by: UUID) -> Series:
    series = Series(
        district_id=place.district_id,
        school_id=place.school_id,
        kind=kind,
        created_at=clock.now(),
    )
    await _fill(series, plan)
    series.next_release_at = await _first(series)
    await series.save()
    await _note("column.series_made", series, by, kind=kind)
    return series


async def _fill(series: Series, plan: SeriesPlan) -> None:
    rules.check_topics(SeriesKind(series.kind), plan.topics)
    rules.check_weekday(plan.weekday, plan.cadence_days)
    if plan.department_id is not None:
        ours = Department.filter(id=plan.department_id, district_id=series.district_id)
        if not await ours.exists():
            raise rules.NotYourDepartment(field="departmentId")
    series.title, series.department_id = plan.title, plan.department_id
    series.topics = sorted(set(plan.topics))
    series.cadence_days, series.weekday = plan.cadence_days, plan.weekday
    series.minute, series.per_release = plan.minute, plan.per_release


async def _first(series: Series) -> datetime:
    zone = await reach.zone_of(series.district_id)
    return rules.first_occasion(clock.now(), series.weekday, series.minute, zone)


async def _lock(place: Place) -> None:
    """Two who make the same column at once get the same one."""
    if place.school_id is not None:
        await School.select_for_update(no_key=True).get(id=place.school_id)
    else:
        await District.select_for_update(no_key=True).get(id=place.district_id)


async def _note(action: str, series: Series, by: UUID, **facts: object) -> None:
    await record(action, "series", series.id, by=by, school_id=series.school_id, **facts)
