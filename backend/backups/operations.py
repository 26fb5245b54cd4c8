"""What a restore does to the restored installation."""

from datetime import datetime

from backend.audit.operations import record
from backend.database import fetch, transaction
from backend.people.operations.sessions import end_sessions

AT_ONCE = 1000


async def end_all_sessions(now: datetime) -> int:
    """End every session and note that in the trail; returns how many there were.

    A moment of the past knows nothing of sign-outs, lost phones and changed passwords since.
    """
    alive = [row["id"] for row in await fetch("SELECT id FROM sessions WHERE revoked_at IS NULL")]
    for start in range(0, len(alive), AT_ONCE):
        async with transaction():
            await end_sessions(alive[start : start + AT_ONCE], "restored", now=now)
    async with transaction():
        await record("backups.restore", "installation", None, by=None, sessions=len(alive))
    return len(alive)
