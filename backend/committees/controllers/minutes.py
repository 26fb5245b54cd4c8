"""Minutes: what was found, confirming, objections, filing, papers."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from backend.committees.controllers.minutes_answers import minutes_out
from backend.committees.controllers.minutes_filing import FILING
from backend.committees.controllers.minutes_wording import WORDING
from backend.committees.models import Meeting
from backend.committees.operations import minutes as operations
from backend.committees.operations import minutes_filing, minutes_objections, minutes_papers
from backend.committees.operations.minutes_papers import MEDIA_TYPES, Form
from backend.committees.permissions.minutes import (
    MinutesSight,
    minutes_in_sight,
    minutes_to_chair,
    minutes_to_doubt,
    minutes_to_keep,
)
from backend.committees.rules import minutes as rules
from backend.committees.schemas.minutes import (
    MinutesAnswerIn,
    MinutesConfirmationIn,
    MinutesObjectionIn,
    MinutesOut,
    MinutesRemarksIn,
)
from backend.errors import TooMany
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


def _answers(form: Form) -> dict[int, ResponseSpec]:
    return {
        200: ResponseSpec(
            bytes, description="The document.", media_type=MEDIA_TYPES[form],
            generate_examples=False,
        )
    }  # fmt: skip


class MeetingMinutes(Controller):
    """Minutes of one meeting."""

    path = "/meetings/{meeting_id:uuid}"

    @get(
        "/minutes",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMinutes",
        summary="会议纪要 The minutes of a meeting",
        dependencies={"sight": Provide(minutes_in_sight)},
    )
    async def get_minutes(
        self, actor: NamedDependency[Actor], sight: NamedDependency[MinutesSight]
    ) -> MinutesOut:
        """Drafts for the body alone; confirmed ones for everybody at its level and the staff."""
        return await minutes_out(sight, actor)

    @get(
        "/minutes.docx",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMinutesDocx",
        summary="会议纪要 Word 文件 The minutes as a Word file",
        dependencies={"sight": Provide(minutes_in_sight)},
        responses=_answers("docx") | refusals(TooMany),
    )
    async def get_minutes_docx(
        self, actor: NamedDependency[Actor], sight: NamedDependency[MinutesSight]
    ) -> Response[bytes]:
        """A draft says so on every page."""
        return await _document(sight, "docx", actor)

    @get(
        "/minutes.pdf",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMinutesPdf",
        summary="会议纪要 PDF The minutes as PDF",
        dependencies={"sight": Provide(minutes_in_sight)},
        responses=_answers("pdf") | refusals(TooMany),
    )
    async def get_minutes_pdf(
        self, actor: NamedDependency[Actor], sight: NamedDependency[MinutesSight]
    ) -> Response[bytes]:
        """A draft says so on every page."""
        return await _document(sight, "pdf", actor)

    @put(
        "/minutes/draft",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="draftMinutes",
        summary="生成或刷新纪要草稿 Draft the minutes, or bring the draft up to date",
        dependencies={"kept": Provide(minutes_to_keep)},
        responses=refusals(rules.MeetingNotEnded, rules.WrongMinutesState),
    )
    async def draft_minutes(
        self, actor: NamedDependency[Actor], kept: NamedDependency[Meeting]
    ) -> MinutesOut:
        """The system does so by itself when a meeting ends; remarks stay."""
        await operations.draft_minutes(kept.id, by=actor.person_id)
        return await _shown(actor, kept.id)

    @put(
        "/minutes/remarks",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="writeMinutesRemarks",
        summary="补充其他事项 Add what the system cannot know",
        dependencies={"kept": Provide(minutes_to_keep)},
        responses=refusals(rules.WrongMinutesState),
    )
    async def write_minutes_remarks(
        self,
        data: JSONBody[MinutesRemarksIn],
        actor: NamedDependency[Actor],
        kept: NamedDependency[Meeting],
    ) -> MinutesOut:
        """While they are a draft, for chair and secretary."""
        await operations.add_remarks(kept.id, data.remarks, by=actor.person_id)
        return await _shown(actor, kept.id)

    @put(
        "/minutes/confirmation",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="confirmMinutes",
        summary="主任确认纪要 Confirm the minutes",
        dependencies={"chaired": Provide(minutes_to_chair)},
        responses=refusals(rules.WrongMinutesState, rules.ItemsUnsettled, rules.MinutesChanged),
    )
    async def confirm_minutes(
        self,
        data: JSONBody[MinutesConfirmationIn],
        actor: NamedDependency[Actor],
        chaired: NamedDependency[Meeting],
    ) -> MinutesOut:
        """Fixes what they say, closes the meeting, and opens three days for objections."""
        await operations.confirm(chaired.id, data.digest, by=actor.person_id)
        return await _shown(actor, chaired.id)

    @post(
        "/minutes/objections",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="objectToMinutes",
        summary="对纪要提出异议 Object to the minutes",
        dependencies={"doubted": Provide(minutes_to_doubt)},
        responses=refusals(
            KeyNeeded, KeyReused, TooMany, rules.WrongMinutesState, rules.TooLateToObject
        ),
    )
    async def object_to_minutes(
        self,
        data: JSONBody[MinutesObjectionIn],
        actor: NamedDependency[Actor],
        doubted: NamedDependency[Meeting],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> MinutesOut:
        """For members, while the window is open; the chair answers."""

        async def act() -> MinutesOut:
            await minutes_objections.raise_objection(doubted.id, data.text, by=actor.person_id)
            return await _shown(actor, doubted.id)

        return await once(
            actor.person_id,
            "objectToMinutes",
            idempotency_key,
            (doubted.id, data),
            MinutesOut,
            act,
            secret=settings.secret_key,
        )

    @put(
        "/minutes/objections/{objection_id:uuid}/answer",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="answerMinutesObjection",
        summary="答复异议 Answer an objection",
        dependencies={"chaired": Provide(minutes_to_chair)},
        responses=refusals(rules.ObjectionAnswered, rules.WrongMinutesState),
    )
    async def answer_minutes_objection(
        self,
        data: JSONBody[MinutesAnswerIn],
        objection_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        chaired: NamedDependency[Meeting],
    ) -> MinutesOut:
        """Upheld, the minutes are a draft again; rejected, they stay. Both remain on record."""
        await minutes_objections.answer(
            chaired.id, objection_id, upheld=data.upheld, text=data.answer, by=actor.person_id
        )
        return await _shown(actor, chaired.id)

    @put(
        "/minutes/correction",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="correctMinutes",
        summary="修订被退回的纪要 Take up minutes that were sent back",
        dependencies={"kept": Provide(minutes_to_keep)},
        responses=refusals(rules.WrongMinutesState),
    )
    async def correct_minutes(
        self, actor: NamedDependency[Actor], kept: NamedDependency[Meeting]
    ) -> MinutesOut:
        """They are a draft again, to be confirmed and submitted anew."""
        await minutes_filing.correct(kept.id, by=actor.person_id)
        return await _shown(actor, kept.id)

    @put(
        "/minutes/submission",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="submitMinutes",
        summary="报区备案 Submit the minutes to the district",
        dependencies={"kept": Provide(minutes_to_keep)},
        responses=refusals(rules.WrongMinutesState, rules.ObjectionsOpen),
    )
    async def submit_minutes(
        self, actor: NamedDependency[Actor], kept: NamedDependency[Meeting]
    ) -> MinutesOut:
        """Once nobody may object any more."""
        await minutes_filing.submit(kept.id, by=actor.person_id)
        return await _shown(actor, kept.id)


async def _shown(actor: Actor, meeting_id: UUID) -> MinutesOut:
    return await minutes_out(await minutes_in_sight(actor, meeting_id), actor)


async def _document(sight: MinutesSight, form: Form, actor: Actor) -> Response[bytes]:
    held: Any = sight
    content = await minutes_papers.written(
        held.minutes, held.meeting, held.within.body, form, actor.person_id
    )
    return Response(
        content,
        media_type=MEDIA_TYPES[form],
        headers={
            "cache-control": "private, no-store",
            "content-disposition": f'attachment; filename="minutes-{held.meeting.id}.{form}"',
            "content-security-policy": "default-src 'none'; sandbox",
        },
    )


DUTY: tuple[type[Controller], ...] = (MeetingMinutes, *FILING, *WORDING)
