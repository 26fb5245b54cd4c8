"""The organiser's side: writing, opening, adding sessions, calling off, summing up."""

from uuid import UUID

from litestar import Controller, delete, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.activities import rules
from backend.activities.controllers.answers import changed
from backend.activities.models import Activity
from backend.activities.operations import afterwards, drafts, opening
from backend.activities.permissions import activity_to_run, school_to_organise_at
from backend.activities.schemas.reading import ActivityOut
from backend.activities.schemas.writing import (
    ActivityCancellationIn,
    ActivityIn,
    ActivitySessionIn,
    ActivitySummaryIn,
)
from backend.bookings.rules import BadHours
from backend.errors import NotFound
from backend.media.rules import AttachmentMissing
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals

WRITING = (
    NotFound,
    rules.NotYourActivity,
    rules.OutsideAudience,
    rules.NotAGuardian,
    rules.NotOnTheStaff,
    rules.SpeakerNotHere,
)


class ActivityDrafts(Controller):
    """Where activities begin."""

    path = "/schools/{school_id:uuid}/activities"
    dependencies = {"organised_at": Provide(school_to_organise_at)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="writeActivity",
        summary="起草活动 Write a draft",
        responses=refusals(*WRITING, KeyNeeded, KeyReused),
    )
    async def write_activity(
        self,
        data: JSONBody[ActivityIn],
        actor: NamedDependency[Actor],
        organised_at: NamedDependency[UUID],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ActivityOut:
        """Keep a draft with its sessions. Only those who answer for it see it until it opens."""

        async def act() -> ActivityOut:
            activity = await drafts.write(actor, organised_at, data.content())
            return await changed(actor, activity.id, settings)

        return await once(
            actor.person_id,
            "writeActivity",
            idempotency_key,
            (organised_at, data),
            ActivityOut,
            act,
            secret=settings.secret_key,
        )


class ActivityChanges(Controller):
    """An activity in the hands of those who answer for it."""

    path = "/activities/{activity_id:uuid}"
    dependencies = {"run": Provide(activity_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="rewriteActivity",
        summary="修改活动草稿 Rewrite a draft",
        responses=refusals(*WRITING, rules.WrongActivityState),
    )
    async def rewrite_activity(
        self,
        data: JSONBody[ActivityIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Activity],
        settings: NamedDependency[Settings],
    ) -> ActivityOut:
        """Replace a draft and its sessions."""
        await drafts.rewrite(actor, run.id, data.content())
        return await changed(actor, run.id, settings)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="discardActivity",
        summary="删除活动草稿 Discard a draft",
        responses=refusals(rules.WrongActivityState),
    )
    async def discard_activity(self, run: NamedDependency[Activity]) -> None:
        """Throw a draft away. What has opened is called off instead."""
        await drafts.discard(run.id)

    @put(
        "/opening",
        opt={"policy": Policy.STAFF},
        operation_id="openActivity",
        summary="发布活动，开放报名 Show it to families",
        responses=refusals(
            rules.WrongActivityState,
            rules.NoSessions,
            rules.BadActivityDates,
            rules.NobodyInvited,
            BadHours,
        ),
    )
    async def open_activity(
        self,
        actor: NamedDependency[Actor],
        run: NamedDependency[Activity],
        settings: NamedDependency[Settings],
    ) -> ActivityOut:
        """Families it is for are told; booking begins at ``opensAt``. Repeating it is harmless."""
        await opening.open_activity(actor, run.id)
        return await changed(actor, run.id, settings)

    @post(
        "/sessions",
        opt={"policy": Policy.STAFF},
        operation_id="addActivitySession",
        summary="增加场次 Add a session",
        responses=refusals(
            *WRITING[2:],
            rules.WrongActivityState,
            rules.TooManySessions,
            rules.BadActivityDates,
            BadHours,
            NotFound,
            KeyNeeded,
            KeyReused,
        ),
    )
    async def add_activity_session(
        self,
        data: JSONBody[ActivitySessionIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Activity],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ActivityOut:
        """On an open activity the new session can be booked at once.

        Times, rooms and capacity of an open session are changed at its slot's address.
        """

        async def act() -> ActivityOut:
            await drafts.add_session(actor, run.id, data.plan())
            return await changed(actor, run.id, settings)

        return await once(
            actor.person_id,
            "addActivitySession",
            idempotency_key,
            (run.id, data),
            ActivityOut,
            act,
            secret=settings.secret_key,
        )

    @put(
        "/cancellation",
        opt={"policy": Policy.STAFF},
        operation_id="callOffActivity",
        summary="取消活动 Call it off",
        responses=refusals(rules.WrongActivityState),
    )
    async def call_off_activity(
        self,
        data: JSONBody[ActivityCancellationIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Activity],
        settings: NamedDependency[Settings],
    ) -> ActivityOut:
        """Every session is called off, and exactly those who had or awaited a place are told."""
        await opening.call_off(actor, run.id, data.reason)
        return await changed(actor, run.id, settings)

    @put(
        "/summary",
        opt={"policy": Policy.STAFF},
        operation_id="summariseActivity",
        summary="活动小结 Write what came of it",
        responses=refusals(rules.WrongActivityState, AttachmentMissing),
    )
    async def summarise_activity(
        self,
        data: JSONBody[ActivitySummaryIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Activity],
        settings: NamedDependency[Settings],
    ) -> ActivityOut:
        """Seen by everybody it was for; those who came are told of the first one."""
        await afterwards.summarise(actor, run.id, data.text, data.picture_ids)
        return await changed(actor, run.id, settings)
