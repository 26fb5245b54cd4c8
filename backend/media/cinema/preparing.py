"""Making a film ready to be watched, and then its ladder.

Everything made of a film lies under a prefix of its own, in a folder for each attempt, so
what a dead worker left is found and removed by the next, and goes with the film.
"""

import asyncio
import hashlib
from pathlib import Path

import msgspec
import structlog

from backend import clock
from backend.errors import Refusal
from backend.media import rules
from backend.media.cinema import claims, encoder, ladder, limits, screening
from backend.media.cinema.claims import Claim, LeaseLost
from backend.media.cinema.encoder import EncoderFailed
from backend.media.storage import Files
from backend.sandbox import SandboxKilled

READY_PERCENT = 40
"""How far a film is that plays, when its ladder is still to be made."""
_COPIED_FROM = 30
_MOST_TRANSCODED = 2 * 1024**3
_MOST_SEGMENT = 64 * 1024**2
_PUT_AT_ONCE = 4
_DRAWINGS = ("poster.jpg", "thumbnail.jpg")

log = structlog.get_logger("media")


async def prepare_next(files: Files, *, ladders: bool) -> bool:
    """Take the next film and do what is due; returns whether there was one.

    ``ladders`` says whether this installation wants them and can make them. A worker that
    is told to stop puts the film down for the next.
    """
    claim = await claims.claim(clock.now(), ladders=ladders)
    if claim is None:
        return False
    facts = {"attachment": str(claim.id), "stage": claim.stage, "attempt": claim.attempt}
    try:
        if claim.attempt > claims.MOST_ATTEMPTS and not _is_nearly_there(claim):
            log.error("film_given_up", **facts)
            await _settle(claim, limits.VideoNotPrepared.code, files)
        else:
            await _attempt(claim, files, ladders=ladders)
    except rules.StorageFull:
        # Not the film's fault: it comes up again when its lease is over, as below.
        log.error("film_found_no_room", **facts)
    except Refusal as refusal:
        log.info("film_refused", code=refusal.code, **facts)
        await _settle(claim, refusal.code, files)
    except LeaseLost:
        log.warning("film_lost", **facts)
        await claim.withdraw(files)
    except (EncoderFailed, SandboxKilled) as trouble:
        log.warning("film_not_prepared", reason=str(trouble), **facts)
    except asyncio.CancelledError:
        await _put_down(claim)
        raise
    return True


async def _attempt(claim: Claim, files: Files, *, ladders: bool) -> None:
    async with claims.holding(claim) as hear:
        if claim.stage == "ready":
            await _make_ladder(claim, files, hear)
            return
        if not _is_nearly_there(claim):
            claim = await _make_film(claim, files, hear)
    await _show(claim, files, ladders=ladders)


async def _make_film(claim: Claim, files: Files, hear: claims.Hear) -> Claim:
    """Make the clean copy and let the row know it in place of what was uploaded."""
    await _clear_room(claim, files)
    async with files.local_copy(claim.original_key) as source, files.workshop() as folder:
        reel = await screening.probe(source)
        hear(5)
        if limits.box_for(reel) is None:
            source = await _transcoded(source, reel, folder, hear)
        cleaned = await screening.clean(
            source,
            folder,
            on_percent=lambda percent: hear(
                _COPIED_FROM + percent * (READY_PERCENT - 1 - _COPIED_FROM) // 100
            ),
        )
        place = claim.place
        film = folder / "film"
        digest = await asyncio.to_thread(_digest, film)
        drawn = {name: f"{place}/{name}" for name in _DRAWINGS if cleaned.moving}
        for name, key in drawn.items():
            await files.put_file(key, folder / name)
        await files.put_file(f"{place}/film.{cleaned.box}", film)
        made = msgspec.structs.replace(
            claim,
            kind="video" if cleaned.moving else "audio",
            original_key=f"{place}/film.{cleaned.box}",
        )
        await claim.write(
            "kind = $4, byte_size = $5, sha256 = $6, width = $7, height = $8, duration_ms = $9, "
            "original_key = $10, poster_key = $11, thumbnail_key = $12",
            made.kind,
            film.stat().st_size,
            digest,
            cleaned.width,
            cleaned.height,
            cleaned.milliseconds,
            made.original_key,
            *(drawn.get(name) for name in _DRAWINGS),
        )
        return made


