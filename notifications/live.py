"""Telling open connections, across processes, that something changed for somebody."""

from collections.abc import Sequence
from typing import Any, Literal

from notifications.message import LIVE_CHANNEL

_PAYLOAD_BYTES = 7_000


async def announce_change(connection: Any, kind: Literal["p", "a"], keys: Sequence[str]) -> None:
    """Notify of changes for persons (``p:<id>,<id>``) or audiences (``a:<key>,<key>``).

    PostgreSQL sends when the transaction commits; the keys travel in as few payloads as
    its limit of 8,000 bytes allows.
    """
    await connection.execute_query_dict(
        "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload",
        [LIVE_CHANNEL, _payloads(kind, keys)],
    )


def _payloads(kind: str, keys: Sequence[str]) -> list[str]:
    payloads: list[str] = []
    for key in keys:
        if payloads and len(payloads[-1].encode()) + len(key.encode()) < _PAYLOAD_BYTES:
            payloads[-1] += f",{key}"
        else:
            payloads.append(f"{kind}:{key}")
    return payloads
