"""Restoring: a backup, and the journal up to a moment, into an empty data directory.

The server that recovers is the embedded one, on its own local socket, where nobody but us
knows of it. What comes out is ``DIRECTORY/database`` and ``DIRECTORY/files``, ready to be an
installation's data directory; a server that is not embedded is given ``database`` as its own
data directory (same major version, stopped), or a dump of it.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from backend import embedded
from backend.backups import journal, manifest, programs, taking
from backend.backups.journal import Chain
from backend.backups.taking import BASES, CLUSTER, FILES, JOURNAL, Backup
from backend.backups.vault import Absent, Damaged, Vault
from backend.embedded import lodging

log: structlog.stdlib.BoundLogger = structlog.get_logger("backups")

RECOVERY_SECONDS = 3600.0


class NotEmpty(Exception):
    """There is something where the restored data should go; nothing was touched."""


class Gap(Exception):
    """Part of the journal is missing, so the moment asked for cannot be reached."""


class Unreached(Exception):
    """The journal ends before the moment asked for."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Which backup, which journal, up to which moment (``None``: all there is)."""

    backup: Backup
    chain: Chain
    to: datetime | None


class Restored(msgspec.Struct, kw_only=True):
    """A recovered server that runs, for looking at; call :meth:`stop`."""

    plan: Plan
    home: Path
    server: embedded.Server
    dsn: str
    seconds: float

    def stop(self) -> None:
        self.server.stop()


def plan(
    vault: Vault, backup_id: str | None, to: datetime | None, *, despite_gap: bool = False
) -> Plan:
    """Choose the newest backup before ``to``, or the one named, and its journal.

    Raises :class:`~backend.backups.vault.Absent` when there is none, and :class:`Gap` when
    the journal is not whole: ``despite_gap`` stops before the gap, and so does a moment that
    lies before it, which only the recovery finds out.
    """
    able = [one for one in taking.sound(vault) if backup_id in (None, one.id)]
    if to is not None:
        able = [one for one in able if one.ended_at <= to]
    if not able:
        raise Absent("no sound backup of that name, or none that ended before that moment")
    chosen = able[-1]
    chain = chain_of(vault, chosen)
    if chain.gaps and to is None and not despite_gap:
        raise Gap(said(chain, chosen))
    return Plan(backup=chosen, chain=chain, to=to)


def chain_of(vault: Vault, backup: Backup) -> Chain:
    """Return the journal in the vault that follows a backup."""
    names = (name.rpartition("/")[2] for name in vault.listing(JOURNAL))
    return journal.chain(names, backup.last_segment, backup.segment_bytes, timeline=backup.timeline)


def said(chain: Chain, backup: Backup) -> str:
    """Return a sentence about the gaps of a chain."""
    gaps = [
        " … ".join(
            journal.name_of(number, backup.timeline, backup.segment_bytes)
            for number in sorted({first, last})
        )
        for first, last in chain.gaps
    ]
    return f"the journal lacks {', '.join(gaps)}; {chain.beyond} segments behind it are of no use"


def restore(vault: Vault, wanted: Plan, into: Path, *, tools: Path | None = None) -> Restored:
    """Lay the cluster out in ``into``, have it recover, and return the running server.

    Raises :class:`NotEmpty`, :class:`~backend.backups.vault.Damaged` and
    :class:`~backend.backups.programs.ProgramFailed` for a backup that is not what was taken,
    :class:`Gap` or :class:`Unreached` when the journal ends too early. What was laid out is
    removed then.
    """
    begun = time.monotonic()
    check_empty(into)
    home, account = lodging.home_for(into)
    check_empty(home)
    data = home / "database"
    # Whoever may read it reads everything: it is closed before anything is in it.
    data.mkdir(mode=0o700)
    try:
        manifest.unpack(_cluster(vault, wanted.backup), data, keep=True, tools=tools)
        log.info("cluster laid out and verified", seconds=round(time.monotonic() - begun, 1))
        _lay_journal(vault, wanted.chain, data / "pg_wal")
        settings = data / "postgresql.auto.conf"
        own = settings.read_bytes() if settings.exists() else b""
        settings.write_bytes(own + _recovery(wanted.to).encode())
        (data / "recovery.signal").touch()
        _give(data, account)
        server = _recovered(home, wanted)
        settings.write_bytes(own)
    except BaseException:
        shutil.rmtree(data, ignore_errors=True)
        raise
    seconds = time.monotonic() - begun
    log.info("recovered", seconds=round(seconds, 1), segments=len(wanted.chain.names))
    address = server.dsn(wanted.backup.database)
    dsn = address.replace("postgres@", f"{wanted.backup.user}@", 1)
    return Restored(plan=wanted, home=home, server=server, dsn=dsn, seconds=seconds)


def check_empty(into: Path) -> None:
    """Raises :class:`NotEmpty` when a cluster, or files, are there already."""
    for name in ("database", "files"):
        place = into / name
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise NotEmpty(f"{place} is not empty: restore into another directory")


