"""Rule packs: the numbers of policy documents, as data a district adopts (Q1)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from backend.audit.operations import record
from backend.database import transaction
from backend.errors import NotFound
from backend.schools.models import DistrictRule, Period, PolicyRule, RulePack


class RuleText(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a policy document: at least ``amount`` ``unit`` of ``subject``.

    ``scope`` is what it is counted for (school, pupil, district …); ``due_on`` goes with
    :attr:`Period.BY_DATE`.
    """

    code: str
    subject: str
    scope: str
    amount: int
    unit: str
    period: Period
    due_on: date | None = None


async def publish_pack(key: str, name: str, source: str, rules: Sequence[RuleText]) -> RulePack:
    """Write a pack with its rules; writing it again corrects what differs."""
    async with transaction():
        pack, _ = await RulePack.update_or_create(
            key=key, defaults={"name": name, "source": source}
        )
        for rule in rules:
            facts = msgspec.structs.asdict(rule)
            code, due_on = facts.pop("code"), facts.pop("due_on")
            await PolicyRule.update_or_create(
                pack_id=pack.id, code=code, due_on=due_on, defaults=facts
            )
        return pack


async def adopt(
    district_id: UUID, pack_key: str, *, binding: bool, by: UUID | None, scope: str | None = None
) -> int:
    """Let a district follow a pack, or only its rules of one scope, binding or as advice.

    Returns how many rules it follows from the pack. Adopting again changes only what
    differs.
    """
    async with transaction():
        rules = await PolicyRule.filter(pack__key=pack_key)
        chosen = [rule for rule in rules if scope is None or rule.scope == scope]
        for rule in chosen:
            await DistrictRule.update_or_create(
                district_id=district_id, rule_id=rule.id, defaults={"binding": binding}
            )
        await record(
            "schools.rules_adopted",
            "district",
            district_id,
            by=by,
            pack=pack_key,
            binding=binding,
            rules=len(chosen),
        )
        return len(chosen)


async def count_by(district_id: UUID, code: str, period: Period, *, by: UUID | None) -> None:
    """Let a district count a rule it follows by another kind of year than its pack says.

    「每年」 is a calendar year where a document does not say otherwise, and may be a school
    year (Q8). Raises :class:`NotFound` when the district follows no such rule.
    """
    async with transaction():
        followed = await DistrictRule.filter(district_id=district_id, rule__code=code)
        if not followed:
            raise NotFound
        await DistrictRule.filter(id__in=[rule.id for rule in followed]).update(period=period)
        await record(
            "schools.rule_counted_by", "district", district_id, by=by, code=code, period=period
        )