async def _transcoded(source: Path, reel: limits.Reel, folder: Path, hear: claims.Hear) -> Path:
    """Return a film every browser plays. Raises :class:`limits.VideoNeedsEncoder`."""
    if not encoder.is_installed():
        raise limits.VideoNeedsEncoder
    size = (reel.picture.width, reel.picture.height) if reel.picture else None
    target = folder / "transcoded.mp4"
    await encoder.encode(
        ladder.transcoding(source, reel.demuxer, target, size),
        milliseconds=reel.milliseconds or limits.MAX_MILLISECONDS,
        file_bytes=_MOST_TRANSCODED,
        on_percent=lambda percent: hear(5 + percent * (_COPIED_FROM - 5) // 100),
    )
    return target


async def _show(claim: Claim, files: Files, *, ladders: bool) -> None:
    """Remove what was uploaded, place and all, and let the copy be watched.

    An attempt that dies in here is repeated from the same point: the key of the copy says
    that it is complete, and the media type still says what was uploaded.
    """
    await files.delete(f"{claim.room}.{rules.EXTENSIONS[claim.media_type]}")
    moving = claim.kind == "video"
    box = msgspec.convert(claim.original_key.rpartition(".")[2], limits.Box)
    shown = limits.media_type(box, moving=moving)
    await claim.write(
        "state = 'ready', media_type = $4, filename = $5, prepared_percent = $6, "
        "prepare_attempts = 0, prepare_lease = NULL, prepare_error = ''",
        shown,
        rules.display_name(claim.filename, shown),
        READY_PERCENT if moving and ladders else 100,
    )


async def _make_ladder(claim: Claim, files: Files, hear: claims.Hear) -> None:
    assert claim.width and claim.height and claim.duration_ms
    await _clear_ladders(claim, files)
    async with files.local_copy(claim.original_key) as source, files.workshop() as folder:
        reel = await screening.probe(source)
        await encoder.encode(
            ladder.laddering(
                source,
                reel.demuxer,
                folder,
                ladder.rungs(claim.width, claim.height),
                sound=reel.sound is not None,
            ),
            milliseconds=claim.duration_ms,
            file_bytes=_MOST_SEGMENT,
            on_percent=lambda percent: hear(READY_PERCENT + percent * (99 - READY_PERCENT) // 100),
        )
        await _put_all(folder, claim.place, files)
    await claim.write(
        "stream_key = $4, prepared_percent = 100, prepare_lease = NULL, prepare_error = ''",
        claim.place,
    )


async def _put_all(folder: Path, place: str, files: Files) -> None:
    waiting = await asyncio.to_thread(lambda: sorted(folder.iterdir()))

    async def carry() -> None:
        while waiting:
            path = waiting.pop()
            await files.put_file(f"{place}/{path.name}", path)

    async with asyncio.TaskGroup() as group:
        for _ in range(_PUT_AT_ONCE):
            group.create_task(carry())


async def _settle(claim: Claim, code: str, files: Files) -> None:
    """Write down that it failed, and why; nothing half made stays."""
    try:
        await claim.fail(code)
    except LeaseLost:
        return
    if claim.stage == "ready":
        await _clear_ladders(claim, files)
    else:
        await _clear_room(claim, files)


async def _put_down(claim: Claim) -> None:
    try:
        await claim.put_down()
    except LeaseLost:
        return


async def _clear_room(claim: Claim, files: Files) -> None:
    await files.delete_prefix(claim.room)


async def _clear_ladders(claim: Claim, files: Files) -> None:
    for attempt in range(1, claims.MOST_ATTEMPTS + 1):
        await files.delete_prefix(f"{claim.room}/hls-{attempt}")


def _is_nearly_there(claim: Claim) -> bool:
    """Say whether the copy is complete, and only what was uploaded is left to go."""
    return claim.stage == "preparing" and claim.original_key.startswith(f"{claim.room}/")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
