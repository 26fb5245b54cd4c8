"""Whether a restored installation is whole, by what the product knows of itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from backend import migrate
from backend.backups import restoring, tables
from backend.backups.operations import end_all_sessions
from backend.backups.restoring import Restored
from backend.backups.tables import Table
from backend.backups.vault import Vault
from backend.ballots import verifying
from backend.ballots.keys import lying
from backend.clock import now
from backend.committees.models import Body
from backend.committees.queries import decisions
from backend.committees.rules import chain
from backend.database import database, fetch
from backend.media.models import room_of
from backend.settings import Settings

_KEYS = (
    "SELECT original_key AS key FROM attachments",
    "SELECT thumbnail_key AS key FROM attachments WHERE thumbnail_key IS NOT NULL",
    "SELECT poster_key AS key FROM attachments WHERE poster_key IS NOT NULL",
    "SELECT key FROM upload_parts",
    "SELECT file_key AS key FROM activity_exports WHERE file_key IS NOT NULL",
)
_MISSING = "SELECT original_key AS key FROM attachments WHERE stored_at IS NOT NULL"
_SEALED = """
SELECT v.id FROM votes v
WHERE v.mode = 'secret' AND v.public_key <> '' AND EXISTS (
    SELECT FROM sealed_ballots s WHERE s.vote_id = v.id)
"""
_HOLDING = "('requested', 'confirmed', 'offered', 'checked_in', 'completed', 'no_show')"
PLACES = {
    "slots whose counters are not what their bookings say": f"""
        SELECT count(*) AS n FROM slot_places p CROSS JOIN LATERAL (
            SELECT coalesce(sum(party) FILTER (WHERE state IN {_HOLDING}), 0) AS held,
                   count(*) FILTER (WHERE state = 'waitlisted') AS waits
            FROM bookings b WHERE b.slot_id = p.slot_id) x
        WHERE (x.held, x.waits) <> (p.taken, p.waiting) OR p.taken > p.capacity""",
    "bookings that are not what their last move made them": """
        SELECT count(*) AS n FROM bookings b LEFT JOIN LATERAL (
            SELECT m.became FROM booking_moves m WHERE m.booking_id = b.id
            ORDER BY m.id DESC LIMIT 1) x ON true
        WHERE x.became IS DISTINCT FROM b.state""",
    "moves that do not begin where the one before ended": """
        SELECT count(*) AS n FROM (
            SELECT was, lag(became, 1, 'none') OVER (PARTITION BY booking_id ORDER BY id) AS before
            FROM booking_moves) x
        WHERE was <> before""",
}
"""What must be nowhere, by what it is called; ``n`` is how often it is."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    well: bool
    subject: str
    detail: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was looked at after a restore. ``tables`` are for comparing."""

    findings: list[Finding]
    tables: dict[str, Table]
    revoked: int
    files: int

    @property
    def is_well(self) -> bool:
        return all(one.well for one in self.findings)


async def examine(
    restored: Restored, vault: Vault, settings: Settings, *, keep_sessions: bool
) -> Report:
    """Bring the files back, look at everything, and end all sessions unless told otherwise."""
    findings = [await _migrations(restored.dsn)]
    read = await tables.read_all(restored.dsn)
    rows = sum(table.rows for table in read.values())
    findings.append(_well("数据表 tables", f"{len(read)} tables, {rows} rows, all read"))
    laid, revoked = 0, 0
    if not await migrate.pending(restored.dsn):
        async with database(restored.dsn, settings, name="tongxing-restore"):
            if restored.plan.backup.files is not None:
                laid = await _lay_files(vault, restored.home / "files")
                findings.append(await _files(restored.home / "files", laid))
            findings += [one async for one in _stories()]
            findings.append(await _secret_votes(settings))
            if not keep_sessions:
                revoked = await end_all_sessions(now())
                findings.append(_well("登录 sessions", f"{revoked} ended; people sign in again"))
    return Report(findings=findings, tables=read, revoked=revoked, files=laid)


def _well(subject: str, detail: str) -> Finding:
    return Finding(well=True, subject=subject, detail=detail)


async def _migrations(dsn: str) -> Finding:
    missing = await migrate.pending(dsn)
    # An older schema is no damage: the next `tongxing migrate` brings it along.
    told = f"lacks {', '.join(missing)}; run `tongxing migrate`" if missing else "at the newest"
    return _well("迁移 migrations", told)


async def _lay_files(vault: Vault, into: Path) -> int:
    found = [[row["key"] for row in await fetch(sql)] for sql in _KEYS]
    # What is made of a film lies below a place of its own, in files no row names.
    rooms = {room_of(key) for key in found[0]}
    keys = {key for some in found for key in some}
    return await asyncio.to_thread(restoring.lay_files, vault, keys, rooms, into)


async def _files(folder: Path, laid: int) -> Finding:
    named = [row["key"] for row in await fetch(_MISSING)]
    missing = [key for key in named if not (folder / key).is_file()]
    return Finding(
        well=not missing,
        subject="文件 files",
        detail=f"{laid} brought back; {len(missing)} of {len(named)} uploads are missing"
        f"{': ' if missing else ''}{', '.join(missing[:3])}",
    )


async def _stories() -> AsyncIterator[Finding]:
    """Chains, places and published results: what contradicts itself where rows are lost."""
    flaws, links = [], 0
    for body_id in [body.id for body in await Body.all()]:
        entries = await decisions.chain_of(body_id)
        vouched = await decisions.vouched_by_minutes(body_id)
        links += len(entries)
        flaws += [(body_id, flaw) for flaw in chain.verify(entries, vouched=vouched)]
    told = "".join(f"; {body}: {flaw.number} {flaw.what}" for body, flaw in flaws[:3])
    yield Finding(
        well=not flaws, subject="决定链 decisions", detail=f"{links} entries, chained{told}"
    )
    wrong = {what: (await fetch(sql))[0]["n"] for what, sql in PLACES.items()}
    told = "; ".join(f"{n} {what}" for what, n in wrong.items() if n)
    moves = (await fetch("SELECT count(*) AS n FROM booking_moves"))[0]["n"]
    yield Finding(
        well=not told, subject="名额 places", detail=told or f"{moves} moves, every one follows"
    )
    # What is signed was signed with a secret that no backup holds: its own key vouches for it.
    rows = await fetch("SELECT id, bundle FROM votes WHERE bundle IS NOT NULL")
    unsound = [row["id"] for row in rows if not _is_sound(row["bundle"])]
    yield Finding(
        well=not unsound,
        subject="表决 results",
        detail=f"{len(rows)} published, {len(unsound)} of them not sound",
    )


def _is_sound(bundle: object) -> bool:
    text = bundle.encode() if isinstance(bundle, str) else msgspec.json.encode(bundle)
    try:
        return verifying.verify(text).is_sound
    except verifying.Unreadable:
        return False


async def _secret_votes(settings: Settings) -> Finding:
    """Say which boxes can be opened no more; that is by design, and for the chair to know."""
    sealed = [row["id"] for row in await fetch(_SEALED)]
    here = lying(settings.ballot_key_directories, before=now().timestamp() + 1)
    shut = [vote for vote in sealed if vote not in here]
    told = f"; {len(shut)} stay shut for good (no key): annul and hold again" if shut else ""
    return _well("秘密投票 secret votes", f"{len(sealed)} with sealed boxes{told}")
