"""The pictures that findings and steps carry: handing them in, showing them."""

import hashlib
from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body

from backend import clock
from backend.errors import Busy, Refusal, TooMany
from backend.media import operations as media
from backend.media import rules as media_rules
from backend.media.models import Attachment
from backend.media.schemas import AttachmentOut
from backend.media.storage import Files
from backend.settings import Settings
from backend.volunteering.permissions.duties import duty_shift
from backend.volunteering.queries.logs import DutyShift
from backend.volunteering.rules import logs as rules
from backend.volunteering.schemas.logs import PhotoForm
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, once
from backend.web.policy import Policy
from backend.web.problems import refusals

LARGEST_PHOTO = 11 * 1024 * 1024


class DutyPhotos(Controller):
    """Handing in a picture on duty: parents have no other door for files."""

    path = "/shifts/{shift_id:uuid}/photos"
    dependencies = {"shift": Provide(duty_shift)}

    @post(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="uploadDutyPhoto",
        summary="上传值班照片 Upload a photo on duty",
        request_max_body_size=LARGEST_PHOTO,
        responses=refusals(
            rules.MediationHasNoLog,
            rules.NotOnDuty,
            rules.LogClosed,
            media_rules.FileTooLarge,
            media_rules.FileTypeRefused,
            media_rules.HeicRefused,
            media_rules.FileEmpty,
            media_rules.ImageUnreadable,
            media_rules.ImageTooManyPixels,
            media_rules.ImageAnimated,
            media_rules.ImageTooHeavy,
            media_rules.StorageFull,
            TooMany,
            Busy,
        ),
    )
    async def upload_duty_photo(
        self,
        actor: NamedDependency[Actor],
        shift: NamedDependency[DutyShift],
        settings: NamedDependency[Settings],
        files: NamedDependency[Files],
        data: Annotated[PhotoForm, Body(media_type=RequestEncodingType.MULTI_PART)],
        idempotency_key: KeyHeader = None,
    ) -> AttachmentOut:
        """Hand in a picture for a finding or a recheck; unless one carries it, it is gone a
        day later.
        """
        if idempotency_key is None:
            raise KeyNeeded(field="Idempotency-Key")
        rules.check_has_log(shift.duty)
        rules.check_writable(shift.booking, shift.starts_at, shift.ends_at, clock.now())
        content = await data.file.read()
        if media_rules.sniff(content) is media_rules.Format.PDF:
            raise media_rules.FileTypeRefused
        photo = await media.receive(
            actor.person_id, data.file.filename, content, files=files, school_id=shift.school_id
        )

        async def admit() -> UUID:
            await media.admit(photo)
            return photo.id

        asked = (shift.id, data.file.filename, hashlib.sha256(content).hexdigest())
        try:
            kept = await once(
                actor.person_id, "uploadDutyPhoto", idempotency_key, asked, UUID, admit,
                secret=settings.secret_key,
            )  # fmt: skip
        except Refusal:
            await media.discard([photo], files=files)
            raise
        return AttachmentOut.of(
            await media.kept_instead(photo, kept, files=files),
            person_id=actor.person_id,
            session_id=actor.session_id,
            key=settings.secret_key,
            now=clock.now(),
        )


async def photos_of(
    owner_ids: Collection[UUID], actor: Actor, settings: Settings
) -> dict[UUID, list[AttachmentOut]]:
    """Return what each owner carries, with links that work for the caller only."""
    shown: dict[UUID, list[AttachmentOut]] = {owner_id: [] for owner_id in owner_ids}
    rows = await Attachment.filter(
        owner_id__in=list(owner_ids), stored_at__not_isnull=True
    ).order_by("attached_at", "id")
    now = clock.now()
    for row in rows:
        if row.owner_id is not None:
            shown[row.owner_id].append(
                AttachmentOut.of(
                    row,
                    person_id=actor.person_id,
                    session_id=actor.session_id,
                    key=settings.secret_key,
                    now=now,
                )
            )
    return shown


DUTY = (DutyPhotos,)
