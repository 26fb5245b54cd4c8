"""The author's side: writing, previewing, publishing, changing, seeing the reach."""

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.errors import NotFound
from backend.media.rules import AttachmentMissing
from backend.notices import rules
from backend.notices.controllers.answers import changed, notice_out
from backend.notices.models import Notice
from backend.notices.operations import changes, drafts, publication
from backend.notices.operations.drafts import audiences_of
from backend.notices.permissions import (
    Sight,
    notice_to_manage,
    notice_to_write,
)
from backend.notices.schemas.reading import NoticeOut
from backend.notices.schemas.writing import (
    CorrectionIn,
    NoticeIn,
    PlaceCount,
    PreviewOut,
    PublicationIn,
    ReasonIn,
    attached,
    plain,
)
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class Seen(msgspec.Struct, array_like=True, frozen=True):
    """What a preview token proves its bearer has looked at."""

    notice_id: UUID
    audiences: str
    """A digest of the audiences, however many there are."""
    families: int
    people: int
    until: datetime


class Notices(Controller):
    """Where notices begin."""

    path = "/notices"

    @post(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="writeNotice",
        summary="起草通知 Write a draft",
        responses=refusals(
            NotFound,
            KeyNeeded,
            KeyReused,
            rules.NotYourAudience,
            rules.NotYourShelf,
            rules.TooLong,
            rules.BadDates,
            AttachmentMissing,
        ),
    )
    async def write_notice(
        self,
        data: JSONBody[NoticeIn],
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> NoticeOut:
        """Keep a draft. The sender's name and office come from the caller's standing."""

        async def act() -> NoticeOut:
            notice = await drafts.write(actor, data.content())
            sight = Sight(notice=notice, mine=None, is_author=True, manages=True)
            return await notice_out(sight, actor, settings, clock.now())

        return await once(
            actor.person_id,
            "writeNotice",
            idempotency_key,
            data,
            NoticeOut,
            act,
            secret=settings.secret_key,
        )


class OneNotice(Controller):
    """A draft in its author's hands."""

    path = "/notices/{notice_id:uuid}"
    dependencies = {"mine": Provide(notice_to_write)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="rewriteNotice",
        summary="修改草稿 Rewrite a draft",
        responses=refusals(
            rules.WrongState,
            rules.NotYourAudience,
            rules.NotYourShelf,
            rules.TooLong,
            rules.BadDates,
            AttachmentMissing,
        ),
    )
    async def rewrite_notice(
        self,
        data: JSONBody[NoticeIn],
        actor: NamedDependency[Actor],
        mine: NamedDependency[Sight],
        settings: NamedDependency[Settings],
    ) -> NoticeOut:
        """Replace a draft, or a notice that came back from approval."""
        await drafts.rewrite(actor, mine.notice.id, data.content())
        return await changed(actor, mine.notice.id, settings)

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="discardNotice",
        summary="删除草稿 Discard a draft",
        responses=refusals(rules.WrongState),
    )
    async def discard_notice(self, mine: NamedDependency[Sight]) -> None:
        """Throw a draft away."""
        await drafts.discard(mine.notice.id)

    @get(
        "/audience",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="previewAudience",
        summary="预览接收范围 Preview the audience",
        responses=refusals(rules.NotYourAudience),
    )
    async def preview_audience(
        self,
        actor: NamedDependency[Actor],
        mine: NamedDependency[Sight],
        cursors: NamedDependency[Cursors],
    ) -> PreviewOut:
        """Whom it would reach, counted. Publishing needs the token, good for 30 minutes."""
        counted = await publication.preview(actor, mine.notice)
        until = clock.now() + rules.PREVIEW_LIFE
        seen = Seen(mine.notice.id, _digest(mine.notice), counted.families, counted.people, until)
        return PreviewOut(
            families=counted.families,
            people=counted.people,
            without_account=counted.without_account,
            places=[
                PlaceCount(label=label, families=families, people=people, sent_this_week=sent)
                for label, families, people, sent in counted.places
            ],
            preview_token=cursors.seal(f"preview:{actor.person_id}", seen),
            expires_at=until,
        )


class NoticePublication(Controller):
    path = "/notices/{notice_id:uuid}/publication"
    dependencies = {"mine": Provide(notice_to_write)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="publishNotice",
        summary="发布通知 Publish, now or later",
        responses=refusals(
            rules.PreviewNeeded,
            rules.AudienceChanged,
            rules.NobodyThere,
            rules.WrongState,
            rules.NotYourAudience,
            rules.NotYourShelf,
            rules.BadDates,
        ),
    )
    async def publish_notice(
        self,
        data: JSONBody[PublicationIn],
        actor: NamedDependency[Actor],
        mine: NamedDependency[Sight],
        cursors: NamedDependency[Cursors],
        settings: NamedDependency[Settings],
    ) -> NoticeOut:
        """Publish what was previewed; where the school wants it, this asks for approval."""
        try:
            seen = cursors.open(f"preview:{actor.person_id}", data.preview_token, Seen)
        except BadCursor:
            raise rules.PreviewNeeded from None
        if (seen.notice_id, seen.audiences) != (
            mine.notice.id,
            _digest(mine.notice),
        ) or seen.until < clock.now():
            raise rules.PreviewNeeded
        await publication.publish(
            actor, mine.notice.id, seen=(seen.families, seen.people), publish_at=data.publish_at
        )
        return await changed(actor, mine.notice.id, settings)


class NoticeCorrection(Controller):
    path = "/notices/{notice_id:uuid}/correction"
    dependencies = {"mine": Provide(notice_to_write)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="correctNotice",
        summary="更正通知 Correct a published notice",
        responses=refusals(
            rules.WrongState,
            rules.TooLong,
            AttachmentMissing,
            rules.NoticeChanged,
            rules.ApprovedText,
            rules.NotYourAudience,
            NotFound,
        ),
    )
    async def correct_notice(
        self,
        data: JSONBody[CorrectionIn],
        actor: NamedDependency[Actor],
        mine: NamedDependency[Sight],
        settings: NamedDependency[Settings],
    ) -> NoticeOut:
        """A material correction is told to everyone and re-opens older confirmations."""
        await changes.correct(
            actor,
            mine.notice.id,
            revision=data.revision,
            title=data.title,
            blocks=plain(data.blocks),
            attachment_ids=attached(data.blocks),
            material=data.material,
            explanation=data.explanation,
        )
        return await changed(actor, mine.notice.id, settings)


class NoticeWithdrawal(Controller):
    path = "/notices/{notice_id:uuid}/withdrawal"
    dependencies = {"managed": Provide(notice_to_manage)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="withdrawNotice",
        summary="撤回通知 Withdraw with a reason",
        responses=refusals(rules.WrongState),
    )
    async def withdraw_notice(
        self,
        data: JSONBody[ReasonIn],
        actor: NamedDependency[Actor],
        managed: NamedDependency[Sight],
        settings: NamedDependency[Settings],
    ) -> NoticeOut:
        """Unsent pushes are cancelled; those who had read it are told it is gone."""
        await changes.withdraw(actor, managed.notice.id, data.reason)
        return await changed(actor, managed.notice.id, settings)


def _digest(notice: Notice) -> str:
    keys = sorted(f"{node}/{who}" for node, who in audiences_of(notice))
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
