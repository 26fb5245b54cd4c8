"""What bodies may decide, and by which rules: versions are adopted and never changed."""

from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.ballots.rules.charter import RuleSet
from backend.committees.models import BodyState, Matter, RuleKind, RuleSetVersion
from backend.committees.operations.seats import locked
from backend.committees.queries import charters as queries
from backend.committees.rules import charters as rules
from backend.committees.rules.bodies import check_state
from backend.database import transaction
from backend.identifiers import uuid7
from backend.schools.models import District, School


class MatterContent(msgspec.Struct, frozen=True, kw_only=True):
    """What may be tabled, and by which kind of rules it is decided."""

    title: str
    summary: str
    rule_kind: RuleKind


async def set_rules(
    body_id: UUID, kind: RuleKind, rule_set: RuleSet, note: str, *, by: UUID
) -> RuleSetVersion:
    """Say by which rules a body that has not begun will decide matters of a kind.

    Raises :class:`rules.UnsoundRules` and ``WrongBodyState``.
    """
    async with transaction():
        body = await locked(body_id)
        check_state(body, BodyState.DRAFT)
        rules.check_sound(rule_set, kind, body.kind)
        return await _keep(body_id, body.school_id, kind, rule_set, note, None, by=by)


async def adopt_rules(
    body_id: UUID, kind: RuleKind, rule_set: RuleSet, note: str, item_id: UUID, *, by: UUID
) -> RuleSetVersion:
    """Put rules in force that the body has passed as a charter matter; each item does so once
    for each kind.

    Raises :class:`rules.UnsoundRules`, :class:`rules.CharterItemNeeded`,
    :class:`rules.ItemUsed` and ``WrongBodyState``.
    """
    async with transaction():
        body = await locked(body_id)
        check_state(body, BodyState.ACTIVE)
        rules.check_sound(rule_set, kind, body.kind)
        item = await queries.item_for_rules(item_id, body_id)
        if item is None or not (item["passed"] and item["is_charter"]):
            raise rules.CharterItemNeeded
        if await RuleSetVersion.filter(item_id=item_id, kind=kind).exists():
            raise rules.ItemUsed
        return await _keep(body_id, body.school_id, kind, rule_set, note, item_id, by=by)


async def add_matter(place: District | School, content: MatterContent, *, by: UUID) -> Matter:
    """Let a school's bodies, or all of a district's, table one more matter.

    Raises :class:`rules.MatterExists`.
    """
    school_id = place.id if isinstance(place, School) else None
    district_id = place.id if isinstance(place, District) else None
    async with transaction():
        # One after the other, so that the title that is taken is always seen.
        await type(place).select_for_update(no_key=True).get(id=place.id)
        if await Matter.filter(
            school_id=school_id, district_id=district_id, title=content.title, retired_at=None
        ).exists():
            raise rules.MatterExists
        matter = await Matter.create(
            id=uuid7(),
            district_id=district_id,
            school_id=school_id,
            title=content.title,
            summary=content.summary,
            rule_kind=content.rule_kind,
        )
        await record(
            "committees.matter_added", "matter", matter.id, by=by, school_id=school_id,
            rule_kind=content.rule_kind,
        )  # fmt: skip
        return matter


async def retire_matter(matter_id: UUID, *, by: UUID) -> None:
    """Let nobody table a matter any more; items that name it stay. Repeating it is harmless."""
    async with transaction():
        matter = await Matter.select_for_update().get(id=matter_id)
        if matter.retired_at is not None:
            return
        matter.retired_at = clock.now()
        await matter.save(update_fields=["retired_at"])
        await record(
            "committees.matter_retired", "matter", matter.id, by=by, school_id=matter.school_id
        )


async def _keep(
    body_id: UUID,
    school_id: UUID | None,
    kind: RuleKind,
    rule_set: RuleSet,
    note: str,
    item_id: UUID | None,
    *,
    by: UUID,
) -> RuleSetVersion:
    last = await RuleSetVersion.filter(body_id=body_id, kind=kind).order_by("-version").first()
    version = await RuleSetVersion.create(
        id=uuid7(),
        body_id=body_id,
        kind=kind,
        version=last.version + 1 if last else 1,
        rules=msgspec.to_builtins(rule_set),
        note=note,
        adopted_by=by,
        item_id=item_id,
        in_force_from=clock.now(),
    )
    await record(
        "committees.rules_adopted", "rule_set", version.id, by=by, school_id=school_id,
        body=str(body_id), rule_kind=kind, version=version.version,
    )  # fmt: skip
    return version
