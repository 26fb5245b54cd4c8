"""Handing files in, part by part."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, HeaderParameter, JSONBody

from backend import clock
from backend.errors import Busy, NotFound, TooMany
from backend.media import rules
from backend.media.models import Upload, UploadPart
from backend.media.operations import uploads
from backend.media.permissions import may_upload_to, my_upload
from backend.media.schemas import AttachmentOut, UploadIn, UploadOut
from backend.media.storage import Files
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class Uploads(Controller):
    """Beginning an upload."""

    path = "/uploads"

    @post(
        opt={"policy": Policy.SIGNED_IN},
        summary="开始分片上传 Begin an upload",
        responses=refusals(
            rules.FileTooLarge, rules.SchoolQuotaFull, rules.StorageFull, NotFound, TooMany
        ),
    )
    async def begin_upload(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        files: NamedDependency[Files],
        data: JSONBody[UploadIn],
        idempotency_key: KeyHeader = None,
    ) -> UploadOut:
        """Announce a file; then send its parts, in any order, and complete it in a day."""
        await may_upload_to(actor, data.school_id, data.district_id)

        async def act() -> UUID:
            row = await uploads.begin(
                actor.person_id,
                data.filename,
                data.byte_size,
                data.sha256,
                files=files,
                school_id=data.school_id,
                district_id=data.district_id,
            )
            return row.id

        upload_id = await once(
            actor.person_id, "beginUpload", idempotency_key, data, UUID, act,
            secret=settings.secret_key,
        )  # fmt: skip
        return await _shown(await my_upload(actor, upload_id))


class OneUpload(Controller):
    """An upload of the caller's, and what has arrived of it."""

    path = "/uploads/{upload_id:uuid}"
    dependencies = {"upload": Provide(my_upload)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        summary="上传进度 What has arrived of an upload",
        responses=refusals(NotFound),
    )
    async def get_upload(self, upload: NamedDependency[Upload]) -> UploadOut:
        """Say which parts have arrived."""
        return await _shown(upload)

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        summary="放弃上传 Give an upload up",
        responses=refusals(NotFound, rules.UploadJoining),
    )
    async def give_up_upload(
        self, upload: NamedDependency[Upload], files: NamedDependency[Files]
    ) -> None:
        """Forget an upload and its parts; of a complete one the attachment stays."""
        await uploads.give_up(upload, files=files)

    @put(
        "/parts/{number:int}",
        status_code=204,
        opt={"policy": Policy.SIGNED_IN, "raw_body": True},
        summary="上传分片 Send a part",
        request_max_body_size=rules.LARGEST_PART,
        responses=refusals(
            NotFound,
            rules.NoSuchPart,
            rules.PartSizeWrong,
            rules.PartDamaged,
            rules.DigestUnreadable,
            rules.UploadJoining,
            rules.UploadComplete,
            rules.FileTooLarge,
            rules.MediaTypeRefused,
            rules.HeicRefused,
            rules.StorageFull,
        ),
    )
    async def send_part(
        self,
        request: Request[Any, Any, Any],
        upload: NamedDependency[Upload],
        files: NamedDependency[Files],
        number: FromPath[int],
        content_digest: Annotated[str | None, HeaderParameter(name="Content-Digest")] = None,
    ) -> None:
        """Send one part, as it is; sent again it is kept once, another one replaces it.

        ``Content-Digest: sha-256=:…:`` (RFC 9530) has it checked on arrival.
        """
        digest = rules.declared_digest(content_digest)
        body = await request.body()
        await uploads.take_part(upload, number, body, files=files, digest=digest)

    @put(
        "/completion",
        opt={"policy": Policy.SIGNED_IN},
        summary="完成上传 Complete an upload",
        responses=refusals(
            NotFound,
            rules.PartsMissing,
            rules.UploadJoining,
            rules.UploadDigestDiffers,
            rules.FileTooLarge,
            rules.MediaTypeRefused,
            rules.HeicRefused,
            rules.ImageUnreadable,
            rules.ImageTooManyPixels,
            rules.ImageAnimated,
            rules.ImageTooHeavy,
            rules.StorageFull,
            TooMany,
            Busy,
        ),
    )
    async def complete_upload(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        upload: NamedDependency[Upload],
        files: NamedDependency[Files],
    ) -> AttachmentOut:
        """Put the parts together; repeated, it answers the same attachment.

        A video or an audio recording is then prepared in the background.
        """
        return AttachmentOut.of(
            await uploads.complete(upload, files=files),
            person_id=actor.person_id,
            session_id=actor.session_id,
            key=settings.secret_key,
            now=clock.now(),
        )


async def _shown(upload: Upload) -> UploadOut:
    received = await UploadPart.filter(upload_id=upload.id).order_by("number").values_list("number")
    return UploadOut.of(upload, [number for (number,) in received], now=clock.now())
