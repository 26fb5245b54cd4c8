"""After the day: feedback by those who came, and lists as workbooks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from litestar.response import Stream

from backend import clock
from backend.activities import rules
from backend.activities.models import Activity, ActivityExport, ExportState
from backend.activities.operations import afterwards, exports
from backend.activities.permissions import (
    activity_to_join,
    activity_to_run,
    export_by_link,
    export_in_sight,
)
from backend.activities.queries import opinions, places
from backend.activities.schemas.following import (
    ActivityExportOut,
    FeedbackIn,
    FeedbackSummaryOut,
    MyFeedbackOut,
)
from backend.activities.schemas.writing import ActivityExportIn
from backend.errors import NotFound
from backend.media import links
from backend.media.models import Variant
from backend.media.storage import Files
from backend.media.workbook import MEDIA_TYPE
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals

LINK_LIFE = timedelta(minutes=15)


class MyFeedback(Controller):
    """What the caller thought of what they came to."""

    path = "/activities/{activity_id:uuid}/feedback"
    dependencies = {"joined": Provide(activity_to_join)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="giveFeedback",
        summary="填写反馈 Say what I thought",
        responses=refusals(rules.NotThere, rules.NotHeldYet),
    )
    async def give_feedback(
        self,
        data: JSONBody[FeedbackIn],
        actor: NamedDependency[Actor],
        joined: NamedDependency[Activity],
    ) -> MyFeedbackOut:
        """Only for those who came; a later answer takes the earlier's place."""
        await afterwards.give_feedback(actor, joined.id, data.rating, data.text)
        return MyFeedbackOut(rating=data.rating, text=data.text)

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMyFeedback",
        summary="我的反馈 My own feedback",
        responses=refusals(NotFound),
    )
    async def get_my_feedback(
        self, actor: NamedDependency[Actor], joined: NamedDependency[Activity]
    ) -> MyFeedbackOut:
        """None is 404."""
        found = await opinions.of_person(joined.id, actor.person_id)
        if found is None:
            raise NotFound
        return MyFeedbackOut(rating=found["rating"], text=found["text"])


class AllFeedback(Controller):
    path = "/activities/{activity_id:uuid}/feedback-summary"
    dependencies = {"run": Provide(activity_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getFeedbackSummary",
        summary="反馈汇总（不记名） What those who came thought",
    )
    async def get_feedback_summary(self, run: NamedDependency[Activity]) -> FeedbackSummaryOut:
        """Without names, times or order."""
        nodes = await places.nodes(run.node_ids)
        one_class = [node.kind for node in nodes.values()] == ["class"]
        ratings = await opinions.ratings(run.id)
        answers, shown = rules.ratings_shown(ratings, one_class=one_class)
        if answers is None:
            return FeedbackSummaryOut(answers=None, average=None, ratings=None, texts=[])
        total = sum(rating * n for rating, n in ratings.items())
        return FeedbackSummaryOut(
            answers=answers,
            average=round(total / answers, 1) if answers else None,
            ratings=shown,
            texts=await opinions.texts(run.id),
        )


class ActivityExports(Controller):
    path = "/activities/{activity_id:uuid}/exports"
    dependencies = {"run": Provide(activity_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="exportRegistrations",
        summary="导出报名名单 Make a workbook of the list",
        responses=refusals(KeyNeeded, KeyReused),
    )
    async def export_registrations(
        self,
        data: JSONBody[ActivityExportIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Activity],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ActivityExportOut:
        """Made in the background, with the reason on record. Ask ``/exports/{id}`` how far
        it is. Telephone numbers are in the organiser's own list only.
        """

        async def act() -> ActivityExportOut:
            return ActivityExportOut.of(await exports.ask_for(actor, run, data.reason), None, None)

        return await once(
            actor.person_id,
            "exportRegistrations",
            idempotency_key,
            (run.id, data),
            ActivityExportOut,
            act,
            secret=settings.secret_key,
        )


class OneExport(Controller):
    path = "/exports/{export_id:uuid}"
    dependencies = {"export": Provide(export_in_sight)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getExport",
        summary="导出进度与下载链接 How far an export is",
    )
    async def get_export(
        self,
        actor: NamedDependency[Actor],
        export: NamedDependency[ActivityExport],
        settings: NamedDependency[Settings],
    ) -> ActivityExportOut:
        """With a download link for the caller, good for 15 minutes, once it is done."""
        if export.state != ExportState.DONE or export.file_key is None:
            return ActivityExportOut.of(export, None, None)
        # The link tells whole seconds.
        until = datetime.fromtimestamp(int((clock.now() + LINK_LIFE).timestamp()), UTC)
        token = links.sign(
            export.id,
            Variant.ORIGINAL,
            actor.person_id,
            actor.session_id,
            until,
            key=settings.secret_key,
        )
        return ActivityExportOut.of(export, f"/v1/exports/{export.id}/file?link={token}", until)


class ExportFile(Controller):
    """The workbook itself."""

    path = "/exports/{export_id:uuid}/file"
    dependencies = {"linked": Provide(export_by_link)}

    @get(
        opt={"policy": Policy.SIGNED_LINK},
        operation_id="downloadExport",
        summary="下载导出的表格 Download the workbook",
        responses={
            200: ResponseSpec(
                bytes,
                description="The workbook.",
                media_type=MEDIA_TYPE,
                generate_examples=False,
            )
        }
        | refusals(NotFound),
    )
    async def download_export(
        self, linked: NamedDependency[ActivityExport], files: NamedDependency[Files]
    ) -> Stream:
        """By a link the house signed; it is kept by no cache on the way."""
        key = linked.file_key or ""
        try:
            size = await files.head(key)
        except FileNotFoundError:
            raise NotFound from None
        name = quote(f"报名名单-{_day(linked.created_at)}.xlsx", safe="")
        headers: dict[str, Any] = {
            "content-length": str(size),
            "content-disposition": f"attachment; filename=\"list.xlsx\"; filename*=UTF-8''{name}",
            "cache-control": "private, no-store",
            "content-security-policy": "default-src 'none'; sandbox",
        }
        return Stream(files.stream(key), headers=headers, media_type=MEDIA_TYPE)


def _day(moment: datetime) -> str:
    return f"{clock.local(moment):%Y%m%d-%H%M}"
