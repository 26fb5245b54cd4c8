"""The parents' side: handing in an experience, and taking it back."""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.column.controllers.answers import behind, changed, line
from backend.column.models import ColumnItem
from backend.column.operations import contributions
from backend.column.operations.contributions import Contribution
from backend.column.permissions import (
    contribution_of_mine,
    contribution_to_rewrite,
    school_to_contribute_to,
)
from backend.column.queries import work
from backend.column.rules import items as rules
from backend.column.schemas.reading import (
    ColumnItemOut,
    ContributionIn,
    ContributionItem,
    ContributionPage,
    DeclarationOut,
)
from backend.errors import TooMany
from backend.media.rules import AttachmentMissing
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class Declaration(Controller):
    """The consent text."""

    path = "/column/declaration"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getContributionDeclaration",
        summary="投稿声明 What a contributor agrees to",
    )
    async def get_contribution_declaration(self) -> DeclarationOut:
        """The text now in force."""
        return DeclarationOut(
            version=rules.DECLARATION,
            text_zh=rules.DECLARATION_ZH,
            text_en=rules.DECLARATION_EN,
        )


class Contributions(Controller):
    """Where parents hand in what they have learnt."""

    path = "/schools/{school_id:uuid}/column/contributions"
    dependencies = {"for_school": Provide(school_to_contribute_to)}

    @post(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="contributeToColumn",
        summary="家长投稿 Hand in an experience",
        responses=refusals(
            KeyNeeded,
            KeyReused,
            TooMany,
            rules.PrivacyNoticeFirst,
            rules.NoColumnHere,
            rules.DeclarationNeeded,
            rules.ItemTooLong,
            AttachmentMissing,
        ),
    )
    async def contribute_to_column(
        self,
        data: JSONBody[ContributionIn],
        actor: NamedDependency[Actor],
        for_school: NamedDependency[UUID],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ColumnItemOut:
        """At most three a day. It is published only after the school's review."""

        async def act() -> ColumnItemOut:
            given = _given(data)
            item = await contributions.hand_in(
                for_school, given, by=actor.person_id, name=actor.name
            )
            return await changed(actor, item.id, settings)

        return await once(
            actor.person_id,
            "contributeToColumn",
            idempotency_key,
            (for_school, data),
            ColumnItemOut,
            act,
            secret=settings.secret_key,
        )


class MyContributions(Controller):
    """What the caller has handed in."""

    path = "/me/column/contributions"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyContributions",
        summary="我的投稿 What I have handed in",
        responses=refusals(BadCursor),
    )
    async def list_my_contributions(
        self,
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> ContributionPage:
        """Newest first, whatever became of it."""
        purpose = f"contributions:{actor.person_id}"
        before = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await work.contributed(actor.person_id, before, limit + 1)
        return ContributionPage(
            items=[line(ContributionItem, row) for row in rows[:limit]],
            next_cursor=behind(cursors, purpose, rows, limit),
        )

    @put(
        "/{item_id:uuid}",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="rewriteContribution",
        summary="修改后重新投稿 Hand in again what came back",
        dependencies={
            "mine": Provide(contribution_of_mine),
            "returned": Provide(contribution_to_rewrite),
        },
        responses=refusals(
            rules.WrongItemState,
            rules.PrivacyNoticeFirst,
            rules.NoColumnHere,
            rules.DeclarationNeeded,
            rules.ItemTooLong,
            AttachmentMissing,
        ),
    )
    async def rewrite_contribution(
        self,
        data: JSONBody[ContributionIn],
        actor: NamedDependency[Actor],
        returned: NamedDependency[ColumnItem],
        settings: NamedDependency[Settings],
    ) -> ColumnItemOut:
        """Replace a text that was returned; it is reviewed anew."""
        given = _given(data)
        await contributions.hand_in_again(returned.id, given, by=actor.person_id, name=actor.name)
        return await changed(actor, returned.id, settings)


class MyConsent(Controller):
    """Consent can be withdrawn whatever the school has switched off."""

    path = "/me/column/contributions/{item_id:uuid}/consent"
    dependencies = {"mine": Provide(contribution_of_mine)}

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="withdrawContributionConsent",
        summary="撤回投稿同意 Withdraw my consent",
    )
    async def withdraw_contribution_consent(
        self, actor: NamedDependency[Actor], mine: NamedDependency[ColumnItem]
    ) -> None:
        """The text disappears for everybody at once, for good."""
        await contributions.withdraw_consent(mine.id, by=actor.person_id)


def _given(data: ContributionIn) -> Contribution:
    rules.check_declaration(
        data.declaration, names_no_pupil=data.names_no_pupil, consents=data.consents
    )
    return Contribution(
        title=data.title,
        paragraphs=data.paragraphs,
        named_as=data.named_as,
        declaration=data.declaration,
        attachment_ids=data.attachment_ids,
        stages=[str(stage) for stage in data.stages],
    )
