"""What media does unasked."""

from collections.abc import Awaitable, Callable

import structlog

from backend.media import operations
from backend.media.cinema import encoder
from backend.media.cinema.preparing import prepare_next
from backend.media.operations import uploads
from backend.media.storage import Files

log = structlog.get_logger("media")


async def prepare(files: Files, *, ladders: bool = True) -> int:
    """Prepare every waiting film and recording, one after the other; bears repeating.

    Any number of workers may do this at once. ``ladders`` asks for versions for weak
    networks too, where the encoder is installed. Returns how many were taken up.
    """
    taken = 0
    while await prepare_next(files, ladders=ladders and encoder.is_installed()):
        taken += 1
    return taken


async def sweep_unattached(files: Files) -> int:
    """Remove files that nothing carries a day later, uploads that nobody completed, and
    what dead processes left; due every hour, bears repeating.

    Returns how many attachments went.
    """
    gone = await _all(lambda: operations.sweep(files=files))
    given_up = await _all(lambda: uploads.sweep(files=files))
    left = await files.sweep_unfinished()
    if gone or given_up or left:
        log.info("attachments_swept", count=gone, uploads=given_up, unfinished=left)
    return gone


async def _all(sweep: Callable[[], Awaitable[int]]) -> int:
    gone = 0
    while batch := await sweep():
        gone += batch
    return gone
