"""The draw: who comes before whom, so that anybody can compute it again; and its refusals.

The first four functions stand word for word in ``openapi/draw/verify_draw.py``, which families
run. They use the standard library and whole numbers only: the result is the same on every
machine. An entry is ``{"code": str, "party": int, "weight": int}``.

Each entry puts ``weight`` lots into the drum; a lot's number is a hash of the seed, the
code and the lot's own number; lots come out smallest first and a family's first lot counts.
That is a draw without replacement in proportion to weight, and leaving one entry out does
not change the order of the others.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from backend.errors import Refusal

ALGORITHM = (
    "lots-1. entriesHash = SHA-256 of the lines 'code party weight\\n' sorted by code; "
    "commitment = SHA-256(secret); seed = SHA-256(secret + entriesHash + publicValue), as 32, "
    "32 and UTF-8 bytes; a lot = SHA-256(seed + 'code n') for n from 0 to weight - 1; entries "
    "in the order of their smallest lot; places go down that order, passing over those listed, "
    "until a party finds no room."
)
"""The method in words, published with every draw."""


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


def rehearse(
    entries: Sequence[dict[str, Any]], places: int, trials: int
) -> dict[int, tuple[int, float]]:
    """Hold the draw ``trials`` times with throw-away seeds.

    Returns, for each weight, how many entries have it and the share of them that won.
    """
    weights = {e["code"]: e["weight"] for e in entries}
    parties = {e["code"]: e["party"] for e in entries}
    count = {weight: list(weights.values()).count(weight) for weight in set(weights.values())}
    won = dict.fromkeys(count, 0)
    for _ in range(trials):
        for code in placed(ranked(secrets.token_bytes(32), entries), parties, places, ()):
            won[weights[code]] += 1
    return {w: (count[w], won[w] / (count[w] * max(trials, 1))) for w in sorted(count)}


BEACON_AFTER = timedelta(minutes=10)
"""How long after closing the beacon is read where no other source was announced."""
_CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
_GENESIS, _PERIOD = 1_692_803_367, 3


@dataclass(frozen=True)
class Source:
    """Where the public value comes from: in words, when it will exist, how long it is."""

    text: str
    expected_at: datetime
    length: int
    announced_at: datetime | None


def beacon(moment: datetime) -> Source:
    """Return the round of drand's quicknet that is the latest at ``moment``.

    A public random number every three seconds, made by many parties together; its round
    tells its moment, so nothing about it is left to choose.
    """
    number = (int(moment.timestamp()) - _GENESIS) // _PERIOD + 1
    return Source(
        text=f"drand quicknet 第{number}轮 randomness https://api.drand.sh/{_CHAIN}/public/{number}",
        expected_at=datetime.fromtimestamp(_GENESIS + (number - 1) * _PERIOD, UTC),
        length=64,
        announced_at=None,
    )


class DrawNotClosed(Refusal):
    code = "draw_not_closed"
    zh = "报名尚未截止，{when}以后才能抽签。"
    en = "Entering has not closed; the draw may be held from {when}."


class SourceFixed(Refusal):
    code = "source_fixed"
    zh = "报名已经截止，公开数的来源不能再改。"
    en = "Entering has closed; where the public value comes from is settled."


class SourceTooEarly(Refusal):
    """The value must not exist before the list of entries does, and be there in time."""

    code = "source_too_early"
    zh = "公开数须在报名截止以后、活动开始以前产生。"
    en = "The public value must come into being after closing and before the start."


class OtherSource(Refusal):
    code = "other_source"
    zh = "只能使用事先公布的公开数来源：{announced}"
    en = "Only the source announced beforehand counts: {announced}"


class ValueNotYet(Refusal):
    code = "value_not_yet"
    zh = "公开数要到{when}才产生。"
    en = "The public value does not exist before {when}."


class ValueUnfit(Refusal):
    code = "value_unfit"
    zh = "公开数应为{length}位数字或小写字母，连写，不加空格和标点。"
    en = "The public value has {length} digits or small letters, without spaces or signs."


class SecretSealed(Refusal):
    """The installation's key is not the one the secret was sealed with."""

    status = 503
    code = "secret_sealed"
    zh = "抽签密钥无法打开，请联系平台管理员恢复原来的系统密钥。"
    en = "The secret cannot be opened: the installation's key has changed since it was made."


class AlreadyDrawn(Refusal):
    code = "already_drawn"
    zh = "已经抽签，结果不能更改。"
    en = "The draw has been held; its result stands."
