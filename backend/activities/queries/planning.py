"""The facts a family's plan is made from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.activities.models import Activity
from backend.activities.queries import lists, registrations
from backend.activities.rules.plans import Child, Hours, Offer
from backend.bookings.queries.outlook import Outlook, outlooks
from backend.web.actor import Actor

_PLANNABLE = frozenset({"free", "not_open_yet", "collides", "draw_open", "answers_needed"})
"""Standings that do not speak against proposing a session: the search sees to clashes, and
a family may plan before the doors open.
"""


async def on_offer(
    actor: Actor, activity: Activity, now: datetime
) -> tuple[list[Offer], dict[UUID, frozenset[UUID]], list[Hours]]:
    """Return the sessions as they stand for the caller, whom each is for, and when the
    caller is committed already.
    """
    rows = await lists.sessions_of(activity.id)
    standings = await outlooks(actor, [row["id"] for row in rows], now)
    offers = [
        _offer(row["id"], row["title"], standings[row["id"]])
        for row in rows
        if row["id"] in standings
    ]
    meant = {row["id"]: frozenset(row["node_ids"] or activity.node_ids) for row in rows}
    if not offers:
        return [], meant, []
    first = min(offer.hours.starts_at for offer in offers)
    last = max(offer.hours.ends_at for offer in offers)
    busy = await registrations.commitments(actor.person_id, first, last)
    return offers, meant, [Hours(row["starts_at"], row["ends_at"]) for row in busy]


def _offer(session_id: UUID, title: str, outlook: Outlook) -> Offer:
    row = outlook.row
    drawn_later = row["mode"] == "draw" and not row["drawn"]
    return Offer(
        session_id=session_id,
        title=title,
        hours=Hours(row["starts_at"], row["ends_at"]),
        free=row["capacity"] if drawn_later else row["free"],
        bar=None if outlook.standing in _PLANNABLE else _BARS.get(outlook.standing),
    )


_BARS = {
    "mine": "booked",
    "full": "full",
    "ended": "ended",
    "called_off": "called_off",
    "not_invited": "not_invited",
    "needs": "needs",
    "not_eligible": "not_for_child",
    "for_families": "not_for_child",
}


async def children_of(
    actor: Actor,
    activity: Activity,
    meant: dict[UUID, frozenset[UUID]],
    wishes: Sequence[tuple[UUID, int, Sequence[UUID], Sequence[UUID]]],
) -> list[Child]:
    """Return the children as the search takes them.

    ``wishes`` are student, number of sessions, sessions wished for in order, and sessions
    to avoid; the students are the caller's own.
    """
    held = await registrations.held_by(activity.id, [wish[0] for wish in wishes])
    paths = {
        tie.student_id: {tie.school_id, tie.grade_id, tie.class_id}
        for tie in actor.ties
        if tie.consented
    }
    return [
        Child(
            student_id=student,
            wanted=wanted,
            wishes=tuple(dict.fromkeys(liked)),
            avoid=frozenset(avoided),
            booked=frozenset(held.get(student, ())),
            suit=frozenset(s for s, nodes in meant.items() if nodes & paths[student]),
        )
        for student, wanted, liked, avoided in wishes
    ]
