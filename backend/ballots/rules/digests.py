"""The digests a vote is known by, and the one way JSON is written before it is digested."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from backend.ballots.rules.charter import RuleSet

_encoder = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def canonical(value: object) -> bytes:
    """Return ``value`` as canonical JSON: RFC 8785, for values of text, whole numbers,
    booleans, null, lists, and objects with ASCII keys.

    Structs are written by their members. Raises ``ValueError`` for text that is no Unicode.
    """
    return _encoder.encode(msgspec.to_builtins(value)).encode()


def question_digest(
    *,
    title: str,
    text: str,
    method: str,
    options: list[dict[str, str]],
    choose_most: int,
    winners: int,
    mode: str,
    unit: str,
    rules: RuleSet | dict[str, Any],
) -> str:
    """Return the digest of what is asked and of how it is decided, hexadecimal."""
    asked = {
        "title": title,
        "text": text,
        "method": method,
        "options": options,
        "choose_most": choose_most,
        "winners": winners,
        "mode": mode,
        "unit": unit,
        "rules": rules,
    }
    return hashlib.sha256(canonical(asked)).hexdigest()


def commitment(salt: str, ref_id: UUID, voter_ids: Iterable[UUID]) -> str:
    """Return the digest that binds a unit to who may vote for it, hexadecimal.

    One line each: the salt, what the unit stands for, and its voters in order of their ids.
    """
    lines = [salt, str(ref_id), *sorted(str(voter) for voter in voter_ids)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def electorate_digest(vote_id: UUID, units: Iterable[tuple[UUID, str]]) -> str:
    """Return the digest of an electorate, hexadecimal; ``units`` are ids and commitments.

    One line each: the vote, then ``unit:commitment`` in order of the units' ids.
    """
    lines = [str(vote_id), *sorted(f"{unit}:{binding}" for unit, binding in units)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
