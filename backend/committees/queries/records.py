"""What is found of a meeting, gathered for its minutes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend import clock
from backend.ballots.models import Method, Vote, VoteState
from backend.ballots.rules.charter import Share
from backend.ballots.rules.counting import AGAINST, FOR
from backend.committees.models import AgendaItem, Decision, ItemState, Meeting, SeatRole
from backend.committees.rules.record import (
    Attendee,
    DecisionFound,
    ItemFound,
    ObjectionFound,
    OptionVotes,
    Record,
    RecusalFound,
    VoteFound,
)
from backend.database import fetch, fetch_one

_ABOUT = """
SELECT b.id, b.name, b.kind, d.name AS district, d.timezone, coalesce(s.name, '') AS school
FROM bodies b JOIN districts d ON d.id = b.district_id LEFT JOIN schools s ON s.id = b.school_id
WHERE b.id = $1
"""
_SEATS = """
SELECT s.id, s.name, s.role, s.office, s.constituency, a.mode, a.came_at, a.left_at
FROM seats s LEFT JOIN LATERAL (
    SELECT (array_agg(a.mode ORDER BY a.came_at DESC, a.id DESC))[1] AS mode,
           min(a.came_at) AS came_at,
           CASE WHEN bool_and(coalesce(a.left_at < $3, false)) THEN max(a.left_at) END AS left_at
    FROM attendances a WHERE a.meeting_id = $2 AND a.seat_id = s.id
) a ON true
WHERE s.body_id = $1 AND (a.mode IS NOT NULL OR (
    s.state IN ('serving', 'ended') AND s.created_at < $3
    AND s.term_from <= $4::date AND s.term_until >= $4::date
    AND (s.ended_at IS NULL OR s.ended_at > $3)))
ORDER BY array_position(ARRAY['chair', 'vice_chair', 'secretary', 'member'], s.role::text),
         s.name, s.id
"""
_RECUSALS = """
SELECT r.item_id, s.name, r.reason FROM recusals r JOIN seats s ON s.id = r.seat_id
WHERE r.item_id = ANY($1::uuid[]) ORDER BY r.recorded_at, r.id
"""
_QUORUMS = """
SELECT i.id, v.rules -> 'quorum' ->> 'of' AS of, v.rules -> 'quorum' ->> 'out_of' AS out_of,
       v.rules -> 'quorum' ->> 'at_least' AS at_least
FROM agenda_items i JOIN rule_set_versions v ON v.id = i.rule_set_id
WHERE i.id = ANY($1::uuid[])
"""
_OBJECTIONS = """
SELECT o.text, o.upheld, o.answer, o.answered_at, o.raised_at,
       coalesce((SELECT s.name FROM seats s WHERE s.body_id = m.body_id
                 AND s.person_id = o.raised_by ORDER BY s.created_at DESC LIMIT 1), '') AS name
FROM minutes_objections o JOIN minutes m ON m.id = o.minutes_id
WHERE m.meeting_id = $1 AND o.upheld IS NOT NULL
  AND ($2::timestamptz IS NULL OR o.answered_at > $2)
ORDER BY o.answered_at, o.id
"""
_LEFT_OUT = frozenset({ItemState.WITHDRAWN, ItemState.MERGED, ItemState.DECLINED})


async def found(meeting: Meeting) -> Record:
    """Return the record of an ended meeting, as things stand now."""
    about = await fetch_one(_ABOUT, meeting.body_id)
    assert about is not None
    ended_at = meeting.ended_at or meeting.ends_at
    attendees = await _attendees(meeting, ended_at, about["timezone"])
    items = _ordered(await AgendaItem.filter(meeting_id=meeting.id).order_by("position", "id"))
    numbers = {item.id: number for number, item in items}
    return Record(
        body_id=meeting.body_id,
        body=about["name"],
        kind=about["kind"],
        district=about["district"],
        school=about["school"],
        zone=about["timezone"],
        meeting_id=meeting.id,
        meeting=meeting.title,
        started_at=_utc(meeting.started_at or meeting.starts_at),
        ended_at=_utc(ended_at),
        place=meeting.place,
        online=bool(meeting.online_url),
        chair=_who(attendees, SeatRole.CHAIR, SeatRole.VICE_CHAIR),
        secretary=_who(attendees, SeatRole.SECRETARY),
        entitled=meeting.entitled or len(attendees),
        attendees=attendees,
        items=await _items(items, meeting.entitled or len(attendees)),
        decisions=await _decisions(meeting.id, numbers),
        objections=await answered(meeting.id),
    )


async def answered(meeting_id: UUID, after: datetime | None = None) -> tuple[ObjectionFound, ...]:
    """Return the objections to a meeting's minutes answered so far, or only those ``after``."""
    rows = await fetch(_OBJECTIONS, meeting_id, after)
    return tuple(
        ObjectionFound(
            name=row["name"],
            text=row["text"],
            upheld=row["upheld"],
            answer=row["answer"],
            answered_at=_utc(row["answered_at"]),
        )
        for row in rows
    )


async def unsettled(meeting_id: UUID) -> list[str]:
    """Return the titles of items still being voted on, or whose result is not certified."""
    rows = await fetch(
        """
        SELECT i.title FROM agenda_items i LEFT JOIN votes v ON v.id = i.vote_id
        WHERE i.meeting_id = $1 AND i.state <> ALL ($2::text[])
          AND (i.state = 'voting' OR v.state IN ('draft', 'open', 'closed', 'counted'))
        ORDER BY i.position, i.id
        """,
        meeting_id,
        sorted(_LEFT_OUT),
    )
    return [row["title"] for row in rows]


