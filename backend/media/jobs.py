"""What media does unasked."""

import structlog

from backend.media import operations
from backend.media.storage import Files

log = structlog.get_logger("media")


async def sweep_unattached(files: Files) -> int:
    """Remove uploads that nothing carries a day later; due every hour, bears repeating.

    Returns how many attachments went.
    """
    gone = 0
    while batch := await operations.sweep(files=files):
        gone += batch
    if gone:
        log.info("attachments_swept", count=gone)
    return gone