def check_pages(home: Path, *, tools: Path | None = None) -> None:
    """Read every page of a cluster that is stopped, against its checksum.

    Raises :class:`~backend.backups.programs.ProgramFailed`; a cluster that was made without
    checksums has nothing to hold its pages against.
    """
    try:
        programs.run("pg_checksums", "--check", home / "database", tools=tools, patience=3600)
    except programs.ProgramFailed as error:
        if "not enabled" not in str(error):
            raise


def lay_files(vault: Vault, keys: set[str], prefixes: set[str], into: Path) -> int:
    """Put the files with these keys, or below these prefixes, in ``into``; returns how many.

    Only what the restored database knows of: what had been deleted by then stays deleted.
    Raises :class:`~backend.backups.vault.Damaged`.
    """
    laid = 0
    for name, stored in vault.listing(FILES).items():
        key = name.removeprefix(f"{FILES}/")
        parents = {str(parent) for parent in Path(key).parents}
        if key not in keys and not parents & prefixes:
            continue
        path = into / key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("xb") as file:
            for piece in vault.pieces(stored):
                file.write(piece)
        laid += 1
    return laid


def verify(vault: Vault, backup: Backup, *, tools: Path | None = None) -> list[str]:
    """Return what is wrong with a backup as it lies in the vault, one sentence each.

    Its stored octets, every file of its list and the journal that follows are held against
    their digests; then the cluster is opened and each file in it held against the manifest that
    its server wrote. Files in a bucket are not looked at.
    """
    wrong = []
    for stored in vault.listing(f"{BASES}/{backup.id}").values():
        if not vault.is_sound(stored):
            wrong.append(f"{stored.name} was changed since it was stored")
    kept = vault.listing(FILES)
    for line in backup.files or ():
        found = kept.get(f"{FILES}/{line.key}")
        if found is None:
            wrong.append(f"the file {line.key} is missing")
        elif found.digest != line.digest or not vault.is_sound(found):
            wrong.append(f"the file {line.key} was changed since it was stored")
    chain = chain_of(vault, backup)
    if chain.gaps:
        wrong.append(said(chain, backup))
    segments = vault.listing(JOURNAL)
    for name in chain.names:
        if not vault.is_sound(segments[f"{JOURNAL}/{name}"]):
            wrong.append(f"the journal's segment {name} was changed since it was stored")
    if not wrong:
        with tempfile.TemporaryDirectory(prefix="tongxing-verify-") as folder:
            try:
                pieces = _cluster(vault, backup)
                manifest.unpack(pieces, Path(folder), keep=False, tools=tools)
            except Damaged as error:
                wrong.append(str(error))
    return wrong


def _cluster(vault: Vault, backup: Backup) -> Iterator[bytes]:
    stored = vault.find(f"{BASES}/{backup.id}/{CLUSTER}")
    if stored is None:
        raise Damaged(f"{backup.id} has no cluster")
    return vault.pieces(stored)


def _lay_journal(vault: Vault, chain: Chain, into: Path) -> None:
    """Put the segments where the server looks for its own: it needs no command to fetch them."""
    names = [name for name in vault.listing(JOURNAL) if journal.is_history(Path(name).name)]
    for name in [*names, *(f"{JOURNAL}/{name}" for name in chain.names)]:
        stored = vault.find(name)
        if stored is None:
            raise Gap(f"{name} went away while it was read")
        path = into / Path(name).name.removesuffix(".partial")
        with path.open("wb") as file:
            for piece in vault.pieces(stored):
                file.write(piece)


def _recovery(to: datetime | None) -> str:
    # Nobody is let in before the end is reached, and nothing is asked of an archive: the
    # segments are in place.
    lines = ["restore_command = 'false'", "hot_standby = off", "archive_mode = off"]
    if to is not None:
        lines.append(f"recovery_target_time = '{to.isoformat()}'")
        lines.append("recovery_target_action = 'promote'")
    return "\n# For the recovery alone.\n" + "\n".join(lines) + "\n"


def _give(data: Path, account: lodging.Account) -> None:
    """Hand the cluster to the user the server runs as, and close it to everybody else."""
    for folder, _, names in os.walk(data):
        Path(folder).chmod(0o700)
        for path in (Path(folder), *(Path(folder) / name for name in names)):
            if path.is_file():
                path.chmod(0o600)
            if account.switch:
                os.chown(path, account.uid, account.gid)


def _recovered(home: Path, wanted: Plan) -> embedded.Server:
    try:
        return embedded.start(home, patience=RECOVERY_SECONDS)
    except embedded.EmbeddedError as error:
        if "recovery ended before configured recovery target" not in str(error):
            raise
        if wanted.chain.gaps:
            raise Gap(said(wanted.chain, wanted.backup)) from error
        raise Unreached(
            f"the journal ends before {wanted.to}: nothing was written after that moment, or "
            "it is not in the vault. Restore without a moment to have all there is"
        ) from error
