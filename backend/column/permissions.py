"""Who may read, write and edit; the only functions that hand a row to a handler."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.column.models import ColumnItem, ColumnItemState, Series
from backend.column.operations.series import Place
from backend.column.queries import feed
from backend.column.rules.items import PrivacyNoticeFirst
from backend.errors import NotAllowed, NotFound
from backend.schools.models import Function, School
from backend.schools.permissions import district_in_sight, school_in_sight
from backend.web.actor import Actor, Role


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody works on series; ``author_id`` narrows it to what they wrote."""

    place: Place
    author_id: UUID | None = None


class SeriesSight(msgspec.Struct, frozen=True, kw_only=True):
    """A series as the caller may see it: as its editor, a writer, a reader."""

    series: Any
    edits: bool
    writes: bool
    reads: bool


class ItemSight(msgspec.Struct, frozen=True, kw_only=True):
    """An item as the caller may see it; ``contributed``: these are the caller's own words."""

    item: Any
    series: Any
    edits: bool
    wrote: bool
    contributed: bool
    reads: bool

    @property
    def works(self) -> bool:
        return self.edits or self.wrote or self.contributed


def edits(actor: Actor, series: Series) -> bool:
    """A school's series is its administrators' and principal's, a district's its officers'."""
    if series.school_id is not None:
        return actor.runs_school(series.school_id)
    return actor.holds(Role.DISTRICT_OFFICER, district=series.district_id)


def writes(actor: Actor, series: Series) -> bool:
    """Class teachers write for their school's series too; others review it."""
    if edits(actor, series):
        return True
    return series.school_id is not None and _is_class_teacher(actor, series.school_id)


def reading_at(actor: Actor) -> list[UUID]:
    """Return the caller's schools whose column they read, as guardian or staff."""
    return sorted(actor.school_ids - set(actor.closed(Function.COURSES)))


async def series_in_sight(actor: NamedDependency[Actor], series_id: FromPath[UUID]) -> SeriesSight:
    """A series the caller works on, or that reaches a school of theirs. Raises
    :class:`NotFound`.
    """
    series = await Series.get_or_none(id=series_id)
    if series is None or series.school_id in actor.closed(Function.COURSES):
        raise NotFound
    sight = SeriesSight(
        series=series,
        edits=edits(actor, series),
        writes=writes(actor, series),
        reads=await _reaches(actor, series),
    )
    if not (sight.edits or sight.writes or sight.reads):
        raise NotFound
    return sight


async def series_to_edit(series_sight: NamedDependency[SeriesSight]) -> Series:
    """Raises :class:`NotAllowed`."""
    if not series_sight.edits:
        raise NotAllowed
    series: Series = series_sight.series
    return series


async def series_to_write(series_sight: NamedDependency[SeriesSight]) -> Series:
    """Raises :class:`NotAllowed`."""
    if not series_sight.writes:
        raise NotAllowed
    series: Series = series_sight.series
    return series


async def series_to_read(series_sight: NamedDependency[SeriesSight]) -> Series:
    """Raises :class:`NotAllowed` for those who only work on it."""
    if not series_sight.reads:
        raise NotAllowed
    series: Series = series_sight.series
    return series


async def item_in_sight(actor: NamedDependency[Actor], item_id: FromPath[UUID]) -> ItemSight:
    """An item the caller works on or wrote, or that was released for a school of theirs.

    Raises :class:`NotFound`.
    """
    item = await ColumnItem.get_or_none(id=item_id).select_related("series")
    if item is None or not isinstance(item.series, Series):
        raise NotFound
    series = item.series
    contributed = item.contributor_id == actor.person_id
    if series.school_id in actor.closed(Function.COURSES) and not contributed:
        raise NotFound
    sight = ItemSight(
        item=item,
        series=series,
        edits=edits(actor, series),
        wrote=item.author_id == actor.person_id and writes(actor, series),
        contributed=contributed,
        reads=item.state == ColumnItemState.RELEASED
        and await feed.reaches(reading_at(actor), item.id),
    )
    if not (sight.works or sight.reads):
        raise NotFound
    return sight


