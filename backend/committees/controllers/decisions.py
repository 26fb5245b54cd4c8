"""The log of decisions, and who carries out what by when."""

from datetime import date
from typing import Any

import msgspec
from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.committees.models import Body, Decision
from backend.committees.operations import decisions as operations
from backend.committees.permissions.bodies import (
    BodySight,
    body_from_inside,
    body_in_sight,
    body_to_keep,
)
from backend.committees.permissions.decisions import decision_to_complete
from backend.committees.queries import decisions as queries
from backend.committees.queries.seats import today
from backend.committees.rules import decisions as rules
from backend.committees.rules.agenda import WrongItemState
from backend.committees.rules.chain import GENESIS, verify
from backend.committees.schemas.decisions import (
    ChainFlawOut,
    ChainLinkOut,
    DecisionChainOut,
    DecisionCompletionIn,
    DecisionOut,
    DecisionPage,
    MyDecisionsOut,
    NewDecisionIn,
)
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class BodyDecisions(Controller):
    """A body's log."""

    path = "/bodies/{body_id:uuid}/decisions"
    dependencies = {"sight": Provide(body_in_sight)}

    @post(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="enterDecision",
        summary="登记决定 Enter a decision into the log",
        dependencies={"kept": Provide(body_to_keep)},
        responses=refusals(
            KeyNeeded,
            KeyReused,
            rules.ItemNotPassed,
            rules.MinutesFixed,
            rules.OwnerUnknown,
            rules.DueMissing,
            rules.BadDecisionDue,
            WrongItemState,
        ),
    )
    async def enter_decision(
        self,
        data: JSONBody[NewDecisionIn],
        actor: NamedDependency[Actor],
        kept: NamedDependency[Body],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> DecisionOut:
        """For chair and secretary. What it says can never be changed; another may follow."""

        async def act() -> DecisionOut:
            entered = await operations.enter(kept.id, data.new(), by=actor.person_id)
            return _out(await queries.one(entered), actor, today())

        return await once(
            actor.person_id,
            "enterDecision",
            idempotency_key,
            (kept.id, data),
            DecisionOut,
            act,
            secret=settings.secret_key,
        )

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listDecisions",
        summary="决定台账 A body's decisions",
        responses=refusals(BadCursor),
    )
    async def list_decisions(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[BodySight],
        cursors: NamedDependency[Cursors],
        pending: FromQuery[bool] = False,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> DecisionPage:
        """The latest first. Others than the body see them once the minutes are
        confirmed; ``pending`` leaves those somebody has yet to carry out.
        """
        purpose = f"decisions:{sight.body.id}:{sight.inside}:{pending}"
        before = cursors.open(purpose, cursor, int) if cursor else None
        rows = await queries.page(
            sight.body.id, inside=sight.inside, open_only=pending, before=before, limit=limit + 1
        )
        more = len(rows) > limit
        return DecisionPage(
            items=[_out(row, actor, today()) for row in rows[:limit]],
            next_cursor=cursors.seal(purpose, rows[limit - 1]["number"]) if more else None,
        )

    @get(
        "/chain",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getDecisionChain",
        summary="决定台账校验链 The log with its digests, to be recomputed",
        dependencies={"looked_into": Provide(body_from_inside)},
    )
    async def get_decision_chain(self, looked_into: NamedDependency[Body]) -> DecisionChainOut:
        """For everybody inside: each digest is SHA-256 over the previous one and the entry."""
        links = await queries.chain_of(looked_into.id)
        vouched = await queries.vouched_by_minutes(looked_into.id)
        return DecisionChainOut(
            head=links[-1].digest if links else GENESIS,
            links=msgspec.convert(links, list[ChainLinkOut], from_attributes=True),
            flaws=[
                ChainFlawOut(number=flaw.number, what=flaw.what)
                for flaw in verify(links, vouched=vouched)
            ],
        )


class MyDecisions(Controller):
    """What the caller is to carry out."""

    path = "/me/decisions"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyDecisions",
        summary="由我落实的决定 Decisions that are mine to carry out",
    )
    async def list_my_decisions(
        self, actor: NamedDependency[Actor], done: FromQuery[bool] = False
    ) -> MyDecisionsOut:
        """The first due first; or what is done, the latest first."""
        rows = await queries.owned(actor.person_id, done=done)
        return MyDecisionsOut(items=[_out(row, actor, today()) for row in rows])


class DecisionCompletion(Controller):
    """Saying that a decision has been carried out."""

    path = "/decisions/{decision_id:uuid}/completion"
    dependencies = {"decision": Provide(decision_to_complete)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="completeDecision",
        summary="办结决定 Say that a decision has been carried out",
        responses=refusals(rules.NothingToDo),
    )
    async def complete_decision(
        self,
        data: JSONBody[DecisionCompletionIn],
        actor: NamedDependency[Actor],
        decision: NamedDependency[Decision],
    ) -> DecisionOut:
        """For its owner and the chair; with the last of an item's the item is done."""
        await operations.complete(decision.id, data.note, by=actor.person_id)
        return _out(await queries.one(decision.id), actor, today())


def _out(row: dict[str, Any], actor: Actor, day: date) -> DecisionOut:
    open_still = row["done_at"] is None and row["due_on"] is not None
    return DecisionOut(
        id=row["id"],
        body_id=row["body_id"],
        body_name=row["body_name"],
        number=row["number"],
        item_id=row["item_id"],
        item_title=row["item_title"],
        meeting_id=row["meeting_id"],
        text=row["text"],
        owner_name=row["owner_name"],
        is_mine=row["owner_id"] == actor.person_id,
        due_on=row["due_on"],
        is_overdue=open_still and row["due_on"] < day,
        decided_at=row["decided_at"],
        digest=row["digest"],
        done_at=row["done_at"],
        done_note=row["done_note"],
    )


DUTY: tuple[type[Controller], ...] = (BodyDecisions, MyDecisions, DecisionCompletion)
