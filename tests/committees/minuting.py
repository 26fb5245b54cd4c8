"""Telling stories about minutes: a meeting that has ended, with what was found at it.

The rows are written as the meeting's own verbs would leave them, so that what stands here
is about minutes alone.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.ballots.models import Outcome, Vote
from backend.ballots.rules.charter import ORDINARY, RuleSet
from backend.committees.models import (
    AgendaItem,
    Attendance,
    ItemState,
    Matter,
    Meeting,
    MeetingState,
    Recusal,
    RuleKind,
    RuleSetVersion,
    Seat,
)
from backend.database import execute
from backend.identifiers import uuid7
from seed.cast import Cast
from tests.committees.agendas import CHAIR, EVERYBODY
from tests.committees.stories import ok
from tests.house import SignIn, Visitor

MOTION = [{"key": "for", "label": "赞成"}, {"key": "against", "label": "反对"}]
TALLY = {
    "entitled": 4, "cast": 4, "valid": 4, "invalid": 0, "abstained": 1, "of_paper": 0,
    "quorum_needed": 3, "has_quorum": True, "base": "decided", "whole": 3, "needed": 2,
    "votes": {"for": 3, "against": 0}, "outcome": "passed", "chosen": [],
}  # fmt: skip


async def ended(
    cast: Cast,
    body: dict[str, Any],
    *,
    there: tuple[str, ...] = EVERYBODY,
    online: tuple[str, ...] = (),
    at: datetime | None = None,
    title: str = "第三次会议",
    **more: Any,
) -> Meeting:
    """Return a meeting that ended at ``at``, which is a minute ago; ``there`` were there."""
    end = at or clock.now() - timedelta(minutes=1)
    begun = end - timedelta(minutes=90)
    body_id = UUID(body["id"])
    seats = {seat.name: seat for seat in await Seat.filter(body_id=body_id, state="serving")}
    by = next(iter(seats.values())).person_id
    await execute("UPDATE seats SET created_at = $2 WHERE body_id = $1", body_id, begun - DAY)
    row: dict[str, Any] = {
        "id": uuid7(), "body_id": body_id, "title": title, "starts_at": begun, "ends_at": end,
        "place": "二楼会议室", "state": MeetingState.ENDED, "created_by": by,
        "created_at": begun - 5 * DAY, "convened_at": begun - 5 * DAY, "convened_by": by,
        "started_at": begun, "ended_at": end, "entitled": len(seats),
    }  # fmt: skip
    meeting = await Meeting.create(**(row | more))
    for name in there:
        await Attendance.create(
            id=uuid7(),
            meeting_id=meeting.id,
            seat_id=seats[name].id,
            mode="online" if name in online else "in_person",
            came_at=begun,
            left_at=end,
            recorded_by=seats[name].person_id,
        )
    return meeting


DAY = timedelta(days=1)


async def item(
    cast: Cast,
    meeting: Meeting,
    *,
    title: str = "是否调整午餐供应单位",
    outcome: Outcome | None = Outcome.PASSED,
    rules: RuleSet = ORDINARY,
    vote: dict[str, Any] | None = None,
    recused: dict[str, str] | None = None,
    **more: Any,
) -> AgendaItem:
    """Return an item of the meeting, decided by a certified vote unless said otherwise."""
    frozen = await _rules(meeting.body_id, rules)
    matter = await Matter.filter(school_id=None, district_id=None, rule_kind="ordinary").first()
    assert matter is not None
    at = meeting.started_at or clock.now()
    row: dict[str, Any] = {
        "id": uuid7(), "body_id": meeting.body_id, "meeting_id": meeting.id,
        "matter_id": matter.id, "rule_set_id": frozen.id, "title": title,
        "text": "请比较三家的试餐结果。", "proposer_id": cast.id(CHAIR),
        "state": ItemState.DECIDED if outcome else ItemState.NOTED, "outcome": outcome or "",
        "conclusion": "第二家口味与价格较好。", "present": 4, "has_quorum": True,
        "position": await AgendaItem.filter(meeting_id=meeting.id).count(),
        "created_at": at - 6 * DAY, "scheduled_at": at - 5 * DAY, "discussed_at": at,
        "decided_at": at if outcome else None,
    }  # fmt: skip
    row |= more
    if outcome or vote is not None:
        row["vote_id"] = await voted(cast, meeting, row, frozen.id, **(vote or {}))
    made = await AgendaItem.create(**row)
    seats = {seat.name: seat for seat in await Seat.filter(body_id=meeting.body_id)}
    for name, reason in (recused or {}).items():
        await Recusal.create(
            id=uuid7(), item_id=made.id, seat_id=seats[name].id, reason=reason,
            recorded_by=seats[name].person_id, recorded_at=at,
        )  # fmt: skip
    return made


async def voted(
    cast: Cast, meeting: Meeting, about: dict[str, Any], rule_set_id: UUID, **more: Any
) -> UUID:
    """Return a vote on an item, certified by the chair."""
    at = meeting.ended_at or clock.now()
    row: dict[str, Any] = {
        "id": uuid7(), "district_id": cast.district.id, "school_id": cast.schools["海湾"].id,
        "subject_id": about["id"], "title": about["title"], "method": "motion",
        "options": MOTION, "mode": "open", "unit": "seat",
        "rules": msgspec.to_builtins(ORDINARY), "rule_set_id": rule_set_id,
        "state": "certified", "created_by": cast.id(CHAIR), "created_at": at, "closes_at": at,
        "opened_at": at, "entitled": 4, "electorate_digest": "e" * 64,
        "question_digest": "d" * 64, "closed_at": at, "close_reason": "everybody",
        "counted_at": at, "tally": TALLY, "outcome": about["outcome"] or "failed",
        "certified_at": at, "certified_by": cast.id(CHAIR),
    }  # fmt: skip
    return (await Vote.create(**(row | more))).id


async def drafted(by: Visitor, meeting: Meeting) -> dict[str, Any]:
    return ok(await by.put(f"/meetings/{meeting.id}/minutes/draft"))


async def confirmed(as_: SignIn, meeting: Meeting) -> dict[str, Any]:
    """Return minutes drafted and confirmed by the chair."""
    chair = await as_(CHAIR)
    draft = await drafted(chair, meeting)
    path = f"/meetings/{meeting.id}/minutes/confirmation"
    return ok(await chair.put(path, json={"digest": draft["digest"]}))


async def let_objections_pass(meeting: Meeting) -> None:
    """Let the days go by in which somebody may object, as the clock would.

    What is fixed cannot be moved, so the guard rests meanwhile.
    """
    await as_nobody_may(
        "UPDATE minutes SET confirmed_at = confirmed_at - interval '4 days', "
        "objections_until = objections_until - interval '4 days' WHERE meeting_id = $1",
        meeting.id,
    )


async def as_nobody_may(sql: str, *values: object) -> None:
    """Write past the database's own guards, as only its owner could."""
    tables = ("minutes", "decisions", "minutes_objections", "minutes_templates")
    for table in tables:
        await execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        await execute(sql, *values)
    finally:
        for table in tables:
            await execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


