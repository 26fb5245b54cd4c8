"""Suggestions: put, signed, answered, handed up (talk-5)."""

from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.committees.models import CoSign, Suggestion, SuggestionState
from backend.committees.notify import suggestions as notify
from backend.committees.operations.holding import hold_active
from backend.committees.operations.proposing import ItemContent, create
from backend.committees.queries import seats
from backend.committees.queries import suggestions as queries
from backend.committees.rules import suggestions as rules
from backend.committees.rules.agenda import NamesAPupil
from backend.database import execute, transaction
from backend.identifiers import uuid7
from backend.web.limits import spend


async def put(by: UUID, body_id: UUID, title: str, text: str) -> Suggestion:
    """Put a suggestion to a body of a class, a grade or a school; its author signs it.

    Raises ``WrongBodyState`` and ``TooMany``.
    """
    now = clock.now()
    async with transaction():
        body = await hold_active(body_id)
        await spend(rules.PUTTING, str(by), now)
        assert body.school_id is not None
        suggestion = await Suggestion.create(
            id=uuid7(),
            school_id=body.school_id,
            body_id=body.id,
            first_body_id=body.id,
            author_id=by,
            title=title,
            text=text,
            co_signs=1,
            threshold=rules.threshold(await queries.families_at(body.node_id)),
            created_at=now,
        )
        await CoSign.create(id=uuid7(), suggestion_id=suggestion.id, person_id=by, signed_at=now)
        await _record("committees.suggestion_put", suggestion, by)
        return suggestion


async def sign(by: UUID, suggestion_id: UUID) -> None:
    """Stand behind a suggestion, once; enough of them and it is owed an answer.

    Raises :class:`rules.WrongSuggestionState` and ``TooMany``.
    """
    now = clock.now()
    async with transaction():
        suggestion = await _held(suggestion_id)
        rules.STAY_OPEN.check(suggestion.state)
        if await CoSign.exists(suggestion_id=suggestion.id, person_id=by):
            return
        await spend(rules.CO_SIGNING, str(by), now)
        await CoSign.create(id=uuid7(), suggestion_id=suggestion.id, person_id=by, signed_at=now)
        await _settle(suggestion)
        await _record("committees.suggestion_signed", suggestion, by)


async def take_back(by: UUID, suggestion_id: UUID) -> None:
    """Stand behind it no longer; an answer once owed stays owed.

    Raises :class:`rules.AuthorStandsByIt` and :class:`rules.WrongSuggestionState`.
    """
    async with transaction():
        suggestion = await _held(suggestion_id)
        rules.STAY_OPEN.check(suggestion.state)
        if suggestion.author_id == by:
            raise rules.AuthorStandsByIt
        if await CoSign.filter(suggestion_id=suggestion.id, person_id=by).delete():
            await _settle(suggestion)
            await _record("committees.suggestion_sign_taken_back", suggestion, by)


async def withdraw(by: UUID, suggestion_id: UUID) -> None:
    """Take a suggestion back. Raises :class:`rules.WrongSuggestionState`."""
    async with transaction():
        suggestion = await _held(suggestion_id)
        if rules.WITHDRAW.is_news(suggestion.state):
            suggestion.state = SuggestionState.WITHDRAWN
            await suggestion.save(update_fields=["state"])
            others = [one for one in await queries.signed_by(suggestion.id) if one != by]
            await notify.answered(suggestion, others, "withdrawn")
            await _record("committees.suggestion_withdrawn", suggestion, by)


async def accept(
    by: UUID, suggestion_id: UUID, body_id: UUID, content: ItemContent, *, names_no_pupil: bool
) -> None:
    """Make an accepted agenda item of it; accepted again, it stays the item it became.

    ``body_id`` is whom the caller answers for. Raises :class:`NamesAPupil`,
    ``MatterUnknown``, :class:`rules.WrongSuggestionState` and ``WrongBodyState``.
    """
    if not names_no_pupil:
        raise NamesAPupil
    async with transaction():
        suggestion = await _held(suggestion_id, body_id)
        if rules.ACCEPT.is_news(suggestion.state):
            body = await hold_active(body_id)
            item = await create(body, content, by=by, suggestion_id=suggestion.id)
            suggestion.item_id = item.id
            await _answer(suggestion, SuggestionState.ACCEPTED, by, item_id=str(item.id))


async def decline(by: UUID, suggestion_id: UUID, body_id: UUID, reason: str) -> None:
    """Refuse it with a reason. Raises :class:`rules.WrongSuggestionState`."""
    async with transaction():
        suggestion = await _held(suggestion_id, body_id)
        if rules.DECLINE.is_news(suggestion.state):
            suggestion.reason = reason
            await _answer(suggestion, SuggestionState.DECLINED, by)


