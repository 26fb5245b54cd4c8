"""Which URLs the parent school answers at: families, authors, whoever runs a host."""

from litestar import Router

from backend.courses.controllers import (
    assignments,
    catalogue,
    courses,
    covers,
    hosts,
    lessons,
    library,
    mine,
    playing,
    quizzes,
    reviews,
    tracks,
)
from backend.schools.features import require
from backend.schools.models import Function

routes = Router(
    path="/",
    route_handlers=[
        *hosts.DUTY,
        *courses.DUTY,
        *covers.DUTY,
        *lessons.DUTY,
        *reviews.DUTY,
        *catalogue.DUTY,
        *mine.DUTY,
        *playing.DUTY,
        *quizzes.DUTY,
        *library.DUTY,
        *tracks.DUTY,
        *assignments.DUTY,
    ],
    guards=[require(Function.COURSES)],
    opt={"function": Function.COURSES},
    tags=["Courses"],
)