async def submitted(as_: SignIn, meeting: Meeting) -> dict[str, Any]:
    """Return minutes handed in to the district, nobody having objected."""
    await confirmed(as_, meeting)
    await let_objections_pass(meeting)
    return ok(await (await as_(CHAIR)).put(f"/meetings/{meeting.id}/minutes/submission"))


async def decided(
    by: Visitor, body: dict[str, Any], about: AgendaItem, *, status: int = 201, **more: Any
) -> dict[str, Any]:
    """Enter a decision; without ``seatId`` or ``personId`` nobody's."""
    said = {"itemId": str(about.id), "text": "由第二家单位供应午餐，试行一个月。", **more}
    return ok(await by.post(f"/bodies/{body['id']}/decisions", json=said), status)


async def seat_id(body: dict[str, Any], name: str) -> str:
    seat = await Seat.get(body_id=UUID(body["id"]), name=name, state="serving")
    return str(seat.id)


async def _rules(body_id: UUID, rules: RuleSet) -> RuleSetVersion:
    known = await RuleSetVersion.filter(body_id=body_id).count()
    return await RuleSetVersion.create(
        id=uuid7(), body_id=body_id, kind=RuleKind.ORDINARY, version=known + 1,
        rules=msgspec.to_builtins(rules), in_force_from=clock.now(),
    )  # fmt: skip
