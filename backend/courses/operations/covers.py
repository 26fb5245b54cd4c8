"""The picture of a course that nobody chose one for, drawn from what it is called."""

import hashlib
from collections import OrderedDict

from backend.courses.models import Course
from backend.media.paper import cover
from backend.schools.models import Stage

STAGES = {
    Stage.KINDERGARTEN: "幼儿园",
    Stage.PRIMARY: "小学",
    Stage.JUNIOR: "初中",
    Stage.SENIOR: "高中",
}
MOST_KEPT = 100
"""Drawings a process remembers; a list of courses asks for many, again and again."""

_kept: OrderedDict[str, bytes] = OrderedDict()


def paper_of(course: Course, host: str) -> cover.Cover:
    """Return what stands on the course's cover."""
    return cover.Cover(
        title=course.title,
        subtitle=course.brand,
        host=host,
        stage="、".join(STAGES[Stage(stage)] for stage in course.stages),
        seed=course.id.hex,
    )


def mark_of(paper: cover.Cover) -> str:
    """Return a mark that changes when the drawing would."""
    said = "\n".join((paper.title, paper.subtitle, paper.host, paper.stage, paper.seed))
    return hashlib.sha256(said.encode()).hexdigest()[:24]


async def draw(paper: cover.Cover) -> bytes:
    """Return the cover as a JPEG of 1200 by 675 pixels."""
    mark = mark_of(paper)
    if mark not in _kept:
        _kept[mark] = await cover.jpeg(paper)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(mark)
    return _kept[mark]
