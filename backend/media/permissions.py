"""Who may hand in files, and whom a link lets through."""

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from backend import clock
from backend.errors import NotFound
from backend.media import links
from backend.media.models import Attachment, Variant
from backend.people.authentication import actor_from
from backend.people.models import Session
from backend.schools.models import School
from backend.settings import Settings
from backend.web.actor import Actor


async def may_upload_to(actor: Actor, school_id: UUID | None, district_id: UUID | None) -> None:
    """Raises :class:`NotFound` unless the caller works at the school or for the district.

    A committee seat at a school counts; being a guardian there does not.
    """
    if district_id is not None:
        if district_id not in actor.district_ids:
            raise NotFound
        return
    if school_id in {seat.school_id for seat in actor.seats}:
        return
    if not await School.filter(id=school_id, district_id__in=actor.district_ids).exists():
        raise NotFound


async def attachment_by_link(
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
    attachment_id: FromPath[UUID],
    variant: FromPath[str],
    link: FromQuery[str] = "",
) -> Attachment:
    """The only way a download gets its attachment.

    The link must have been signed for this file, still be young, and its session still be
    open; if the request is signed in as well, it must be that person in that session.
    Raises :class:`NotFound`, the same for every reason.
    """
    if variant not in tuple(Variant):
        raise NotFound
    claims = links.verify(
        link, attachment_id, Variant(variant), key=settings.secret_key, now=clock.now()
    )
    if claims is None:
        raise NotFound
    if header := request.headers.get("authorization"):
        # A link needs no sign-in, but somebody else's sign-in must not come with it.
        caller = await actor_from(header)
        if caller is not None and caller.session_id != claims.session_id:
            raise NotFound
    open_session = Session.filter(
        id=claims.session_id,
        person_id=claims.person_id,
        person__closed_at=None,
        revoked_at=None,
        expires_at__gt=clock.now(),
    )
    attachment = await Attachment.objects.all().stored().get_or_none(id=attachment_id)
    if attachment is None or not await open_session.exists():
        raise NotFound
    found: Attachment = attachment
    return found
