"""Changes after publication: correcting, withdrawing, reminding."""

from typing import Any
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.database import transaction
from backend.media.operations import attach, release
from backend.notices import notify, rules
from backend.notices.models import ConfirmMode, Notice, NoticeRevision, NoticeState
from backend.notices.operations.drafts import audiences_of, places_for
from backend.notices.operations.publication import gated
from backend.notices.queries import posting
from backend.web.actor import Actor

PUBLISHED = frozenset({NoticeState.PUBLISHED})
STOPPABLE = frozenset(
    {NoticeState.PUBLISHED, NoticeState.SCHEDULED, NoticeState.PENDING, NoticeState.EXPIRED}
)


async def correct(
    actor: Actor,
    notice_id: UUID,
    *,
    revision: int,
    title: str,
    blocks: list[dict[str, Any]],
    attachment_ids: list[UUID],
    material: bool,
    explanation: str,
) -> Notice:
    """Replace the text of a published notice, keeping the old version on record.

    ``revision`` is the version the author corrected; the same correction sent twice is
    one. A material correction hangs the notice up anew, unread, and re-opens the
    confirmations made on older versions; a small one disturbs nobody.
    """
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        if notice.revision == revision + 1 and (notice.title, notice.blocks) == (title, blocks):
            return notice
        rules.check_state(notice, PUBLISHED)
        if notice.revision != revision:
            raise rules.NoticeChanged(revision=notice.revision)
        if await gated(actor, await places_for(actor, audiences_of(notice))):
            # Nobody slips a new text past the second pair of eyes.
            raise rules.ApprovedText
        await NoticeRevision.create(
            notice_id=notice.id, revision=notice.revision, title=notice.title,
            blocks=notice.blocks, material=material, explanation=explanation,
            changed_by=actor.person_id,
        )  # fmt: skip
        notice.title, notice.blocks, notice.revision = title, blocks, revision + 1
        notice.plain = rules.plain_text(blocks)
        notice.attachment_ids = [str(attachment) for attachment in attachment_ids]
        await attach(attachment_ids, notice.id, actor.person_id)
        await release(notice.id, keep=attachment_ids)
        if material:
            notice.confirm_revision = notice.revision
        await notice.save()
        if material:
            await _hang_anew(notice)
        await record(
            "notices.corrected",
            "notice",
            notice.id,
            by=actor.person_id,
            school_id=notice.school_id,
            material=material,
            revision=notice.revision,
        )
        return notice


async def _hang_anew(notice: Notice) -> None:
    assert notice.expires_at is not None
    boards = await posting.hanging_on(notice.id)
    await posting.take_down(notice.id)
    await posting.post(notice.id, boards, published_at=clock.now(), expires_at=notice.expires_at)
    if boards:
        await notify.corrected(notice, boards)


async def withdraw(actor: Actor, notice_id: UUID, reason: str) -> Notice:
    """Take a notice back; who had opened it still finds that it existed and why it is gone."""
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        if notice.state == NoticeState.WITHDRAWN:
            return notice
        rules.check_state(notice, STOPPABLE)
        boards = await posting.hanging_on(notice.id)
        notice.state, notice.reason = NoticeState.WITHDRAWN, reason
        notice.withdrawn_at = clock.now()
        await notice.save()
        await posting.take_down(notice.id)
        if boards:
            await notify.withdrawn(notice, boards)
        await record(
            "notices.withdrawn",
            "notice",
            notice.id,
            by=actor.person_id,
            school_id=notice.school_id,
            reason=reason,
        )
        return notice


async def nudge(by: UUID | None, notice_id: UUID) -> Notice:
    """Remind those who still owe, at most once per interval. Raises ``NudgedRecently``.

    Who owes is decided when each push is about to be sent, not here.
    """
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        rules.check_nudge(notice, clock.now())
        if notice.confirm_mode == ConfirmMode.NONE and not notice.urgent:
            raise rules.NotAsked
        boards = await posting.hanging_on(notice.id)
        if not boards:
            raise rules.NobodyThere
        notice.nudged_at = clock.now()
        notice.nudges += 1
        await notice.save()
        await notify.nudged(notice, boards)
        await record("notices.nudged", "notice", notice.id, by=by, school_id=notice.school_id)
        return notice
