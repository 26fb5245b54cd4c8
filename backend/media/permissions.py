"""Who may hand in files, and whom a link lets through."""

import hashlib
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from backend import clock
from backend.errors import NotFound
from backend.media import links
from backend.media.models import Attachment, Readiness, Upload, Variant
from backend.media.storage import Files
from backend.people.authentication import actor_from
from backend.people.models import Session
from backend.schools.models import School
from backend.web.actor import Actor, Role

REMEMBERED_SECONDS = 5.0
"""How much longer a link to a film may work than the session it was signed for."""
_MOST_REMEMBERED = 4096


async def may_upload_to(actor: Actor, school_id: UUID | None, district_id: UUID | None) -> None:
    """Raises :class:`NotFound` unless the caller works at the school or for the district.

    A committee seat counts where it is held; being a guardian there does not.
    """
    if district_id is not None:
        if district_id not in actor.district_ids:
            raise NotFound
        return
    if school_id in {seat.school_id for seat in actor.seats}:
        return
    # Guardians on a district's committee have no business at its schools.
    offices = {seat.district_id for seat in actor.seats if seat.role is Role.DISTRICT_OFFICER}
    if not await School.filter(id=school_id, district_id__in=offices).exists():
        raise NotFound


async def may_hand_in(actor: Actor, school_id: UUID | None, district_id: UUID | None) -> bool:
    """Return whether the caller may hand in documents too, and not only pictures.

    Who works there may; a guardian of a child of the school may hand in pictures. Raises
    :class:`NotFound` for anybody else.
    """
    try:
        await may_upload_to(actor, school_id, district_id)
    except NotFound:
        if school_id not in {tie.school_id for tie in actor.ties}:
            raise
        return False
    return True


async def my_upload(actor: NamedDependency[Actor], upload_id: FromPath[UUID]) -> Upload:
    """Return an upload the caller has begun and may still go on with.

    Raises :class:`NotFound` for anybody else's, one whose day is over, and when the caller
    no longer works there.
    """
    upload = await Upload.get_or_none(
        id=upload_id, person_id=actor.person_id, expires_at__gt=clock.now()
    )
    if upload is None:
        raise NotFound
    await may_upload_to(actor, upload.school_id, None if upload.school_id else upload.district_id)
    return upload


class Lending(msgspec.Struct, frozen=True):
    """What handing files out takes: the store, and the key that links are signed with.

    It is one dependency instead of two, because each costs a short range its part. Below
    ``accel`` a proxy in front finds the files itself, if it is there.
    """

    files: Files
    key: str
    accel: str | None = None


class Opened(msgspec.Struct, frozen=True):
    """What a link has opened; ``sizes`` keeps the sizes of its files for the next range.

    It is good until ``until``, a POSIX time, if it is remembered, and for once otherwise.
    """

    lending: Lending
    attachment: Attachment
    sizes: dict[str, int]
    until: float = 0.0


_opened: dict[bytes, Opened] = {}


async def opened_by_link(
    request: Request[Any, Any, Any],
    lending: NamedDependency[Lending],
    attachment_id: FromPath[UUID],
    variant: FromPath[str],
    link: FromQuery[str] = "",
) -> Opened:
    """The only way a download gets its attachment.

    The link must have been signed for this file, still be young, and its session still be
    open; if the request is signed in as well, it must be that person in that session.
    Raises :class:`NotFound`, the same for every reason.
    """
    if variant not in tuple(Variant):
        raise NotFound
    return await _opened_by(request, attachment_id, variant, link, lending)


async def opened_by_stream_link(
    request: Request[Any, Any, Any],
    lending: NamedDependency[Lending],
    attachment_id: FromPath[UUID],
    link: FromPath[str],
) -> Opened:
    """Like :func:`opened_by_link`, for any file of the attachment's stream."""
    return await _opened_by(request, attachment_id, links.STREAM, link, lending)


async def _opened_by(
    request: Request[Any, Any, Any], attachment_id: UUID, what: str, link: str, lending: Lending
) -> Opened:
    """Look it up, or, for what is played, remember it from a moment ago.

    A player asks for hundreds of ranges; each would cost two questions to the database.
    """
    now = clock.now()
    claims = links.verify(link, attachment_id, what, key=lending.key, now=now)
    if claims is None:
        raise NotFound
    header = request.headers.get("authorization", "")
    asked = _digest(attachment_id, what, claims, header)
    found = _opened.get(asked)
    if found is not None and now.timestamp() < found.until:
        return found
    if header:
        # A link needs no sign-in, but somebody else's sign-in must not come with it.
        caller = await actor_from(header)
        if caller is not None and caller.session_id != claims.session_id:
            raise NotFound
    open_session = Session.filter(
        id=claims.session_id,
        person_id=claims.person_id,
        person__closed_at=None,
        revoked_at=None,
        expires_at__gt=now,
    )
    attachment = await Attachment.objects.all().stored().get_or_none(id=attachment_id)
    if attachment is None or not await open_session.exists():
        raise NotFound
    if not (attachment.is_played and attachment.state == Readiness.READY):
        return Opened(lending, attachment, {})
    until = min(now.timestamp() + REMEMBERED_SECONDS, claims.expires.timestamp())
    if len(_opened) >= _MOST_REMEMBERED:
        _opened.clear()
    _opened[asked] = found = Opened(lending, attachment, {}, until)
    return found


def remembered(attachment_id: UUID, what: str, link: str, key: str) -> Opened | None:
    """Return what this link opened a moment ago for somebody who bore no token with it."""
    now = clock.now()
    claims = links.verify(link, attachment_id, what, key=key, now=now)
    if claims is None:
        return None
    found = _opened.get(_digest(attachment_id, what, claims, ""))
    return found if found is not None and now.timestamp() < found.until else None


def _digest(attachment_id: UUID, what: str, claims: links.Claims, header: str) -> bytes:
    ids = attachment_id.bytes + claims.person_id.bytes + claims.session_id.bytes
    return hashlib.sha256(ids + f"{what} {header}".encode()).digest()
