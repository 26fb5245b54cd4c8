"""Files over HTTP."""

import hashlib
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, HttpMethod, Request, Response, Router, post, route
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Body, FromPath, HeaderParameter
from litestar.response import Stream

from backend import clock
from backend.errors import Busy, NotFound, Refusal, TooMany
from backend.media import operations, rules
from backend.media.downloads import Conditions, serve
from backend.media.models import Attachment, Variant
from backend.media.permissions import attachment_by_link, may_upload_to
from backend.media.schemas import AttachmentOut, UploadForm
from backend.media.storage import Files
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyNeeded, once
from backend.web.policy import Policy
from backend.web.problems import refusals

LARGEST_FORM = 21 * 1024 * 1024
FILE_ANSWERS = {
    status: ResponseSpec(bytes, description=means, media_type="*/*", generate_examples=False)
    for status, means in (
        (200, "The whole file."),
        (206, "The range of bytes asked for."),
        (304, "The phone's copy is still good; no body."),
        (416, "The range lies outside the file; no body."),
    )
}


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
            rules.HeicRefused,
            rules.FileEmpty,
            rules.ImageUnreadable,
            rules.ImageTooManyPixels,
            rules.ImageAnimated,
            rules.ImageTooHeavy,
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
        """Hand in an image or a PDF; unless something carries it, it is gone a day later."""
        if idempotency_key is None:
            raise KeyNeeded(field="Idempotency-Key")
        await may_upload_to(actor, data.school_id, data.district_id)
        content = await data.file.read()
        attachment = await operations.receive(
            actor.person_id,
            data.file.filename,
            content,
            files=files,
            school_id=data.school_id,
            district_id=data.district_id,
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


class AttachmentFile(Controller):
    """The bytes themselves."""

    path = "/attachments/{attachment_id:uuid}/{variant:str}"
    dependencies = {"attachment": Provide(attachment_by_link)}

    @route(
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        opt={"policy": Policy.SIGNED_LINK},
        summary="下载附件 Download an attachment",
        responses=FILE_ANSWERS | refusals(NotFound),
    )
    async def download_attachment(
        self,
        request: Request[Any, Any, Any],
        attachment: NamedDependency[Attachment],
        files: NamedDependency[Files],
        variant: FromPath[str],
    ) -> Response[bytes] | Stream:
        """Download one file by a link the house signed; supports ETag and one byte range."""
        conditions = Conditions(
            if_none_match=request.headers.get("if-none-match"),
            if_range=request.headers.get("if-range"),
            range=request.headers.get("range"),
        )
        return await serve(
            attachment, Variant(variant), conditions, files=files, head=request.method == "HEAD"
        )


routes = Router(path="/", route_handlers=[Attachments, AttachmentFile], tags=["Media"])
