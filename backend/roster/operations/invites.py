"""A class's codes: made, and taken out of use."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from backend.audit.operations import record
from backend.database import fetch, transaction
from backend.identifiers import uuid7
from backend.roster import rules
from backend.roster.models import ClassInvite
from backend.schools.models import SchoolClass

_LETTERS = 16
"""Five bits each, so eighty in all."""


async def create_invite(class_id: UUID, by: UUID, now: datetime, *, secret: str) -> ClassInvite:
    """Make a code for a class; :func:`code_of` says which.

    Raises :class:`rules.TooManyInvites`.
    """
    async with transaction():
        # The class is the gate, so that the count below stays true until the end.
        of_class = await SchoolClass.select_for_update(no_key=True).get(id=class_id)
        working = ClassInvite.filter(class_id=class_id, revoked_at=None, expires_at__gt=now)
        if await working.count() >= rules.MOST_INVITES:
            raise rules.TooManyInvites
        invite_id = uuid7()
        invite = await ClassInvite.create(
            id=invite_id,
            class_id=class_id,
            digest=digest(code_of(invite_id, secret)),
            created_by=by,
            expires_at=now + timedelta(days=rules.INVITE_DAYS),
        )
        await record(
            "roster.invited", "class_invite", invite.id, by=by, school_id=of_class.school_id
        )
        return invite


async def revoke_invite(invite_id: UUID, by: UUID, now: datetime) -> None:
    """Take a code out of use; twice is once."""
    async with transaction():
        revoked = await fetch(
            """
            UPDATE class_invites i SET revoked_at = $2 FROM classes c
            WHERE i.id = $1 AND i.revoked_at IS NULL AND c.id = i.class_id
            RETURNING c.school_id
            """,
            invite_id,
            now,
        )
        for row in revoked:
            await record(
                "roster.invite_revoked",
                "class_invite",
                invite_id,
                by=by,
                school_id=row["school_id"],
            )


def code_of(invite_id: UUID, secret: str) -> str:
    """Return the code of an invite, in four groups of four.

    It follows from the installation's secret, so a repeated request can be given the
    same answer although only a digest is kept.
    """
    drawn = hmac.new(secret.encode(), b"invite:" + invite_id.bytes, hashlib.sha256).digest()
    letters = base64.b32encode(drawn).decode()[:_LETTERS]
    return "-".join(letters[start : start + 4] for start in range(0, _LETTERS, 4))


def digest(code: str) -> str:
    """Return what is kept of a code; blanks, dashes and case do not matter."""
    bare = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(bare.encode()).hexdigest()
