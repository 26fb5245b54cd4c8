"""Suggestions over HTTP: what parents ask of their committees."""

from enum import StrEnum
from typing import Any

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.committees.controllers.answering import OneSuggestion, SuggestionAnswers
from backend.committees.models import Body
from backend.committees.operations import suggestions as verbs
from backend.committees.permissions.bodies import BodySight, body_in_sight, the
from backend.committees.permissions.suggestions import (
    body_to_ask,
    body_with_suggestions,
    is_guardian_at,
)
from backend.committees.queries import suggestions as queries
from backend.committees.rules import suggestions as rules
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.suggestions import SuggestionIn, SuggestionOut, SuggestionPage
from backend.errors import NotAllowed, TooMany
from backend.schools.models import Function
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

SIGNED_IN = {"policy": Policy.SIGNED_IN}


class SuggestionStage(StrEnum):
    """Waiting for an answer, or answered."""

    OPEN = "open"
    ANSWERED = "answered"


class BodySuggestions(Controller):
    """What has been suggested to a body."""

    path = "/bodies/{body_id:uuid}/suggestions"
    dependencies = {"sight": Provide(body_in_sight)}

    @get(
        opt=SIGNED_IN,
        operation_id="listSuggestions",
        summary="家长建议 What parents suggest",
        responses=refusals(BadCursor, NotAllowed),
        dependencies={"open_to": Provide(body_with_suggestions)},
    )
    async def list_suggestions(
        self,
        actor: NamedDependency[Actor],
        open_to: NamedDependency[BodySight],
        cursors: NamedDependency[Cursors],
        stage: FromQuery[SuggestionStage] = SuggestionStage.OPEN,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> SuggestionPage:
        """Open ones are read by the body and the guardians at its place; of those answered,
        guardians see what they stand behind.
        """
        body = the(open_to)
        purpose = f"suggestions:{actor.person_id}:{body.id}:{stage}"
        rows = await queries.page(
            actor.person_id,
            body.id,
            is_open=stage is SuggestionStage.OPEN,
            inside=open_to.inside,
            after=cursors.open(purpose, cursor, Position) if cursor else None,
            limit=limit + 1,
        )
        at_place = is_guardian_at(actor, body)

        def shown(row: dict[str, Any]) -> SuggestionOut:
            return SuggestionOut.of(row, actor.person_id, knows=open_to.inside, at_place=at_place)

        return _page(rows, limit, cursors, purpose, [shown(row) for row in rows[:limit]])

    @post(
        opt=SIGNED_IN,
        operation_id="putSuggestion",
        summary="提出建议 Suggest something to the committee",
        responses=refusals(
            rules.NotOfThisPlace, rules.NoSuggestionsHere, WrongBodyState, TooMany, KeyNeeded,
            KeyReused,
        ),
        dependencies={"asked": Provide(body_to_ask)},
    )  # fmt: skip
    async def put_suggestion(
        self,
        data: JSONBody[SuggestionIn],
        actor: NamedDependency[Actor],
        asked: NamedDependency[Body],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> SuggestionOut:
        """To the body of one's child's class, grade or school, or that one sits on. The author
        counts as the first to sign it. Five a day.
        """

        async def act() -> SuggestionOut:
            made = await verbs.put(actor.person_id, asked.id, data.title, data.text)
            row = await queries.one(actor.person_id, made.id)
            return SuggestionOut.of(row, actor.person_id, knows=True, at_place=False)

        return await once(
            actor.person_id, "putSuggestion", idempotency_key, (asked.id, data), SuggestionOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class MySuggestions(Controller):
    """What the caller has put or signed."""

    path = "/me/suggestions"

    @get(
        opt=SIGNED_IN,
        operation_id="listMySuggestions",
        summary="我提出或联署的建议 What I stand behind",
        responses=refusals(BadCursor),
    )
    async def list_my_suggestions(
        self,
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> SuggestionPage:
        """Whatever has become of it, the newest first."""
        purpose = f"my_suggestions:{actor.person_id}"
        after = cursors.open(purpose, cursor, Position) if cursor else None
        closed = actor.closed(Function.COMMITTEES)
        rows = await queries.mine(actor.person_id, closed, after, limit + 1)
        items = [
            SuggestionOut.of(row, actor.person_id, knows=False, at_place=False)
            for row in rows[:limit]
        ]
        return _page(rows, limit, cursors, purpose, items)


def _page(
    rows: list[dict[str, Any]],
    limit: int,
    cursors: Cursors,
    purpose: str,
    items: list[SuggestionOut],
) -> SuggestionPage:
    last = rows[limit - 1] if len(rows) > limit else None
    return SuggestionPage(
        items=items,
        next_cursor=(
            cursors.seal(purpose, Position(last["created_at"], last["id"])) if last else None
        ),
        has_more=last is not None,
    )


DUTY: tuple[type[Controller], ...] = (
    BodySuggestions,
    MySuggestions,
    OneSuggestion,
    SuggestionAnswers,
)
