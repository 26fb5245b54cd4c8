"""What becomes of an item once its turn has come: discussed, voted on, decided, carried out.

The verbs on votes are called inside the transactions of those who hold them.
"""

from collections.abc import Sequence
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.ballots.models import Outcome
from backend.committees.models import AgendaItem, Body, ItemState, MeetingState, Suggestion
from backend.committees.notify import suggestions as notify
from backend.committees.operations.holding import hold_item
from backend.committees.queries import agenda as queries
from backend.committees.queries import attending
from backend.committees.queries import suggestions as backers
from backend.committees.rules import agenda as rules
from backend.committees.rules import meetings
from backend.committees.rules.agenda import STEPS
from backend.database import transaction


async def discuss(by: UUID, item_id: UUID) -> None:
    """Begin an item's discussion at its running meeting: who is there is counted now.

    Raises :class:`rules.WrongItemState`, :class:`rules.AnotherUnderDiscussion` and
    :class:`meetings.WrongMeetingState`.
    """
    async with transaction():
        item, meeting = await hold_item(item_id)
        if not STEPS["discuss"].is_news(item.state):
            return
        if meeting is None or item.rule_set_id is None:
            raise rules.WrongItemState(state=item.state)
        meetings.STEPS["discuss"].check(meeting.state)
        if await AgendaItem.exists(meeting_id=meeting.id, state=ItemState.DISCUSSING):
            raise rules.AnotherUnderDiscussion
        frozen = await queries.rules_frozen(item.rule_set_id)
        found, _ = await attending.quorum_of(meeting, frozen.quorum, item.id)
        item.state, item.discussed_at = ItemState.DISCUSSING, clock.now()
        item.present, item.has_quorum = found.present, found.has_quorum
        await item.save()
        await _record(
            "committees.item_discussed", item, by,
            present=found.present, entitled=found.entitled, has_quorum=found.has_quorum,
        )  # fmt: skip


async def note(by: UUID, item_id: UUID, conclusion: str) -> None:
    """End a discussion that needs no decision. Raises :class:`rules.WrongItemState`."""
    async with transaction():
        item, _ = await hold_item(item_id)
        if STEPS["note"].is_news(item.state):
            item.state, item.conclusion = ItemState.NOTED, conclusion
            item.decided_at = clock.now()
            await item.save(update_fields=["state", "conclusion", "decided_at"])
            await _record("committees.item_noted", item, by)


async def voting_began(item_id: UUID, vote_id: UUID) -> AgendaItem:
    """Let an item be voted on: one under discussion, or in writing after its notice.

    Raises :class:`rules.WrongItemState` and :class:`rules.NotWaitedYet`.
    """
    async with transaction():
        item, _ = await hold_item(item_id)
        if item.state == ItemState.VOTING and item.vote_id == vote_id:
            return item
        STEPS["vote_in_writing" if item.in_writing else "vote"].check(item.state)
        if item.in_writing:
            assert item.scheduled_at is not None and item.rule_set_id is not None
            frozen = await queries.rules_frozen(item.rule_set_id)
            rules.check_waited(item.scheduled_at, clock.now(), frozen.notice_days)
        item.state, item.vote_id = ItemState.VOTING, vote_id
        await item.save(update_fields=["state", "vote_id"])
        return item


async def decided(item_id: UUID, outcome: Outcome, chosen_labels: Sequence[str]) -> AgendaItem:
    """Keep what a certified vote has decided, and tell those who suggested it.

    Raises :class:`rules.WrongItemState`.
    """
    async with transaction():
        item, _ = await hold_item(item_id)
        STEPS["decide"].check(item.state)
        item.state, item.outcome, item.chosen = ItemState.DECIDED, outcome, list(chosen_labels)
        item.decided_at = clock.now()
        await item.save(update_fields=["state", "outcome", "chosen", "decided_at"])
        if item.suggestion_id is not None:
            suggestion = await Suggestion.get(id=item.suggestion_id)
            people = await _behind(suggestion)
            once = f"{item.id}:{item.decided_at.isoformat()}"
            await notify.resolved(suggestion, people, outcome, once=once)
        return item


async def vote_lapsed(item_id: UUID) -> AgendaItem:
    """Put an item whose vote was annulled back on its agenda, or into the pool if its meeting
    is over. Raises :class:`rules.WrongItemState`.
    """
    async with transaction():
        item, meeting = await hold_item(item_id)
        STEPS["lapse"].check(item.state)
        over = meeting is not None and meeting.state != MeetingState.RUNNING
        item.state = ItemState.DEFERRED if over else ItemState.SCHEDULED
        item.vote_id = None
        await item.save(update_fields=["state", "vote_id"])
        return item


async def reopened(item_id: UUID) -> AgendaItem:
    """Let an item wait for its vote's result again: an objection was upheld.

    Raises :class:`rules.WrongItemState`.
    """
    async with transaction():
        item, _ = await hold_item(item_id)
        STEPS["reopen"].check(item.state)
        item.state, item.outcome, item.chosen = ItemState.VOTING, "", []
        item.decided_at = None
        await item.save(update_fields=["state", "outcome", "chosen", "decided_at"])
        return item


async def executing(item_id: UUID) -> AgendaItem:
    """Mark that what was adopted is being carried out; said twice, it is said once.

    Raises :class:`rules.WrongItemState`.
    """
    return await _carry("execute", item_id)


async def finished(item_id: UUID) -> AgendaItem:
    """Mark that what was adopted has been carried out; said twice, it is said once.

    Raises :class:`rules.WrongItemState`.
    """
    return await _carry("finish", item_id)


async def _carry(step: str, item_id: UUID) -> AgendaItem:
    async with transaction():
        item, _ = await hold_item(item_id)
        if STEPS[step].is_news(item.state):
            if item.outcome != Outcome.PASSED:
                raise rules.WrongItemState(state=item.state)
            item.state = STEPS[step].target
            await item.save(update_fields=["state"])
        return item


async def _behind(suggestion: Suggestion) -> list[UUID]:
    people = await backers.signed_by(suggestion.id)
    return people or [suggestion.author_id]


async def _record(action: str, item: AgendaItem, by: UUID, **facts: object) -> None:
    body = await Body.get(id=item.body_id)
    await record(action, "agenda_item", item.id, by=by, school_id=body.school_id, **facts)
