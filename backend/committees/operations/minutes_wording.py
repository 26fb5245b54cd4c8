"""Changing how minutes are worded: every change is a new version, none is ever rewritten."""

from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.committees.models import MinutesTemplate
from backend.committees.queries import minutes as queries
from backend.committees.rules import wording as rules
from backend.committees.rules.wording import Wording
from backend.database import fetch, transaction
from backend.identifiers import uuid7


async def write(district_id: UUID, school_id: UUID | None, words: Wording, *, by: UUID) -> int:
    """Put a wording in force for minutes that are not confirmed yet; returns its version.

    What is in force already is not written again. Raises ``UnknownPlaceholder`` and
    ``SectionsIncomplete``.
    """
    rules.check(words)
    async with transaction():
        await fetch("SELECT id FROM districts WHERE id = $1 FOR NO KEY UPDATE", district_id)
        now_in_force, version = await queries.wording_of(district_id, school_id)
        if version and now_in_force == words:
            return version
        written = await MinutesTemplate.create(
            id=uuid7(),
            district_id=district_id,
            school_id=school_id,
            version=version + 1,
            wording=msgspec.to_builtins(words),
            written_by=by,
            written_at=clock.now(),
        )
        await record(
            "committees.minutes_wording_written", "minutes_template", written.id,
            by=by, school_id=school_id, version=written.version,
        )  # fmt: skip
        return written.version