async def merge(by: UUID, suggestion_id: UUID, body_id: UUID, into_id: UUID) -> None:
    """Let another open suggestion of the same body stand for it; whoever signed it has signed
    that one, each once. Raises :class:`rules.MergedElsewhere` and
    :class:`rules.WrongSuggestionState`.
    """
    async with transaction():
        # Both in order of id: of two merged into each other at once, one goes first.
        await (
            Suggestion.filter(id__in=[suggestion_id, into_id])
            .order_by("id")
            .select_for_update(no_key=True)
        )
        suggestion = await _held(suggestion_id, body_id)
        if suggestion.merged_into_id == into_id:
            return
        rules.MERGE.check(suggestion.state)
        into = await Suggestion.get_or_none(id=into_id, body_id=body_id, state=SuggestionState.OPEN)
        if into is None or into.id == suggestion.id:
            raise rules.MergedElsewhere
        await execute(
            "INSERT INTO co_signs (id, suggestion_id, person_id, signed_at) "
            "SELECT gen_random_uuid(), $2, person_id, signed_at FROM co_signs "
            "WHERE suggestion_id = $1 ON CONFLICT (suggestion_id, person_id) DO NOTHING",
            suggestion.id,
            into.id,
        )
        suggestion.merged_into_id = into.id
        await _settle(into)
        await _answer(suggestion, SuggestionState.MERGED, by, into=str(into.id))


async def escalate(by: UUID, suggestion_id: UUID, body_id: UUID) -> None:
    """Hand it up to the parent committee one level above; who signed it stays behind it, and
    parents of the wider place may sign it now.

    Raises :class:`rules.NothingAbove` and :class:`rules.WrongSuggestionState`.
    """
    async with transaction():
        suggestion = await _held(suggestion_id, body_id)
        rules.STAY_OPEN.check(suggestion.state)
        above = await queries.committee_above(await hold_active(body_id))
        if above is None:
            raise rules.NothingAbove
        suggestion.body_id, suggestion.escalated_at = above.id, clock.now()
        suggestion.threshold = rules.threshold(await queries.families_at(above.node_id))
        suggestion.due_at = suggestion.reminded_at = None
        await suggestion.save()
        await notify.handed_up(suggestion, await _committee(suggestion))
        await _settle(suggestion)
        await notify.answered(suggestion, await queries.signed_by(suggestion.id), "escalated")
        await _record(
            "committees.suggestion_escalated", suggestion, by,
            from_body=str(body_id), to_body=str(above.id),
        )  # fmt: skip


async def remind(suggestion_id: UUID) -> bool:
    """Remind the chair that an answer is overdue, once a day; returns whether it was news."""
    now = clock.now()
    async with transaction():
        suggestion = await _held(suggestion_id)
        chair = await seats.chair_of(suggestion.body_id)
        is_owed = suggestion.state == SuggestionState.OPEN and suggestion.due_at is not None
        if not is_owed or chair is None:
            return False
        suggestion.reminded_at = now
        await suggestion.save(update_fields=["reminded_at"])
        return await notify.overdue(suggestion, chair.person_id, clock.local(now).date())


async def _held(suggestion_id: UUID, body_id: UUID | None = None) -> Suggestion:
    """Return it, locked. Somebody who answers for ``body_id`` is too late once it was handed
    up: raises :class:`rules.WrongSuggestionState`.
    """
    suggestion = await Suggestion.select_for_update(no_key=True).get(id=suggestion_id)
    if body_id is not None and suggestion.body_id != body_id:
        raise rules.WrongSuggestionState(state=suggestion.state)
    return suggestion


async def _settle(suggestion: Suggestion) -> None:
    """Count who stands behind it; the first time there are enough, the committee is told."""
    suggestion.co_signs = await CoSign.filter(suggestion_id=suggestion.id).count()
    if suggestion.due_at is None and suggestion.co_signs >= suggestion.threshold:
        suggestion.due_at = clock.now() + rules.ANSWER_WITHIN
        until = clock.local(suggestion.due_at).date()
        await notify.owed(suggestion, await _committee(suggestion), until)
    await suggestion.save(update_fields=["co_signs", "due_at"])


async def _answer(
    suggestion: Suggestion, state: SuggestionState, by: UUID, **facts: object
) -> None:
    suggestion.state, suggestion.answered_by = state, by
    suggestion.answered_at = clock.now()
    await suggestion.save()
    await notify.answered(suggestion, await queries.signed_by(suggestion.id), state)
    await _record(f"committees.suggestion_{state.value}", suggestion, by, **facts)


async def _committee(suggestion: Suggestion) -> list[UUID]:
    return [seat.person_id for seat in await seats.serving(suggestion.body_id)]


async def _record(action: str, suggestion: Suggestion, by: UUID, **facts: object) -> None:
    await record(
        action, "suggestion", suggestion.id, by=by, school_id=suggestion.school_id, **facts
    )
