"""Parcels made of deliveries: what one push says, and what makes two of them one."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notifications.channels.base import Parcel
from notifications.ledger import Claim

_TAG_BYTES = 64
_DIGEST_LINK = "/inbox"


def bundles_of(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Group the digest claims of one device; every other claim stands alone."""
    bundles: list[list[Claim]] = []
    digests: dict[UUID, list[Claim]] = {}
    for claim in claims:
        if not claim.digest:
            bundles.append([claim])
        elif claim.device_id in digests:
            digests[claim.device_id].append(claim)
        else:
            digests[claim.device_id] = [claim]
            bundles.append(digests[claim.device_id])
    return bundles


def parcel_of(bundle: Sequence[Claim], now: datetime) -> Parcel:
    """Return one push for the claims of one device."""
    first = bundle[0]
    english = first.language == "en"
    if len(bundle) > 1:
        count = len(bundle)
        return Parcel(
            delivery_id=first.id,
            token=first.token,
            tag=f"digest:{now.date().isoformat()}",
            title=f"You have {count} new notices" if english else f"您有 {count} 条新通知",
            data={"id": str(first.letter_id), "category": "digest", "link": _DIGEST_LINK},
        )
    data = {
        "id": str(first.subject_id or first.letter_id),
        "category": first.category,
        "link": first.link,
    }
    return Parcel(
        delivery_id=first.id,
        token=first.token,
        tag=tag_of(first.once),
        title="" if first.silent else first.title_en if english else first.title_zh,
        data={**data, "action": "clear"} if first.silent else data,
        silent=first.silent,
        urgent=first.urgent,
    )


def tag_of(once: str) -> str:
    """Return the occasion's name in the 64 bytes that Apple allows."""
    if len(once.encode()) <= _TAG_BYTES:
        return once
    return hashlib.sha256(once.encode()).hexdigest()[:32]
