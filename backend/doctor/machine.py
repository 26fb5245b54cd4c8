"""What can be seen without the database: disk, files, keys, the ways out, the metrics."""

import asyncio
import os
import shutil
import stat
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from backend.doctor.finding import Finding
from backend.media.cinema import encoder
from backend.media.storage import open_files
from backend.observability.metrics import PORTS
from backend.settings import Settings

FREE_DISK = 0.10
ANSWER_SECONDS = 2.0


def findings(settings: Settings) -> list[Finding]:
    """Look at this machine and at what the settings say of it."""
    return [
        _disk(settings),
        asyncio.run(_files(settings)),
        *(_keys(place) for place in settings.ballot_key_directories),
        _video(settings),
        _push(settings),
        _metrics(settings),
    ]


def _disk(settings: Settings) -> Finding:
    place = _nearest(settings.data_dir)
    usage = shutil.disk_usage(place)
    share = usage.free / usage.total
    return Finding(
        share >= FREE_DISK and usage.free >= settings.disk_floor,
        "磁盘 disk",
        f"{share:.0%} of {place} is free ({usage.free / 2**30:.1f} GiB)",
        "free some space, or move TONGXING_DATA_DIR to a larger disk; below "
        f"{settings.disk_floor / 2**20:.0f} MiB (TONGXING_DISK_FLOOR) it takes no more work",
    )


async def _files(settings: Settings) -> Finding:
    """Write a small object where the files lie, and read it."""
    subject, bucket = "文件 files", settings.storage_bucket
    place = f"bucket {bucket}" if bucket else str((settings.data_dir / "files").resolve())
    try:
        trouble = await open_files(settings).trouble()
    except OSError as error:
        trouble = str(error)
    return Finding(
        trouble is None,
        subject,
        f"{place}: {trouble or 'can be written and read'}",
        "check TONGXING_STORAGE_* and the rights to the bucket, or to the folder",
    )


def _keys(place: Path) -> Finding:
    """Say whether the keys of secret votes can be laid here, where nobody else may look."""
    subject, place = "选票密钥 ballot keys", place.resolve()
    if not place.exists():
        parent = _nearest(place)
        return Finding(
            parent.is_dir() and os.access(parent, os.W_OK | os.X_OK),
            subject,
            f"{place} is made when the first secret vote opens",
            f"let the user of the API and the worker write to {parent}, "
            f"or make {place} for it, mode 0700",
        )
    mode = stat.S_IMODE(place.stat().st_mode)
    if not place.is_dir():
        trouble = "is not a directory"
    elif mode & 0o077:
        trouble = f"lets others in (mode {mode:04o})"
    elif not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        trouble = "cannot be written"
    else:
        return Finding(True, subject, f"{place} can be written by nobody else")
    return Finding(
        False,
        subject,
        f"{place} {trouble}",
        f"make it a directory of the user that runs us: chown it, then chmod 700 {place}",
    )


def _video(settings: Settings) -> Finding:
    """Say what films become here; without the encoder most work as they are."""
    if not encoder.is_installed():
        told = "no encoder: films play as MP4 or WebM, other formats are refused"
    elif settings.video_ladder:
        told = "every format is taken, and weak networks get smaller versions"
    else:
        told = "every format is taken; smaller versions are switched off"
    return Finding(True, "视频 video", told)


def _push(settings: Settings) -> Finding:
    subject = "推送 push"
    if settings.push_provider == "console":
        return Finding(
            not settings.is_production,
            subject,
            "printed in the log only",
            "set TONGXING_PUSH_PROVIDER=fcm and TONGXING_FCM_CREDENTIALS",
        )
    account = settings.fcm_credentials
    readable = account is not None and account.is_file()
    return Finding(
        readable,
        subject,
        f"FCM with {account}" if readable else f"cannot read the service account {account}",
        "point TONGXING_FCM_CREDENTIALS at the service account file of your Firebase project",
    )


def _metrics(settings: Settings) -> Finding:
    """Ask each port a process of this machine may have taken."""
    subject, first = "指标 metrics", settings.metrics_port
    if first is None:
        return Finding(True, subject, "switched off (TONGXING_METRICS_PORT)")
    any_address = settings.metrics_host in ("0.0.0.0", "::")
    host = "127.0.0.1" if any_address else settings.metrics_host
    ports = [port for port in range(first, min(first + PORTS, 65_536)) if _tells(host, port)]
    told = ", ".join(map(str, ports))
    return Finding(
        bool(ports),
        subject,
        f"told at {host}, port {told}" if ports else f"nobody tells at {host}:{first}",
        "start `tongxing serve` and `tongxing worker` with the same TONGXING_METRICS_PORT, and "
        "look for metrics_not_served in their logs",
    )


def _tells(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/metrics")
        return b"tongxing_requests_in_flight" in connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _nearest(place: Path) -> Path:
    """Return the directory itself, or the nearest above it that exists."""
    place = place.resolve()
    while not place.exists():
        place = place.parent
    return place
