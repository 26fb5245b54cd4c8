"""Publication: preview, a second pair of eyes, release, and the end of a notice's life."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.database import transaction
from backend.errors import NotFound
from backend.notices import notify, rules
from backend.notices.models import Notice, NoticeState, SchoolApproval
from backend.notices.operations.drafts import approvers, audiences_of, places_for, still_speaks
from backend.notices.queries import posting
from backend.notices.rules import Place
from backend.people import queries
from backend.schools.models import School
from backend.web.actor import Actor

PENDING = frozenset({NoticeState.PENDING})


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a notice would reach: distinct children's families and people."""

    families: int
    people: int
    without_account: int
    places: list[tuple[str, int, int, int]]
    """Label, families, people, and notices this audience got in the last seven days."""


async def preview(actor: Actor, notice: Notice) -> Preview:
    """Count the audience before publishing, as a whole and per place."""
    places = await places_for(actor, audiences_of(notice))
    keys = [(place.node_id, place.who) for place in places]
    whole = await posting.counts(keys)
    week = await posting.sent_since(keys, clock.now() - timedelta(days=7))
    each = []
    for place, key in zip(places, keys, strict=True):
        counted = await posting.counts([key])
        each.append((place.label, counted["families"], counted["people"], week[key]))
    return Preview(places=each, **whole)


async def publish(
    actor: Actor, notice_id: UUID, *, seen: tuple[int, int], publish_at: datetime | None
) -> Notice:
    """Publish now, schedule, or hand the notice to the school's second pair of eyes.

    ``seen`` are the counts of families and people the author saw in the preview; a
    different audience now raises :class:`rules.AudienceChanged`, up to the size where
    exactness means anything (``rules.RECOUNTED``). Published, scheduled
    and pending notices stay as they are: asked twice, it happens once.
    """
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        if notice.state in (NoticeState.PUBLISHED, NoticeState.SCHEDULED, NoticeState.PENDING):
            return notice
        rules.check_state(notice, rules.EDITABLE)
        now = clock.now()
        places = await places_for(actor, audiences_of(notice))
        if seen[1] <= rules.RECOUNTED:
            await _check_audience([(place.node_id, place.who) for place in places], seen)
        notice.audience_families, notice.audience_people = seen
        notice.publish_at = max(publish_at or now, now)
        assert notice.expires_at is not None
        rules.check_dates(
            now=now,
            publish_at=notice.publish_at,
            expires_at=notice.expires_at,
            confirm_by=notice.confirm_by,
        )
        await _ask_or_release(actor, notice, places, now)
        await record(
            "notices.published",
            "notice",
            notice.id,
            by=actor.person_id,
            school_id=notice.school_id,
            state=notice.state,
        )
        return notice


async def _check_audience(keys: list[tuple[UUID, str]], seen: tuple[int, int]) -> None:
    counted = await posting.counts(keys)
    if counted["people"] == 0:
        raise rules.NobodyThere
    if seen != (counted["families"], counted["people"]):
        raise rules.AudienceChanged(families=counted["families"], people=counted["people"])


async def _ask_or_release(actor: Actor, notice: Notice, places: list[Place], now: datetime) -> None:
    waiting = await gated(actor, places)
    if notice.school_id is not None and waiting:
        notice.state = NoticeState.PENDING
        await notice.save()
        await notify.approval_asked(notice, await approvers(notice.school_id, actor.person_id))
        return
    for place in waiting:
        assert place.school_id is not None
        await SchoolApproval.get_or_create(notice_id=notice.id, school_id=place.school_id)
        people = await approvers(place.school_id, actor.person_id)
        await notify.approval_asked(notice, people, str(place.school_id))
    await _schedule_or_release(notice, now)


async def gated(actor: Actor, places: list[Place]) -> list[Place]:
    """Return the places whose school must agree first."""
    schools = {p.school_id for p in places if p.school_id is not None}
    policies = {s.id: s.notice_approval for s in await School.filter(id__in=schools)}
    found = []
    for place in places:
        seat = rules.seat_speaking_to(actor, place)
        if seat is None:
            raise rules.NotYourAudience(audience=place.label)
        policy = policies[place.school_id] if place.school_id is not None else "none"
        if rules.needs_school_approval(seat, place, policy):
            found.append(place)
    return found


async def _schedule_or_release(notice: Notice, now: datetime) -> None:
    assert notice.publish_at is not None and notice.expires_at is not None
    if notice.expires_at <= now:
        raise rules.BadDates(field="expiresAt")
    if notice.publish_at > now:
        notice.state = NoticeState.SCHEDULED
        await notice.save()
        return
    await _release(notice, now)


