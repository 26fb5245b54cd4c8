"""Review panels: written, opened, judged, closed, published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.committees.models import (
    Constituency,
    Panel,
    PanelEntry,
    Panelist,
    PanelState,
)
from backend.committees.notify import panels as notify
from backend.committees.operations.panel_scores import results_of
from backend.committees.queries import panels as queries
from backend.committees.rules import panels as rules
from backend.committees.rules.steps import Step
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.media.operations.attachments import attach, release
from backend.people.operations import ties
from backend.schools.models import District, School


class PanelContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a panel is about, by what it judges, and until when."""

    title: str
    text: str
    criteria: Sequence[rules.Criterion]
    closes_at: datetime


class EntryContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown; ``id`` is that of the entry it rewrites, if any."""

    id: UUID | None
    title: str
    presenter: str
    text: str
    attachment_ids: Sequence[UUID]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who shall judge: somebody known, or from outside a name and a number (``+86…``)."""

    constituency: Constituency
    person_id: UUID | None = None
    name: str = ""
    phone: str = ""


async def draft(place: School | District, content: PanelContent, *, by: UUID) -> Panel:
    """Write a panel of a school or of a district. Raises :class:`rules.PanelClosesTooSoon`."""
    rules.check_closes(content.closes_at, clock.now())
    async with transaction():
        school = place if isinstance(place, School) else None
        panel = await Panel.create(
            id=uuid7(),
            district_id=school.district_id if school else place.id,
            school_id=school.id if school else None,
            created_by=by,
            created_at=clock.now(),
            **_columns(content),
        )
        await _record("committees.panel_drafted", panel, by)
        return panel


async def rewrite(panel_id: UUID, content: PanelContent, *, by: UUID) -> Panel:
    """Write a draft anew. Raises :class:`rules.WrongPanelState`."""
    async with transaction():
        panel = await _draft(panel_id)
        rules.check_closes(content.closes_at, clock.now())
        await panel.update_from_dict(_columns(content)).save()
        await _record("committees.panel_rewritten", panel, by)
        return panel


async def discard(panel_id: UUID, *, by: UUID) -> None:
    """Throw a draft away. Raises :class:`rules.WrongPanelState`."""
    async with transaction():
        panel = await _draft(panel_id)
        for entry in await PanelEntry.filter(panel_id=panel_id):
            await release(entry.id)
        await panel.delete()
        await _record("committees.panel_discarded", panel, by)


async def show(panel_id: UUID, contents: Sequence[EntryContent], *, by: UUID) -> Panel:
    """Say what is shown, in order; what is not named any more goes.

    Raises :class:`rules.EntryUnknown`, ``AttachmentMissing`` and
    :class:`rules.WrongPanelState`.
    """
    async with transaction():
        panel = await _draft(panel_id)
        known = {entry.id: entry for entry in await PanelEntry.filter(panel_id=panel_id)}
        kept = [content.id for content in contents if content.id is not None]
        for place, entry_id in enumerate(kept):
            if entry_id not in known or entry_id in kept[:place]:
                raise rules.EntryUnknown(field=str(entry_id))
        for entry in known.values():
            if entry.id not in kept:
                await release(entry.id)
                await entry.delete()
        for position, content in enumerate(contents, 1):
            former = known[content.id] if content.id is not None else None
            await _put(panel, former, content, position, by)
        await _record("committees.panel_entries_set", panel, by, entries=len(contents))
        return panel


