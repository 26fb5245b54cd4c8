"""Minutes on paper: as a Word file or a PDF."""

from typing import Literal
from uuid import UUID

from backend import clock
from backend.committees.models import Body, Meeting, Minutes, MinutesState
from backend.committees.operations.minutes import read_record, words_of
from backend.committees.queries import eligibility, records
from backend.committees.rules.composing import Standing, paper
from backend.committees.rules.minutes import DOCUMENTS
from backend.media.writing import docx, pdf
from backend.media.writing.blocks import Paper
from backend.web.limits import spend

Form = Literal["docx", "pdf"]
MEDIA_TYPES: dict[Form, str] = {"docx": docx.MEDIA_TYPE, "pdf": pdf.MEDIA_TYPE}


async def written(minutes: Minutes, meeting: Meeting, body: Body, form: Form, by: UUID) -> bytes:
    """Return minutes as a file; a draft says on every page that it is one.

    Raises ``TooMany`` for a hand that never rests.
    """
    await spend(DOCUMENTS, str(by), clock.now())
    composed = await compose(minutes, meeting, body)
    return await (docx.docx_file(composed) if form == "docx" else pdf.pdf(composed))


async def compose(minutes: Minutes, meeting: Meeting, body: Body) -> Paper:
    """Return minutes as a document."""
    is_draft = minutes.state == MinutesState.DRAFT
    since = minutes.confirmed_at
    return paper(
        read_record(minutes),
        minutes.remarks,
        await words_of(minutes, body),
        Standing(
            written_at=since or minutes.drafted_at,
            is_draft=is_draft,
            filing_number=minutes.filing_number or "",
            confirmed_at=since,
            confirmed_by=await _name(minutes.confirmed_by),
            digest=minutes.digest,
            objections=await records.answered(meeting.id, since) if since else (),
        ),
    )


async def _name(person_id: UUID | None) -> str:
    return await eligibility.name_of(person_id) if person_id else ""