async def _release(notice: Notice, now: datetime) -> None:
    """Hang the notice on its boards and leave one letter, whatever the audience's size."""
    waiting = await SchoolApproval.filter(notice_id=notice.id).exclude(state="approved")
    closed = {approval.school_id for approval in waiting}
    keys = [key for key in audiences_of(notice) if not (key[1] == "families" and key[0] in closed)]
    notice.state = NoticeState.PUBLISHED
    notice.published_at = now
    await notice.save()
    if keys:
        await _hang(notice, keys, now)


async def _hang(
    notice: Notice, keys: list[tuple[UUID, str]], now: datetime, part: str = ""
) -> None:
    assert notice.expires_at is not None
    await posting.post(notice.id, keys, published_at=now, expires_at=notice.expires_at)
    await notify.published(notice, keys, part)


async def approve(actor: Actor, notice_id: UUID, revision: int) -> Notice:
    """Let a pending notice of the caller's school go out. Approving twice is approving once.

    ``revision`` is the version the approver read: approval of another is refused with
    :class:`rules.NoticeChanged`, and of one whose author has left with ``AuthorLeft``.
    """
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        if notice.approved_by == actor.person_id:
            return notice
        if notice.author_id == actor.person_id:
            raise rules.OwnApproval
        rules.check_state(notice, PENDING)
        if revision != notice.revision:
            raise rules.NoticeChanged(revision=notice.revision)
        if not await still_speaks(await queries.actor_of(notice.author_id), notice):
            raise rules.AuthorLeft
        notice.approved_by = actor.person_id
        await _schedule_or_release(notice, clock.now())
        await notify.decided(notice, approved=True)
        await record(
            "notices.approved", "notice", notice.id, by=actor.person_id, school_id=notice.school_id
        )
        return notice


async def return_to_author(actor: Actor, notice_id: UUID, reason: str) -> Notice:
    """Send a pending notice back with a reason the author reads."""
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        if notice.state == NoticeState.RETURNED and notice.reason == reason:
            return notice
        rules.check_state(notice, PENDING)
        notice.state = NoticeState.RETURNED
        notice.reason = reason
        await notice.save()
        await notify.decided(notice, approved=False)
        await record(
            "notices.returned",
            "notice",
            notice.id,
            by=actor.person_id,
            school_id=notice.school_id,
            reason=reason,
        )
        return notice


async def decide_for_school(
    actor: Actor, notice_id: UUID, school_id: UUID, *, approved: bool, reason: str = ""
) -> SchoolApproval:
    """Let a district's notice reach this school's families, or say why not (Q38).

    The first decision stands; the same decision again changes nothing.
    """
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        approval = await SchoolApproval.select_for_update().get_or_none(
            notice_id=notice_id, school_id=school_id
        )
        if approval is None:
            raise NotFound
        wanted = "approved" if approved else "refused"
        if approval.state != "pending":
            if approval.state != wanted:
                raise rules.WrongState(state=approval.state)
            return approval
        now = clock.now()
        approval.state, approval.reason = wanted, reason
        approval.decided_by, approval.decided_at = actor.person_id, now
        await approval.save()
        if approved and notice.state == NoticeState.PUBLISHED:
            await _hang(notice, [(school_id, "families")], now, str(school_id))
        await notify.decided(notice, approved=approved, part=str(school_id), reason=reason)
        await record(
            f"notices.{wanted}_for_school",
            "notice",
            notice.id,
            by=actor.person_id,
            school_id=school_id,
            reason=reason,
        )
        return approval


async def release_due(notice_id: UUID) -> None:
    """Publish one scheduled notice whose moment has come; jobs call it for each."""
    async with transaction():
        notice = await Notice.select_for_update(skip_locked=True).get_or_none(
            id=notice_id, state=NoticeState.SCHEDULED
        )
        now = clock.now()
        if notice is None or notice.publish_at is None or notice.publish_at > now:
            return
        if notice.expires_at is not None and notice.expires_at <= now:
            notice.state = NoticeState.EXPIRED
            await notice.save()
        elif not await still_speaks(await queries.actor_of(notice.author_id), notice):
            notice.state, notice.reason = NoticeState.RETURNED, rules.AuthorLeft.zh
            await notice.save()
            await notify.decided(notice, approved=False)
        else:
            await _release(notice, now)


async def expire(notice_id: UUID) -> None:
    """Take a notice whose life is over off its boards; it stays readable by its address."""
    async with transaction():
        notice = await Notice.select_for_update(skip_locked=True).get_or_none(
            id=notice_id, state=NoticeState.PUBLISHED
        )
        if notice is None or notice.expires_at is None or notice.expires_at > clock.now():
            return
        notice.state = NoticeState.EXPIRED
        await notice.save()
        await posting.take_down(notice.id)
