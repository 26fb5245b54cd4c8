"""Handing files in, in one step."""

import hashlib
from typing import Annotated
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, HeaderParameter

from backend import clock
from backend.errors import Busy, NotFound, Refusal, TooMany
from backend.media import operations, rules
from backend.media.permissions import may_hand_in
from backend.media.schemas import AttachmentOut, UploadForm
from backend.media.storage import Files
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyNeeded, once
from backend.web.policy import Policy
from backend.web.problems import refusals

LARGEST_FORM = 21 * 1024 * 1024


class Attachments(Controller):
    """Handing in files."""

    path = "/attachments"

    @post(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="uploadAttachment",
        summary="上传附件 Upload an image or a PDF",
        request_max_body_size=LARGEST_FORM,
        responses=refusals(
            rules.FileTooLarge,
            rules.FileTypeRefused,
            rules.PicturesOnly,
            rules.HeicRefused,
            rules.FileEmpty,
            rules.ImageUnreadable,
            rules.ImageTooManyPixels,
            rules.ImageAnimated,
            rules.ImageTooHeavy,
            rules.SchoolQuotaFull,
            rules.StorageFull,
            NotFound,
            TooMany,
            Busy,
        ),
    )
    async def upload_attachment(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        files: NamedDependency[Files],
        data: Annotated[UploadForm, Body(media_type=RequestEncodingType.MULTI_PART)],
        idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
    ) -> AttachmentOut:
        """Hand in an image or a PDF; unless something carries it, it is gone a day later.

        Guardians hand in pictures only, to the schools of their children.
        """
        if idempotency_key is None:
            raise KeyNeeded(field="Idempotency-Key")
        everything = await may_hand_in(actor, data.school_id, data.district_id)
        content = await data.file.read()
        attachment = await operations.receive(
            actor.person_id,
            data.file.filename,
            content,
            files=files,
            school_id=data.school_id,
            district_id=data.district_id,
            pictures_only=not everything,
        )

        async def admit() -> UUID:
            await operations.admit(attachment)
            return attachment.id

        asked = (data.school_id, data.district_id, data.file.filename)
        try:
            kept = await once(
                actor.person_id,
                "uploadAttachment",
                idempotency_key,
                (*asked, hashlib.sha256(content).hexdigest()),
                UUID,
                admit,
                secret=settings.secret_key,
            )
        except Refusal:
            await operations.discard([attachment], files=files)
            raise
        return AttachmentOut.of(
            await operations.kept_instead(attachment, kept, files=files),
            person_id=actor.person_id,
            session_id=actor.session_id,
            key=settings.secret_key,
            now=clock.now(),
        )
