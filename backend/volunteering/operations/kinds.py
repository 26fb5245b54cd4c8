"""Kinds of duty and what a school decides about its volunteering."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
from tortoise.expressions import Q

from backend.audit.operations import record
from backend.database import transaction
from backend.volunteering.models import DutyKind, VolunteeringSettings
from backend.volunteering.rules import shifts as rules


class KindText(msgspec.Struct, frozen=True, kw_only=True):
    """What a school says of one kind of duty."""

    name: str
    briefing: str
    needs_approval: bool
    needs_skill: bool
    needs_teacher: bool
    courses: Sequence[str] = ()


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A school's settings, in the units of their names."""

    auto_approve: bool
    training: Sequence[str]
    closed_kinds: Sequence[str]
    shift_minutes: int
    capacity: int
    cancel_hours: int
    offer_minutes: int
    ask_batch: int
    ask_gap_minutes: int


async def kinds_at(school_id: UUID) -> dict[str, DutyKind]:
    """Return every kind by its key, a school's own edition before the built-in one."""
    rows = await DutyKind.filter(Q(school_id__isnull=True) | Q(school_id=school_id))
    found = {row.key: row for row in sorted(rows, key=lambda row: row.school_id is not None)}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].position, pair[0])))


async def settings_of(school_id: UUID) -> VolunteeringSettings:
    """Return what the school decided, or the defaults."""
    found = await VolunteeringSettings.get_or_none(school_id=school_id)
    return found or VolunteeringSettings(school_id=school_id)


async def kind_to_use(school_id: UUID, key: str) -> tuple[DutyKind, VolunteeringSettings]:
    """Return a kind the school offers, and its settings.

    Raises :class:`rules.UnknownKind` and :class:`rules.KindOff`.
    """
    kind = (await kinds_at(school_id)).get(key)
    if kind is None:
        raise rules.UnknownKind(duty=key)
    settings = await settings_of(school_id)
    if key in settings.closed_kinds:
        raise rules.KindOff(name=kind.name)
    return kind, settings


async def check_known(school_id: UUID, keys: Collection[str]) -> None:
    """Raises :class:`rules.UnknownKind` for a key that is no duty at the school."""
    if keys and (stranger := rules.unknown(keys, await kinds_at(school_id))):
        raise rules.UnknownKind(duty=stranger)


async def set_kind(school_id: UUID, key: str, text: KindText, *, by: UUID) -> DutyKind:
    """Make a kind of the school's own, or its own edition of a built-in one.

    A built-in kind keeps its name, and whatever protects the people in it stays on.
    Raises :class:`rules.KindFixed` and :class:`rules.UnknownKind`.
    """
    rules.check_key(key)
    async with transaction():
        built_in = await DutyKind.get_or_none(school_id__isnull=True, key=key)
        rules.check_edition(built_in, text.name, text.needs_approval, text.needs_skill,
                            text.needs_teacher)  # fmt: skip
        kind, _ = await DutyKind.update_or_create(
            school_id=school_id,
            key=key,
            defaults={
                "name": text.name,
                "briefing": text.briefing,
                "needs_approval": text.needs_approval,
                "needs_skill": text.needs_skill,
                "needs_teacher": text.needs_teacher,
                "is_discreet": built_in is not None and built_in.is_discreet,
                "courses": sorted(set(text.courses)),
                "position": built_in.position if built_in else 100,
            },
        )
        await record(
            "volunteering.kind_set", "duty_kind", kind.id, by=by, school_id=school_id, key=key
        )
        return kind


async def decide_settings(school_id: UUID, decided: Decided, *, by: UUID) -> VolunteeringSettings:
    """Replace the school's settings. Raises :class:`rules.UnknownKind`."""
    async with transaction():
        await check_known(school_id, decided.closed_kinds)
        settings, _ = await VolunteeringSettings.update_or_create(
            school_id=school_id,
            defaults=msgspec.structs.asdict(decided)
            | {
                "training": sorted(set(decided.training)),
                "closed_kinds": sorted(set(decided.closed_kinds)),
            },
        )
        await record(
            "volunteering.settings_decided", "school", school_id, by=by, school_id=school_id,
            auto_approve=decided.auto_approve,
        )  # fmt: skip
        return settings
