"""Telling stories about votes: an item under discussion, a question, ballots, a result."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from backend import clock
from backend.ballots import sealing
from backend.ballots.rules.charter import ORDINARY, RuleSet
from backend.committees.models import (
    AgendaItem,
    ItemState,
    Matter,
    Meeting,
    MeetingState,
    RuleKind,
    RuleSetVersion,
)
from backend.database import execute, fetch, transaction
from backend.identifiers import uuid7
from seed.cast import Cast
from tests.committees.stories import active_committee, ok
from tests.house import SignIn, Visitor

CHAIR, ADMIN, PRINCIPAL, OFFICER = "周婷", "许建安", "周慕云", "沈知微"
SECRETARY = "李建国"
PARENTS = ("王立强", "刘敏", "高远", "马静")
EVERYBODY = (CHAIR, SECRETARY, *PARENTS)
"""The six guardians of class 三年级1班, who sit on its committee."""


async def committee(as_: SignIn, cast: Cast) -> dict[str, Any]:
    """Return the class committee of six: a chair, a secretary, four members."""
    return await active_committee(as_, cast, CHAIR, *PARENTS, secretary=SECRETARY)


async def under_rules(body_id: UUID, kind: RuleKind, rules: RuleSet) -> RuleSetVersion:
    """Give a body a rule set of its own."""
    known = await RuleSetVersion.filter(body_id=body_id, kind=kind).count()
    return await RuleSetVersion.create(
        id=uuid7(),
        body_id=body_id,
        kind=kind,
        version=known + 1,
        rules=msgspec.to_builtins(rules),
        in_force_from=clock.now(),
    )


async def item(
    cast: Cast,
    body: dict[str, Any],
    rules: RuleSet = ORDINARY,
    *,
    kind: RuleKind = RuleKind.ORDINARY,
    state: ItemState = ItemState.DISCUSSING,
    **more: Any,
) -> AgendaItem:
    """Return an agenda item that is being discussed, under ``rules``."""
    body_id = UUID(body["id"])
    frozen = await under_rules(body_id, kind, rules)
    # A school has each matter once, and a story may put several.
    matter = await Matter.create(
        id=uuid7(),
        school_id=body.get("schoolId"),
        title=f"午餐供应单位的选用（{kind.value} {frozen.version}）",
        rule_kind=kind,
    )
    now = clock.now()
    row: dict[str, Any] = {
        "id": uuid7(),
        "body_id": body_id,
        "matter_id": matter.id,
        "rule_set_id": frozen.id,
        "title": "是否同意调整午餐供应单位",
        "proposer_id": cast.id(CHAIR),
        "state": state,
        "created_at": now,
        "scheduled_at": now - timedelta(days=10),
        "discussed_at": now,
        "present": len(EVERYBODY),
        "has_quorum": True,
    }
    if not more.get("in_writing"):
        row["meeting_id"] = (await _meeting(body_id, cast)).id
    return await AgendaItem.create(**{**row, **more})


async def _meeting(body_id: UUID, cast: Cast) -> Meeting:
    now = clock.now()
    return await Meeting.create(
        id=uuid7(),
        body_id=body_id,
        title="第三次会议",
        starts_at=now - timedelta(minutes=20),
        ends_at=now + timedelta(hours=2),
        state=MeetingState.RUNNING,
        created_by=cast.id(CHAIR),
        created_at=now - timedelta(days=10),
        convened_at=now - timedelta(days=10),
        convened_by=cast.id(CHAIR),
        started_at=now - timedelta(minutes=20),
    )


async def unseat(seat_id: str) -> None:
    """End somebody's seat."""
    await execute(
        "UPDATE seats SET state = 'ended', ended_at = now(), ended_reason = 'dismissed' "
        "WHERE id = $1",
        UUID(seat_id),
    )


def soon(**more: float) -> str:
    """Return a moment from now on, as a phone sends it."""
    return (clock.now() + timedelta(**(more or {"minutes": 30}))).isoformat()


async def drafted(as_: SignIn, item_id: UUID, **more: Any) -> dict[str, Any]:
    """Return the draft of a vote on an item, as its chair reads it."""
    chair = await as_(CHAIR)
    body = {"closesAt": soon(), **more}
    return ok(await chair.post(f"/agenda-items/{item_id}/vote", json=body), 201)


async def opened(as_: SignIn, item_id: UUID, **more: Any) -> dict[str, Any]:
    """Return a vote that has just been opened on an item, as its chair reads it."""
    vote = await drafted(as_, item_id, **more)
    chair = await as_(CHAIR)
    return ok(await chair.put(f"/votes/{vote['id']}/opening", json={}))


async def put(who: Visitor, vote: dict[str, Any], *choice: str, **more: Any) -> httpx.Response:
    """Cast a ballot: sealed on the phone where the vote is secret."""
    body: dict[str, Any] = {"attempt": str(uuid4())}
    if vote["publicKey"] is None:
        body["choice"] = list(choice)
    else:
        body["sealed"] = sealed(vote, *choice)
    return await who.put(f"/votes/{vote['id']}/ballot", json={**body, **more})


def sealed(vote: dict[str, Any], *choice: str, receipt: str | None = None) -> str:
    """Return what a phone seals, made of nothing but what the house has told it."""
    seal = sealing.Seal(
        vote_id=UUID(vote["id"]),
        public_key=vote["publicKey"],
        question_digest=vote["questionDigest"],
        length=vote["sealedLength"],
    )
    ballot = sealing.Ballot(choice=choice, receipt=receipt or secrets.token_hex(16))
    return base64.b64encode(sealing.close(seal, ballot)).decode()


async def cast_by(as_: SignIn, vote: dict[str, Any], choices: dict[str, str], **more: Any) -> None:
    """Let people cast ballots, each one key."""
    for name, choice in choices.items():
        ok(await put(await as_(name), vote, choice, **more))


async def run_out(vote: dict[str, Any]) -> None:
    """Let the deadline of a vote come."""
    async with transaction():
        await execute(
            "UPDATE votes SET closes_at = $2 WHERE id = $1",
            UUID(vote["id"]),
            clock.now() - timedelta(seconds=1),
        )


async def pass_window(vote: dict[str, Any]) -> None:
    """Let the window for objections end."""
    await execute("UPDATE votes SET objections_until = now() WHERE id = $1", UUID(vote["id"]))


async def read(who: Visitor, vote: dict[str, Any]) -> dict[str, Any]:
    return ok(await who.get(f"/votes/{vote['id']}"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def told(occasion: str) -> set[UUID]:
    """Return who has found a letter of an occasion in their inbox."""
    rows = await fetch(
        "SELECT i.person_id FROM post_inbox_item i JOIN post_letter l ON l.id = i.letter_id "
        "WHERE l.occasion = $1",
        occasion,
    )
    return {row["person_id"] for row in rows}


def row_id(vote: dict[str, Any]) -> UUID:
    return UUID(vote["id"])
