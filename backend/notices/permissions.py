"""Who may see and do what with a notice; the only functions that hand one to a handler."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.errors import NotAllowed, NotFound
from backend.notices.models import Notice, NoticeState
from backend.notices.operations.drafts import audiences_of, still_speaks
from backend.notices.queries import feed
from backend.schools.models import Function
from backend.web.actor import Actor, Role


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """One notice as the caller may see it.

    ``mine`` is the caller's own view when the notice reached them (see
    ``queries.feed.ONE``); ``manages`` whether they may see its reach and change it.
    """

    notice: Any
    mine: dict[str, Any] | None
    is_author: bool
    manages: bool

    @property
    def children(self) -> set[UUID]:
        """The caller's children the notice concerns."""
        return set(self.mine["students"]) if self.mine else set()


async def notice_in_sight(actor: NamedDependency[Actor], notice_id: FromPath[UUID]) -> Sight:
    """Hand out a notice that reached the caller, or that they wrote or oversee; else 404."""
    notice = await Notice.get_or_none(id=notice_id)
    if notice is None or notice.school_id in actor.closed(Function.NOTICES):
        raise NotFound
    is_author = notice.author_id == actor.person_id and await still_speaks(actor, notice)
    oversees = (
        notice.state != NoticeState.DRAFT
        and notice.school_id is not None
        and actor.runs_school(notice.school_id)
    )
    mine = None
    if notice.state not in (NoticeState.DRAFT, NoticeState.RETURNED, NoticeState.PENDING):
        mine = await feed.as_recipient(actor.person_id, notice.id)
    if mine and notice.state == NoticeState.WITHDRAWN and not mine["is_read"]:
        # Whoever had not opened it need not learn what it was about.
        mine = None
    asked = await _is_asked(actor, notice)
    if not (is_author or oversees or mine or asked):
        raise NotFound
    return Sight(notice=notice, mine=mine, is_author=is_author, manages=is_author or oversees)


async def notice_received(sight: NamedDependency[Sight]) -> Sight:
    """Only recipients mark, confirm and answer."""
    if sight.mine is None:
        raise NotAllowed
    return sight


async def notice_to_manage(sight: NamedDependency[Sight]) -> Sight:
    """The author, and whoever runs the author's school, see the reach and change things."""
    if not sight.manages:
        raise NotAllowed
    return sight


async def notice_to_write(sight: NamedDependency[Sight]) -> Sight:
    """Only the author rewrites or publishes."""
    if not sight.is_author:
        raise NotAllowed
    return sight


async def notice_to_approve(actor: NamedDependency[Actor], sight: NamedDependency[Sight]) -> Sight:
    """The second pair of eyes: whoever runs the author's school."""
    school = sight.notice.school_id
    if school is None or not actor.runs_school(school):
        raise NotAllowed
    return sight


async def notice_for_my_school(
    actor: NamedDependency[Actor], sight: NamedDependency[Sight], school_id: FromPath[UUID]
) -> Sight:
    """A district's notice that waits for the caller's school."""
    if not actor.runs_school(school_id) or sight.notice.school_id is not None:
        raise NotFound
    if (school_id, "families") not in audiences_of(sight.notice):
        raise NotFound
    return sight


async def classes_to_call(actor: Actor) -> list[UUID]:
    """The classes whose families the caller may telephone: those they lead as class teacher."""
    classes = [
        seat.class_id
        for seat in actor.seats
        if seat.role is Role.CLASS_TEACHER and seat.class_id is not None
    ]
    if not classes:
        raise NotAllowed
    return classes


async def _is_asked(actor: Actor, notice: Notice) -> bool:
    """Say whether a district's notice waits for a school the caller runs."""
    if notice.school_id is not None or notice.state == NoticeState.DRAFT:
        return False
    schools = [node for node, who in audiences_of(notice) if who == "families"]
    return any(actor.runs_school(school) for school in schools)
