"""Whom votes are told about. Titles leave the house: they name no body and no question."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend.ballots.models import Vote
from backend.bookings.rules import wall_clock
from notifications import Message

OPENED = "committees.vote_opened"
REMINDED = "committees.vote_reminded"
CLOSED = "committees.vote_closed"
BLOCKED = "committees.vote_blocked"
OVERDUE = "committees.vote_overdue"
CERTIFIED = "committees.vote_certified"
PUBLISHED = "committees.vote_published"
ANNULLED = "committees.vote_annulled"
OBJECTED = "committees.vote_objected"
ANSWERED = "committees.objection_answered"
PAPER = "committees.paper_entered"


async def opened(vote: Vote, people: Collection[UUID]) -> None:
    """Ask everybody in the electorate for their ballot, once."""
    await _tell(
        vote, people, OPENED, f"{vote.id}",
        "有一项表决等待您投票", "A vote awaits your ballot",
        f"《{vote.title}》，{wall_clock(vote.closes_at)}截止。",
        f"{vote.title}, until {wall_clock(vote.closes_at)}.",
    )  # fmt: skip


async def reminded(vote: Vote, people: Collection[UUID], occasion: str) -> bool:
    """Remind those who have not voted; ``occasion`` tells one reminder from the next."""
    return await _tell(
        vote, people, REMINDED, f"{vote.id}:{occasion}",
        "请尽快投票", "Your ballot is still awaited",
        f"《{vote.title}》，{wall_clock(vote.closes_at)}截止，您尚未投票。",
        f"{vote.title} closes on {wall_clock(vote.closes_at)}; you have not voted yet.",
    )  # fmt: skip


async def closed(vote: Vote, chair: Collection[UUID], days: int) -> None:
    """Ask the chair to certify what was counted, once for each count."""
    await withdraw_invitations(vote.id)
    await _tell(
        vote, chair, CLOSED, f"{vote.id}:{vote.recounts}",
        "投票已截止，请确认结果", "A vote has closed: please certify it",
        f"《{vote.title}》已计票，请在{days}天内确认结果。",
        f"{vote.title} is counted; please certify the result within {days} days.",
    )  # fmt: skip


async def blocked(vote: Vote, people: Collection[UUID]) -> None:
    """Tell those who can help that a closed vote cannot be counted."""
    await withdraw_invitations(vote.id)
    await _tell(
        vote, people, BLOCKED, f"{vote.id}",
        "投票已截止，但尚不能计票", "A vote has closed but cannot be counted",
        f"《{vote.title}》尚不能计票：请复核纸质选票；若密钥已丢失，只能取消后重新表决。",
        f"{vote.title} waits for its paper ballots to be confirmed, or its key is lost.",
    )  # fmt: skip


async def overdue(vote: Vote, chair: Collection[UUID], today: date) -> None:
    """Remind the chair of a result that should have been certified, once a day."""
    await _tell(
        vote, chair, OVERDUE, f"{vote.id}:{today.isoformat()}",
        "有表决结果逾期未确认", "A result should have been certified",
        f"《{vote.title}》的结果已超过确认期限。",
        f"The result of {vote.title} is past the day by which it was to be certified.",
    )  # fmt: skip


async def certified(vote: Vote, people: Collection[UUID]) -> None:
    """Tell the electorate that the result is certified and may be doubted for a while."""
    zh = en = ""
    if vote.objections_until is not None:
        until = wall_clock(vote.objections_until)
        zh, en = f"如有异议请在{until}前提出。", f" Objections are heard until {until}."
    await _tell(
        vote, people, CERTIFIED, f"{vote.id}:{vote.recounts}",
        "表决结果已确认", "The result of a vote is certified",
        f"《{vote.title}》的结果已确认。{zh}",
        f"The result of {vote.title} is certified.{en}",
    )  # fmt: skip


async def published(vote: Vote, people: Collection[UUID]) -> None:
    """Tell the electorate that the result is final and can be checked."""
    await _tell(
        vote, people, PUBLISHED, f"{vote.id}",
        "表决结果已公布", "The result of a vote is published",
        f"《{vote.title}》的结果已公布，可下载核验文件。",
        f"The result of {vote.title} is published, with a file to check it by.",
    )  # fmt: skip


async def annulled(vote: Vote, people: Collection[UUID]) -> None:
    """Tell the electorate that a vote was called off, and why."""
    await withdraw_invitations(vote.id)
    await _tell(
        vote, people, ANNULLED, f"{vote.id}",
        "一项表决已取消", "A vote has been called off",
        f"《{vote.title}》的表决已取消：{vote.annulled_reason}",
        f"The vote on {vote.title} has been called off: {vote.annulled_reason}",
    )  # fmt: skip


async def objected(vote: Vote, objection_id: UUID, people: Collection[UUID]) -> None:
    """Tell those who have to answer that somebody doubts the count."""
    await _tell(
        vote, people, OBJECTED, f"{objection_id}",
        "有人对表决结果提出异议", "Somebody objects to the result of a vote",
        f"《{vote.title}》的结果收到一份异议，请处理。",
        f"There is an objection to the result of {vote.title}.",
    )  # fmt: skip


async def answered(vote: Vote, objection_id: UUID, people: Collection[UUID]) -> None:
    """Tell whoever objected, and the chair, that the objection is answered."""
    await _tell(
        vote, people, ANSWERED, f"{objection_id}",
        "对表决结果的异议已有答复", "The objection to a vote is answered",
        f"对《{vote.title}》结果的异议已有答复。",
        f"The objection to the result of {vote.title} is answered.",
    )  # fmt: skip


async def paper_entered(vote: Vote, people: Collection[UUID], entry: str) -> None:
    """Ask the others who keep the body's papers to confirm what was entered."""
    await _tell(
        vote, people, PAPER, f"{vote.id}:{entry}",
        "有纸质选票等待复核", "Paper ballots await a second pair of eyes",
        f"《{vote.title}》录入了纸质选票，请另一人复核。",
        f"Paper ballots were entered for {vote.title}; somebody else must confirm them.",
    )  # fmt: skip


async def withdraw_invitations(vote_id: UUID) -> None:
    """Keep back invitations that have not been sent: there is nothing left to vote on."""
    await notifications.withdraw(f"{OPENED}:{vote_id}")


async def _tell(
    vote: Vote, people: Collection[UUID], occasion: str, key: str,
    title_zh: str, title_en: str, body_zh: str, body_en: str,
) -> bool:  # fmt: skip
    return await notifications.tell(
        people,
        Message(
            occasion=occasion,
            category="committee",
            title_zh=title_zh,
            title_en=title_en,
            body_zh=body_zh,
            body_en=body_en,
            link=f"/votes/{vote.id}",
            subject_id=vote.id,
        ),
        once=f"{occasion}:{key}",
    )
