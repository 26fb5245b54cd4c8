"""What stands beside the database: Valkey, and the replicas that answer lists."""

import time
from urllib.parse import urlsplit

from backend import replicas
from backend.database import database
from backend.doctor.finding import Finding
from backend.replicas import Lags, Replica
from backend.settings import Settings
from backend.valkey import open_valkey

TRIES = 3
"""A replica may be late for a moment; one that is late each time is passed over for good."""
_LIKE_US = """
SELECT pg_is_in_recovery() AS follows, current_setting('hot_standby_feedback') AS feedback,
    (SELECT system_identifier FROM pg_control_system())::text AS cluster
"""


async def findings(dsn: str, settings: Settings) -> list[Finding]:
    """Ask Valkey and each replica of the settings whether they serve us."""
    told = [await _valkey(dsn, settings)]
    if not settings.replica_urls:
        return [*told, Finding(True, "副本 replicas", "not used (TONGXING_REPLICA_URLS)")]
    async with database(dsn, settings, name="tongxing-doctor"):
        return [*told, *[await _replica(url, settings) for url in settings.replica_urls]]


async def _valkey(dsn: str, settings: Settings) -> Finding:
    valkey = open_valkey(settings, dsn)
    if valkey is None:
        return Finding(True, "Valkey", "not used (TONGXING_VALKEY_URL)")
    try:
        trouble = await valkey.trouble()
    finally:
        await valkey.close()
    return Finding(
        trouble is None,
        "Valkey",
        f"{_place(str(settings.valkey_url))} {trouble or 'answers'}",
        "start it, check TONGXING_VALKEY_URL, and set maxmemory-policy noeviction; meanwhile "
        "PostgreSQL carries live events and counts limits, and nothing is lost",
    )


async def _replica(url: str, settings: Settings) -> Finding:
    replica, where = Replica(url, settings), _place(url)
    try:
        [row] = await replica.client.execute_query_dict(_LIKE_US)
        if row["cluster"] != (await replicas.place_now())[1]:
            trouble, advice = "is another cluster's", "take it out of TONGXING_REPLICA_URLS"
        elif not row["follows"]:
            trouble = "follows nobody: it was promoted, or is the primary itself"
            advice = "list standbys alone in TONGXING_REPLICA_URLS"
        elif row["feedback"] != "on":
            trouble = "breaks off reads that take long (hot_standby_feedback = off)"
            advice = "set hot_standby_feedback = on there"
        else:
            late = await _lag(replica)
            if late is not None:
                return Finding(True, "副本 replicas", f"{where} is {late * 1000:.0f} ms behind")
            trouble = f"is more than {settings.replica_patience} s behind"
            advice = "look at its log, disk and network, or raise TONGXING_REPLICA_PATIENCE"
    except replicas.FAULTS as error:
        trouble, advice = f"cannot be read: {error}", "start it, or check TONGXING_REPLICA_URLS"
    finally:
        await replica.client.close()
    return Finding(False, "副本 replicas", f"{where} {trouble}", f"{advice}; the primary answers")


async def _lag(replica: Replica) -> float | None:
    """Return the seconds it takes to have replayed all that is written now, at its best."""
    for _ in range(TRIES):
        place, cluster = await replicas.place_now()
        begun = time.monotonic()
        try:
            await replica.catch_up(place, cluster)
        except (Lags, TimeoutError):
            continue
        return time.monotonic() - begun
    return None


def _place(url: str) -> str:
    """Return the address without who may enter."""
    return urlsplit(url).netloc.rpartition("@")[2] or "its socket"
