"""What is kept how long: any moment of the last so many days can be had back.

A file that was deleted, and a person who was forgotten, leave the vault with the last backup
that knew them. Nothing is thrown away before a newer sound backup stands in its place.
"""

from datetime import datetime, timedelta
from shutil import rmtree

import structlog

from backend.backups import journal, taking
from backend.backups.taking import BASES, FILES, JOURNAL
from backend.backups.vault import Vault

log: structlog.stdlib.BoundLogger = structlog.get_logger("backups")

UNFINISHED_AFTER = timedelta(days=1)


def prune(vault: Vault, keep: timedelta, now: datetime) -> list[str]:
    """Throw away backups that no moment of the last ``keep`` needs; returns their ids.

    The newest that is older than that stays: the moments up to the next one begin with it.
    Journal and files that nothing kept needs go with them.
    """
    backups = taking.sound(vault)
    needed = [one for one in backups if one.ended_at >= now - keep]
    before = [one for one in backups if one.ended_at < now - keep]
    needed = [*before[-1:], *needed]
    if not needed:
        return []
    unneeded = [one.id for one in before[:-1]]
    for backup_id in unneeded:
        rmtree(vault.root / BASES / backup_id)
    stale = (now - UNFINISHED_AFTER).timestamp()
    for folder in taking.listed(vault):
        place = vault.root / BASES / folder.id
        if folder.backup is None and place.stat().st_mtime < stale:
            log.warning("an unfinished backup is thrown away", id=folder.id)
            rmtree(place)
    _prune_journal(vault, needed[0])
    _prune_files(vault, needed, (now - keep).timestamp())
    vault.sweep(stale)
    if unneeded:
        log.info("backups thrown away", ids=unneeded)
    return unneeded


def _prune_journal(vault: Vault, oldest: taking.Backup) -> None:
    for name, stored in vault.listing(JOURNAL).items():
        segment = journal.read_name(name.rpartition("/")[2], oldest.segment_bytes)
        if segment is not None and segment.number < oldest.last_segment:
            stored.path.unlink(missing_ok=True)


def _prune_files(vault: Vault, needed: list[taking.Backup], before: float) -> None:
    """Files that came and went between two backups are in no list; their age decides."""
    known = {line.key for one in needed for line in one.files or ()}
    for name, stored in vault.listing(FILES).items():
        if name.removeprefix(f"{FILES}/") not in known and stored.stored_at < before:
            stored.path.unlink(missing_ok=True)
