"""Which rule set a body decides by, and which rule sets make sense.

Nothing here reads the database or the clock: callers bring the facts.
"""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from backend.ballots.models import Unit
from backend.ballots.rules.charter import RuleSet, Share
from backend.committees.models import BodyKind, RuleKind, RuleSetVersion
from backend.errors import BadInput, Refusal

LEAST_QUORUM = Fraction(1, 3)
LEAST_MAJORITY = Fraction(1, 2)


class UnsoundRules(BadInput):
    """``field`` is the part that makes no sense."""

    status = 422
    code = "unsound_rules"
    zh = "议事规则不合理：{field}。"
    en = "These rules make no sense: {field}."


class CharterItemNeeded(Refusal):
    code = "charter_item_needed"
    zh = "修改议事规则须先由本会按章程规则通过相应议题。"
    en = "New rules need an agenda item of this body that was passed as a charter matter."


class ItemUsed(Refusal):
    code = "item_used"
    zh = "该议题已用于通过这一类规则。"
    en = "That item has given the body its rules of this kind already."


class MatterExists(Refusal):
    code = "matter_exists"
    zh = "已有同名的议事事项。"
    en = "There is a matter of that name already."


def rules_of(version: RuleSetVersion) -> RuleSet:
    """Return the rule set a version holds."""
    held: Any = version.rules
    return msgspec.convert(held, RuleSet)


def in_force(
    versions: Iterable[RuleSetVersion], body_id: UUID, kind: RuleKind, moment: datetime
) -> RuleSetVersion | None:
    """Return the version by which a body decides one kind of matter at a moment.

    Its own newest that has come into force, else everybody's; ``None`` when there is neither.
    """
    known = [one for one in versions if one.kind == kind and one.in_force_from <= moment]
    for owner in (body_id, None):
        own = [one for one in known if one.body_id == owner]
        if own:
            return max(own, key=lambda one: (one.in_force_from, one.version))
    return None


def newest(versions: Iterable[RuleSetVersion], moment: datetime) -> list[RuleSetVersion]:
    """Return the newest version of each kind among one owner's that have come into force."""
    known = [one for one in versions if one.in_force_from <= moment]
    ordered = sorted(known, key=lambda one: (one.in_force_from, one.version))
    return list({one.kind: one for one in ordered}.values())


def check_sound(rules: RuleSet, kind: RuleKind, body_kind: str) -> None:
    """Check that a rule set can decide anything, and that few do not decide for many.

    A quorum is a third at least, and half for charters; a majority is more than half, or at
    least a larger share; nobody is asked for more than everybody. Raises :class:`UnsoundRules`.
    """
    least = LEAST_MAJORITY if kind is RuleKind.CHARTER else LEAST_QUORUM
    if not _is_share(rules.quorum, least):
        raise UnsoundRules(field="quorum")
    if rules.majority is None:
        if kind is RuleKind.CHARTER:
            raise UnsoundRules(field="majority")
    elif not _is_share(rules.majority, LEAST_MAJORITY) or _is_half_and_no_more(rules.majority):
        raise UnsoundRules(field="majority")
    if rules.unit is not Unit.SEAT and body_kind != BodyKind.PARENT_COMMITTEE:
        raise UnsoundRules(field="unit")


def _is_share(share: Share, least: Fraction) -> bool:
    """Say whether a share is at least ``least`` and can be reached."""
    wanted = Fraction(share.of, share.out_of)
    return least <= wanted <= 1 and (share.at_least or wanted < 1)


def _is_half_and_no_more(share: Share) -> bool:
    """Say whether half is enough: then both sides of a question could win."""
    return share.at_least and Fraction(share.of, share.out_of) == LEAST_MAJORITY