async def item_to_edit(sight: NamedDependency[ItemSight]) -> ColumnItem:
    """Raises :class:`NotAllowed`."""
    if not sight.edits:
        raise NotAllowed
    item: ColumnItem = sight.item
    return item


async def item_to_write(sight: NamedDependency[ItemSight]) -> ColumnItem:
    """The item, for its author and the editors. Raises :class:`NotAllowed`."""
    if not (sight.edits or sight.wrote):
        raise NotAllowed
    item: ColumnItem = sight.item
    return item


async def item_to_read(sight: NamedDependency[ItemSight]) -> ColumnItem:
    """What has not been released for the caller cannot be marked. Raises
    :class:`NotAllowed`.
    """
    if not sight.reads:
        raise NotAllowed
    item: ColumnItem = sight.item
    return item


async def item_to_adopt(
    series_sight: NamedDependency[SeriesSight], item_id: FromPath[UUID]
) -> ColumnItem:
    """An item of the district's that the caller's school may take up. Raises
    :class:`NotAllowed`, and :class:`NotFound` for what is not released there.
    """
    await series_to_edit(series_sight)
    item = await ColumnItem.get_or_none(id=item_id).select_related("series")
    if item is None or not isinstance(item.series, Series):
        raise NotFound
    home, series = item.series, series_sight.series
    if home.district_id != series.district_id or home.school_id not in (None, series.school_id):
        raise NotFound
    if home.school_id is None and item.released_at is None:
        raise NotFound
    return item


async def contribution_of_mine(
    actor: NamedDependency[Actor], item_id: FromPath[UUID]
) -> ColumnItem:
    """What the caller handed in, wherever their child is by now. Raises :class:`NotFound`."""
    item = await ColumnItem.get_or_none(id=item_id, contributor_id=actor.person_id)
    if item is None:
        raise NotFound
    return item


async def contribution_to_rewrite(
    actor: NamedDependency[Actor], mine: NamedDependency[ColumnItem]
) -> ColumnItem:
    """What the caller handed in, while they may still contribute to that school.

    Raises as :func:`school_to_contribute_to`.
    """
    series = await Series.get(id=mine.series_id)
    assert series.school_id is not None
    await school_to_contribute_to(actor, series.school_id)
    return mine


async def school_to_contribute_to(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> UUID:
    """A school of a child of the caller's, whose privacy notice they accept.

    Raises :class:`NotFound`, :class:`NotAllowed`, :class:`PrivacyNoticeFirst`.
    """
    ties = [tie for tie in actor.ties if tie.school_id == school_id]
    if not ties:
        await school_in_sight(actor, school_id)
        raise NotAllowed
    if not any(tie.consented for tie in ties):
        raise PrivacyNoticeFirst
    return school_id


async def desk_of_school(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> Desk:
    """A school's desk: editors see all of it, class teachers what they wrote.

    Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    school = await school_in_sight(actor, school_id)
    place = Place(district_id=school.district_id, school_id=school.id)
    if actor.runs_school(school.id):
        return Desk(place=place)
    if _is_class_teacher(actor, school.id):
        return Desk(place=place, author_id=actor.person_id)
    raise NotAllowed


async def desk_of_district(actor: NamedDependency[Actor], district_id: FromPath[UUID]) -> Desk:
    """A district's desk, for its officers. Raises :class:`NotFound`, :class:`NotAllowed`."""
    district = await district_in_sight(actor, district_id)
    if not actor.holds(Role.DISTRICT_OFFICER, district=district.id):
        raise NotAllowed
    return Desk(place=Place(district_id=district.id))


async def desk_to_run(desk: NamedDependency[Desk]) -> Place:
    """Whose series the caller makes. Raises :class:`NotAllowed`."""
    if desk.author_id is not None:
        raise NotAllowed
    return desk.place


def _is_class_teacher(actor: Actor, school_id: UUID) -> bool:
    return any(
        seat.role is Role.CLASS_TEACHER and seat.school_id == school_id for seat in actor.seats
    )


async def _reaches(actor: Actor, series: Series) -> bool:
    schools = reading_at(actor)
    if series.school_id is not None:
        return series.school_id in schools
    return await School.filter(id__in=schools, district_id=series.district_id).exists()
