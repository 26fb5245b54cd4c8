"""Writing to the trail."""

from uuid import UUID

from tortoise.connection import get_connection
from tortoise.exceptions import TransactionManagementError

from backend.audit.models import AuditEntry


async def record(
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    *,
    by: UUID | None,
    school_id: UUID | None = None,
    **facts: object,
) -> None:
    """Append one entry in the caller's transaction.

    ``action`` is ``room.verb``; ``facts`` are ids, counts, names of fields and reasons,
    never personal values. Raises ``TransactionManagementError`` outside a transaction.
    """
    if not hasattr(get_connection("default"), "_finalized"):
        raise TransactionManagementError("an act and its audit entry share a transaction")
    await AuditEntry.create(
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        person_id=by,
        school_id=school_id,
        facts=facts,
    )
