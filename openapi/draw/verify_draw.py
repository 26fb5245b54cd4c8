"""Check a draw: python verify_draw.py draw.json [saved-at-closing.json]

draw.json is what GET /v1/slots/{slot_id}/draw answers once the draw has been held. Give the
answer saved between closing and the draw as well, and the list and the promise are compared
with it. Nothing to install: Python 3.9 or newer. README.md says what each line proves.
"""

import json
import sys
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any


def hash_of(entries: Sequence[dict[str, Any]]) -> bytes:
    """Return the hash of the list of entries, in whatever order they are given."""
    lines = sorted(f"{e['code']} {e['party']} {e['weight']}\n" for e in entries)
    return sha256("".join(lines).encode()).digest()


def seed_of(secret: bytes, entries_hash: bytes, public_value: str) -> bytes:
    """Return what the order follows from: nobody knows all three beforehand."""
    return sha256(secret + entries_hash + public_value.encode()).digest()


def ranked(seed: bytes, entries: Sequence[dict[str, Any]]) -> list[str]:
    """Return the codes in the order in which their first lots come out of the drum."""

    def first_lot(e: dict[str, Any]) -> bytes:
        return min(sha256(seed + f"{e['code']} {n}".encode()).digest() for n in range(e["weight"]))

    return [e["code"] for e in sorted(entries, key=first_lot)]


def placed(
    order: Sequence[str], parties: dict[str, int], places: int, passed: Collection[str]
) -> list[str]:
    """Return who gets a place: down the order until a party finds no room."""
    winners = []
    for code in order:
        if code in passed:
            continue
        if parties[code] > places:
            break
        winners.append(code)
        places -= parties[code]
    return winners


def check(draw: dict[str, Any], saved: dict[str, Any]) -> dict[str, bool]:
    """Compute everything again; returns what was looked at and whether it is as published."""
    entries, secret = draw["entries"], bytes.fromhex(draw["secret"])
    seed = seed_of(secret, hash_of(entries), draw["publicValue"])
    passed = [one["code"] for one in draw["passedOver"]]
    parties = {e["code"]: e["party"] for e in entries}
    order = ranked(seed, entries)
    return {
        "承诺 commitment": sha256(secret).hexdigest() == draw["commitment"] == saved["commitment"],
        "名单 entries": hash_of(entries).hex() == draw["entriesHash"] == saved["entriesHash"],
        "来源 source": draw["publicSource"] == saved["publicSource"],
        "种子 seed": seed.hex() == draw["seed"],
        "顺序 ranking": order == draw["ranking"],
        "中签 winners": placed(order, parties, draw["places"], passed) == draw["winners"],
    }


if __name__ == "__main__":
    published = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    kept = json.loads(Path(sys.argv[-1]).read_text("utf-8"))
    found = check(published, kept)
    for what, holds in found.items():
        sys.stdout.write(f"{'✓' if holds else '✗'} {what}\n")
    for rank, code in enumerate(published["winners"], 1):
        sys.stdout.write(f"{rank} {code}\n")
    sys.exit(0 if all(found.values()) else 1)