async def ask(panel_id: UUID, asked: Sequence[Asked], *, by: UUID) -> Panel:
    """Say who judges; whoever is not named any more is not asked.

    Raises :class:`rules.PanelistUnknown`, :class:`rules.PanelistTwice` and
    :class:`rules.WrongPanelState`.
    """
    async with transaction():
        panel = await _draft(panel_id)
        on_it = {one.person_id: one.name for one in await Panelist.filter(panel_id=panel_id)}
        named = [one.person_id for one in asked if one.person_id is not None]
        known = await queries.known(named, panel.district_id, panel.school_id) | on_it
        rows: dict[UUID, Panelist] = {}
        for place, one in enumerate(asked):
            if one.person_id is None:
                # Under the name given here: whose number it is is nobody's business.
                person_id, name = (await ties.open_account(one.name, one.phone)).id, one.name
            elif one.person_id in known:
                person_id, name = one.person_id, known[one.person_id]
            else:
                raise rules.PanelistUnknown(field=f"panelists[{place}]")
            if person_id in rows:
                raise rules.PanelistTwice(field=f"panelists[{place}]")
            rows[person_id] = Panelist(
                id=uuid7(),
                panel_id=panel_id,
                person_id=person_id,
                name=name,
                constituency=one.constituency,
            )
        await Panelist.filter(panel_id=panel_id).delete()
        await Panelist.bulk_create(rows.values())
        await _record("committees.panelists_set", panel, by, panelists=len(rows))
        return panel


async def open_panel(panel_id: UUID, *, by: UUID) -> Panel:
    """Ask the panelists for their scores; twice is once.

    Raises :class:`rules.PanelIncomplete`, :class:`rules.PanelClosesTooSoon` and
    :class:`rules.WrongPanelState`.
    """
    async with transaction():
        panel = await _locked(panel_id)
        if not rules.OPENING.is_news(panel.state):
            return panel
        people = await Panelist.filter(panel_id=panel_id).values_list("person_id", flat=True)
        rules.check_complete(await PanelEntry.filter(panel_id=panel_id).count(), len(people))
        rules.check_closes(panel.closes_at, clock.now())
        panel.opened_at = clock.now()
        await _move(panel, rules.OPENING, "committees.panel_opened", by)
        await notify.opened(panel, [UUID(str(person)) for person in people])
        return panel


async def close(panel_id: UUID, *, by: UUID | None) -> Panel:
    """Take no more scores, and find what they come to; twice is once.

    Raises :class:`rules.WrongPanelState`.
    """
    async with transaction():
        panel = await _locked(panel_id)
        if not rules.CLOSING.is_news(panel.state):
            return panel
        panel.closed_at = clock.now()
        panel.results = msgspec.to_builtins(await results_of(panel))
        await _move(panel, rules.CLOSING, "committees.panel_closed", by)
        return panel


async def publish(panel_id: UUID, *, by: UUID) -> Panel:
    """Show the result to everybody the panel is of; twice is once.

    Raises :class:`rules.WrongPanelState`.
    """
    async with transaction():
        panel = await _locked(panel_id)
        if not rules.PUBLISHING.is_news(panel.state):
            return panel
        panel.published_at = clock.now()
        await _move(panel, rules.PUBLISHING, "committees.panel_published", by)
        return panel


async def _put(
    panel: Panel, entry: PanelEntry | None, content: EntryContent, position: int, by: UUID
) -> None:
    columns: dict[str, Any] = {
        "position": position,
        "title": content.title,
        "presenter": content.presenter,
        "text": content.text,
        "attachment_ids": list(dict.fromkeys(content.attachment_ids)),
    }
    if entry is None:
        entry = await PanelEntry.create(id=uuid7(), panel_id=panel.id, **columns)
    else:
        await entry.update_from_dict(columns).save()
    await attach(entry.attachment_ids, entry.id, by)
    await release(entry.id, keep=entry.attachment_ids)


async def _locked(panel_id: UUID) -> Panel:
    panel = await Panel.select_for_update(no_key=True).get_or_none(id=panel_id)
    if panel is None:
        raise NotFound
    return panel


async def _draft(panel_id: UUID) -> Panel:
    panel = await _locked(panel_id)
    rules.check_draft(panel.state)
    return panel


async def _move(panel: Panel, step: Step, action: str, by: UUID | None) -> None:
    panel.state = PanelState(step.target)
    await panel.save()
    await _record(action, panel, by)


def _columns(content: PanelContent) -> dict[str, Any]:
    return {
        "title": content.title,
        "text": content.text,
        "criteria": [msgspec.to_builtins(criterion) for criterion in content.criteria],
        "closes_at": content.closes_at,
    }


async def _record(action: str, panel: Panel, by: UUID | None, **facts: object) -> None:
    await record(action, "panel", panel.id, by=by, school_id=panel.school_id, **facts)
