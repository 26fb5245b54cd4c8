"""The drawn cover of a course over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec

from backend import clock
from backend.courses.operations import covers
from backend.courses.permissions.sight import CourseSight, course_in_sight
from backend.courses.queries import authoring as queries
from backend.media import links
from backend.media.models import Variant
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy

DRAWN = {
    status: ResponseSpec(
        bytes if status == 200 else None,
        description=means,
        media_type="image/jpeg",
        generate_examples=False,
    )
    for status, means in (
        (200, "The drawing."),
        (304, "The phone's copy is still good; no body."),
    )
}


class CourseCover(Controller):
    """A picture for a course that nobody chose one for."""

    path = "/courses/{course_id:uuid}/cover"
    dependencies = {"sight": Provide(course_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getCourseCover",
        summary="课程封面 A cover drawn from the course's title",
        responses=DRAWN,
    )
    async def get_course_cover(
        self, request: Request[Any, Any, Any], sight: NamedDependency[CourseSight]
    ) -> Response[bytes]:
        """A JPEG of 1200 by 675 pixels, for a course without a picture of its own;
        ``coverUrl`` leads here or to that picture.
        """
        facts = await queries.course_facts(sight.course.id)
        paper = covers.paper_of(sight.course, facts["host"])
        etag = f'"{covers.mark_of(paper)}"'
        headers = {"etag": etag, "cache-control": "private, max-age=600"}
        if request.headers.get("if-none-match") == etag:
            return Response(b"", status_code=304, headers=headers, media_type="image/jpeg")
        drawing = await covers.draw(paper)
        return Response(drawing, headers=headers, media_type="image/jpeg")


def cover_url(
    course_id: UUID,
    cover_id: UUID | None,
    actor: Actor,
    settings: Settings,
    variant: Variant = Variant.THUMBNAIL,
) -> str:
    """Return the address of a course's cover: the picture somebody chose, by a link that
    works for the caller for some minutes, or the drawn one.
    """
    if cover_id is None:
        return f"/v1/courses/{course_id}/cover"
    return links.url_for(
        cover_id, variant, actor.person_id, actor.session_id,
        key=settings.secret_key, now=clock.now(),
    )  # fmt: skip


DUTY = (CourseCover,)
