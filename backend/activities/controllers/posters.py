"""An activity's poster over HTTP, for the school that hangs it up."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec

from backend.activities.models import Activity
from backend.activities.operations import posters
from backend.activities.permissions import activity_to_post
from backend.activities.rules.organising import WrongActivityState
from backend.activities.rules.posters import NoPosterOfInvitation
from backend.errors import TooMany
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

DRAWN = {"png": "image/png", "pdf": "application/pdf"}


def _answers(media_type: str) -> dict[int, ResponseSpec]:
    said = {200: "The drawing.", 304: "The phone's copy is still good; no body."}
    drawn = {
        status: ResponseSpec(
            bytes if status == 200 else None,
            description=means,
            media_type=media_type,
            generate_examples=False,
        )
        for status, means in said.items()
    }
    return drawn | refusals(WrongActivityState, NoPosterOfInvitation, TooMany)


class ActivityPoster(Controller):
    """A poster drawn from what families may read of the activity."""

    path = "/activities/{activity_id:uuid}/poster"
    dependencies = {"posted": Provide(activity_to_post)}
    opt = {"policy": Policy.STAFF}

    @get(
        "/image",
        operation_id="getPosterImage",
        summary="活动海报图片 The activity's poster as a picture",
        responses=_answers("image/png"),
    )
    async def get_poster_image(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        posted: NamedDependency[Activity],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """A PNG of 1240 by 1754 pixels. Its code leads to ``/activities/{id}`` at this
        installation's address, the same path as in letters, which the app opens.
        """
        return await _drawn(request, actor, posted, "png", settings)

    @get(
        "/document",
        operation_id="getPosterDocument",
        summary="活动海报 PDF The activity's poster as PDF",
        responses=_answers("application/pdf"),
    )
    async def get_poster_document(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        posted: NamedDependency[Activity],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """One page of A4, for printing."""
        return await _drawn(request, actor, posted, "pdf", settings)


async def _drawn(
    request: Request[Any, Any, Any], actor: Actor, activity: Activity, form: str, settings: Settings
) -> Response[bytes]:
    poster = await posters.poster_of(activity, settings.site)
    etag = f'"{posters.mark_of(poster, form)}"'
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers, media_type=DRAWN[form])
    drawing = await posters.draw(activity, poster, form, by=actor.person_id)
    manner = "inline" if form == "png" else "attachment"
    headers["content-disposition"] = f'{manner}; filename="poster-{activity.id}.{form}"'
    return Response(drawing, headers=headers, media_type=DRAWN[form])