async def _attendees(meeting: Meeting, ended_at: datetime, zone: str) -> tuple[Attendee, ...]:
    held_on = clock.local(ended_at, zone).date()
    rows = await fetch(_SEATS, meeting.body_id, meeting.id, ended_at, held_on)
    return tuple(
        Attendee(
            seat_id=row["id"],
            name=row["name"],
            role=row["role"],
            office=row["office"],
            constituency=row["constituency"],
            mode=row["mode"],
            came_at=_utc(row["came_at"]) if row["came_at"] else None,
            left_at=_utc(row["left_at"]) if row["left_at"] else None,
        )
        for row in rows
    )


def _who(attendees: Iterable[Attendee], *roles: SeatRole) -> str:
    """Return who was there in the first of these roles that anybody was there in."""
    there = [one for one in attendees if one.mode is not None]
    return next((one.name for role in roles for one in there if one.role == role), "")


def _ordered(rows: list[AgendaItem]) -> list[tuple[str, AgendaItem]]:
    """Return the items of a tree from the top, each with its number."""
    shown = [row for row in rows if row.state not in _LEFT_OUT]
    known = {row.id for row in shown}
    below: dict[UUID | None, list[AgendaItem]] = {}
    for row in shown:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)

    out: list[tuple[str, AgendaItem]] = []
    stack = [(str(at), row) for at, row in enumerate(below.get(None, []), 1)][::-1]
    while stack:
        number, row = stack.pop()
        out.append((number, row))
        children = enumerate(below.get(row.id, []), 1)
        stack += [(f"{number}.{at}", child) for at, child in children][::-1]
    return out


async def _items(items: list[tuple[str, AgendaItem]], entitled: int) -> tuple[ItemFound, ...]:
    ids = [row.id for _, row in items]
    recused: dict[UUID, list[RecusalFound]] = {}
    for row in await fetch(_RECUSALS, ids):
        recused.setdefault(row["item_id"], []).append(
            RecusalFound(name=row["name"], reason=row["reason"])
        )
    needed = {
        row["id"]: Share(
            of=int(row["of"]), out_of=int(row["out_of"]), at_least=row["at_least"] == "true"
        )
        for row in await fetch(_QUORUMS, ids)
    }
    wanted = [row.vote_id for _, row in items if row.vote_id]
    votes = {vote.id: vote for vote in await Vote.filter(id__in=wanted)}
    return tuple(
        ItemFound(
            item_id=row.id,
            number=number,
            title=row.title,
            text=row.text,
            state=_state(row.state),
            outcome=row.outcome or None,
            conclusion=row.conclusion,
            reason=row.reason,
            present=row.present,
            has_quorum=row.has_quorum,
            quorum_needed=needed[row.id].needed(entitled - len(recused.get(row.id, ())))
            if row.id in needed
            else None,
            recused=tuple(recused.get(row.id, ())),
            vote=_vote(votes.get(row.vote_id)) if row.vote_id else None,
        )
        for number, row in items
    )


def _state(state: str) -> str:
    """Return what the meeting made of an item: what became of it afterwards is not its matter."""
    later = (ItemState.IN_EXECUTION, ItemState.DONE)
    return ItemState.DECIDED.value if state in later else state


def _vote(vote: Vote | None) -> VoteFound | None:
    """Return a vote as certified; of one that is not, nothing is said."""
    settled = (VoteState.CERTIFIED, VoteState.PUBLISHED, VoteState.ANNULLED)
    if vote is None or vote.state not in settled:
        return None
    tally: Mapping[str, Any] = vote.tally or {}
    labels = {one["key"]: one["label"] for one in vote.options}
    if vote.method == Method.MOTION:
        labels = {FOR: "赞成", AGAINST: "反对"}
    split: Mapping[str, int] | None = tally.get("votes")
    annulled = vote.state == VoteState.ANNULLED
    return VoteFound(
        vote_id=vote.id,
        # Publishing a certified result does not change it.
        state=(VoteState.ANNULLED if annulled else VoteState.CERTIFIED).value,
        method=vote.method,
        mode=vote.mode,
        outcome=vote.outcome or None,
        entitled=vote.entitled,
        cast=int(tally.get("cast") or 0),
        invalid=tally.get("invalid"),
        abstained=tally.get("abstained"),
        of_paper=int(tally.get("of_paper") or 0),
        quorum_needed=tally.get("quorum_needed"),
        options=tuple(
            OptionVotes(key=key, label=label, votes=None if split is None else split.get(key, 0))
            for key, label in labels.items()
        ),
        chosen=tuple(labels.get(key, key) for key in vote.chosen if vote.method != Method.MOTION),
        settled_for=labels.get(vote.tie_settled_for, vote.tie_settled_for),
        certified_at=_utc(vote.certified_at) if vote.certified_at else None,
    )


async def _decisions(meeting_id: UUID, numbers: Mapping[UUID, str]) -> tuple[DecisionFound, ...]:
    rows = await Decision.filter(meeting_id=meeting_id).order_by("number")
    return tuple(
        DecisionFound(
            number=row.number,
            item=numbers.get(row.item_id, "") if row.item_id else "",
            text=row.text,
            owner=row.owner_name,
            due_on=row.due_on,
            digest=row.digest,
        )
        for row in rows
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
