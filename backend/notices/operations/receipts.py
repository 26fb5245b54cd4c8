"""Receipts: what a recipient does with a notice."""

from uuid import UUID

import notifications
from backend import clock
from backend.database import transaction
from backend.notices import rules
from backend.notices.models import ConfirmMode, Notice, NoticeState
from backend.notices.queries import marks
from backend.web.actor import Actor

OPEN = frozenset({NoticeState.PUBLISHED})


async def read(actor: Actor, seen: dict[UUID, int]) -> list[UUID]:
    """Mark notices read, one or a batch kept while offline; returns those that reached them.

    ``seen`` says which version of each was on the screen: a correction that hangs anew
    stays unread.

    One statement; only a first reading goes on to clear the push from the person's other
    devices.
    """
    marked = await marks.mark_read(actor.person_id, seen, clock.now())
    fresh = [notice_id for notice_id, was_read in marked.items() if not was_read]
    if fresh:
        async with transaction():
            for notice_id in fresh:
                await notifications.clear(
                    actor.person_id, notice_id, except_session=actor.session_id
                )
    return list(marked)


async def confirm(
    actor: Actor,
    notice_id: UUID,
    revision: int,
    answers: dict[UUID, str],
    children: set[UUID],
) -> None:
    """Confirm for the household. Repeating it, or confirming after the spouse, is harmless.

    ``revision`` is the version that was on the screen; :class:`rules.NoticeChanged` when
    a material correction has come since. ``children`` are the caller's children the
    notice concerns; ``answers`` holds one of the notice's choices for some of them, when
    it asks per child. The guardians who no longer owe anything lose their pending push.
    """
    async with transaction():
        notice = await Notice.get(id=notice_id)
        rules.check_state(notice, OPEN)
        rules.check_seen(notice, revision)
        rules.check_answers(notice, answers, children)
        now = clock.now()
        rows: dict[UUID | None, str | None] = dict(answers.items())
        if notice.confirm_mode != ConfirmMode.PER_CHILD:
            rows = {None: None}
        await marks.put_receipts(notice.id, actor.person_id, rows, revision=revision, now=now)
        await marks.mark_read(actor.person_id, {notice.id: revision}, now)
        household = [
            actor.person_id,
            *await marks.relatives(actor.person_id, list(children)),
        ]
        still_owing = await marks.owing(notice.id, household)
        done = [person for person in household if person not in still_owing]
        await notifications.settle(notice.id, done)
        await notifications.clear(actor.person_id, notice.id, except_session=actor.session_id)
