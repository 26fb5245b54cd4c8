"""The bytes themselves, by links the house signed."""

from typing import Any

from litestar import Controller, HttpMethod, Request, Response, route
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream

from backend.errors import NotFound
from backend.media.downloads import Conditions, Handout, handout, serve, streamed
from backend.media.models import Variant
from backend.media.permissions import Opened, opened_by_link, opened_by_stream_link
from backend.web.policy import Policy
from backend.web.problems import refusals

FILE_ANSWERS = {
    status: ResponseSpec(bytes, description=means, media_type="*/*", generate_examples=False)
    for status, means in (
        (200, "The whole file."),
        (206, "The range of bytes asked for."),
        (304, "The phone's copy is still good; no body."),
        (416, "The range lies outside the file; no body."),
    )
}


class AttachmentFile(Controller):
    """One file of an attachment."""

    path = "/attachments/{attachment_id:uuid}/{variant:str}"
    dependencies = {"opened": Provide(opened_by_link)}

    @route(
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        opt={"policy": Policy.SIGNED_LINK},
        summary="下载附件 Download an attachment",
        responses=FILE_ANSWERS | refusals(NotFound),
    )
    async def download_attachment(
        self,
        request: Request[Any, Any, Any],
        opened: NamedDependency[Opened],
        variant: FromPath[str],
    ) -> Response[bytes] | Stream:
        """Download one file by a link the house signed; supports ETag and one byte range."""
        return await _serve(request, handout(opened.attachment, Variant(variant)), opened)


class AttachmentStream(Controller):
    """The files of a stream: playlists and the segments they name."""

    path = "/attachments/{attachment_id:uuid}/stream/{link:str}/{segment:str}"
    dependencies = {"opened": Provide(opened_by_stream_link)}

    @route(
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        opt={"policy": Policy.SIGNED_LINK},
        summary="播放流 Play a stream",
        responses=FILE_ANSWERS | refusals(NotFound),
    )
    async def play_stream(
        self,
        request: Request[Any, Any, Any],
        opened: NamedDependency[Opened],
        segment: FromPath[str],
    ) -> Response[bytes] | Stream:
        """Bring one file of an HLS stream; a playlist names the others beside itself."""
        return await _serve(request, streamed(opened.attachment, segment), opened)


async def _serve(
    request: Request[Any, Any, Any], file: Handout, opened: Opened
) -> Response[bytes] | Stream:
    conditions = Conditions(
        if_none_match=request.headers.get("if-none-match"),
        if_range=request.headers.get("if-range"),
        range=request.headers.get("range"),
    )
    return await serve(
        file,
        conditions,
        files=opened.lending.files,
        head=request.method == "HEAD",
        sizes=opened.sizes,
        accel=opened.lending.accel,
    )
