"""Seats and bodies that time ends. Everything bears running twice."""

from backend.committees.operations import bodies as bodies_operations
from backend.committees.operations import seats as operations
from backend.committees.queries import bodies as body_queries
from backend.committees.queries import seats as queries
from backend.rounds import each


async def end_lapsed() -> int:
    """End bodies whose term is over, and seats whose holder is no guardian there any more.

    Every ten minutes; such seats count for nothing from the moment they lapse. Returns how
    many seats were ended beside those of the bodies.
    """
    await each(await body_queries.term_over(), bodies_operations.end_over, what="body")
    bodies = sorted({row["body_id"] for row in await queries.lapsed()})
    return sum(await each(bodies, operations.end_lapsed_of, what="body"))
