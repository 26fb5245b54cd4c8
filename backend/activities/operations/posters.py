"""An activity's poster: composed of what families may read, drawn once for each version."""

import hashlib
from collections import OrderedDict
from uuid import UUID

import msgspec

from backend import clock
from backend.activities.models import Activity
from backend.activities.queries import lists, places
from backend.activities.rules import posters as rules
from backend.activities.rules.organising import check_state
from backend.database import fetch_one
from backend.media.paper import poster as paper
from backend.media.paper.poster import Poster
from backend.web.limits import Limit, spend
from backend.web.openapi.labels import ENUMS

DRAWINGS = Limit(name="poster_drawings", most=30, seconds=600)
MOST_KEPT = 20
"""Drawings a process remembers: a poster is looked at, and then printed."""

_kept: OrderedDict[str, bytes] = OrderedDict()


async def poster_of(activity: Activity, site: str) -> Poster:
    """Return what stands on the poster; ``site`` is where its code leads.

    Raises :class:`rules.NoPosterOfInvitation`, and ``WrongActivityState`` for what has not
    opened or was called off.
    """
    rules.check_open_to_all(activity)
    check_state(activity, rules.POSTABLE)
    rows = await lists.sessions_of(activity.id)
    home = await fetch_one(
        "SELECT s.name, d.timezone FROM schools s JOIN districts d ON d.id = s.district_id "
        "WHERE s.id = $1",
        activity.school_id,
    )
    assert home is not None
    nodes = await places.nodes(activity.node_ids)
    labels = [
        "全校家长" if node.kind == "school" else node.label
        for node in (nodes[one] for one in activity.node_ids if one in nodes)
    ]
    return rules.poster_of(
        activity,
        [row | {"speakers": msgspec.json.decode(row["speakers"])} for row in rows],
        kind=ENUMS["ActivityKind"][activity.kind],
        host=home["name"],
        audience=labels,
        site=site,
        zone=home["timezone"],
    )


def mark_of(poster: Poster, form: str) -> str:
    """Return a mark that changes when the drawing would."""
    return hashlib.sha256(msgspec.json.encode((poster, form))).hexdigest()[:24]


async def draw(activity: Activity, poster: Poster, form: str, *, by: UUID) -> bytes:
    """Draw it as ``png`` or ``pdf``; the same poster gives the same bytes.

    Raises ``TooMany`` for a hand that never rests.
    """
    mark = mark_of(poster, form)
    if mark not in _kept:
        await spend(DRAWINGS, str(by), clock.now())
        if form == "pdf":
            drawing = await paper.pdf(poster, activity.opened_at or activity.created_at)
        else:
            drawing = await paper.png(poster)
        _kept[mark] = drawing
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(mark)
    return _kept[mark]
