"""Parent schools: a school's own, the communities', the district's."""

from datetime import date
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.courses.models import HostKind, ParentSchool
from backend.courses.rules.hosts import BadClosing, HostClosed, HostNameTaken
from backend.database import fetch, transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.schools.models import District, School, Town
from backend.web.actor import Actor


class HostContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about a parent school; ``town_id`` places a community's."""

    name: str
    head: str
    opened_on: date
    town_id: UUID | None = None


async def own_of(actor: Actor, school: School) -> ParentSchool:
    """Return the school's own parent school, made on first use under the school's name."""
    host = await ParentSchool.get_or_none(school_id=school.id)
    if host is not None:
        return host
    async with transaction():
        name = f"{school.name[:56]}家长学校"
        # Two schools of a district may bear one name; their codes differ.
        for candidate in (name, f"{school.name[:34]}家长学校（{school.code}）"):
            made = await fetch(
                """
                INSERT INTO parent_schools (id, district_id, school_id, kind, name, opened_on)
                VALUES ($1, $2, $3, 'school', $4, $5) ON CONFLICT DO NOTHING RETURNING id
                """,
                uuid7(),
                school.district_id,
                school.id,
                candidate,
                clock.local(clock.now()).date(),
            )
            if made:
                await record(
                    "courses.host_opened", "parent_school", made[0]["id"],
                    by=actor.person_id, school_id=school.id,
                )  # fmt: skip
            host = await ParentSchool.get_or_none(school_id=school.id)
            if host is not None:
                return host
    raise HostNameTaken


async def set_own(actor: Actor, school: School, content: HostContent) -> ParentSchool:
    """Say what the school's own parent school is called. Raises :class:`HostNameTaken`."""
    async with transaction():
        host = await own_of(actor, school)
        return await rewrite(actor, host.id, content)


async def open_host(
    actor: Actor, district: District, kind: HostKind, content: HostContent
) -> ParentSchool:
    """Register a community's parent school, or the district's own.

    Raises :class:`HostNameTaken` and, for a town of another district, ``NotFound``.
    """
    async with transaction():
        # One after the other, so that the name that is taken is always seen.
        await District.select_for_update().get(id=district.id)
        host = ParentSchool(id=uuid7(), district_id=district.id, kind=kind)
        if (
            kind is HostKind.DISTRICT
            and await ParentSchool.filter(district_id=district.id, kind=kind).exists()
        ):
            raise HostNameTaken
        await _fill(host, content)
        await host.save()
        await _record("courses.host_opened", actor, host)
        return host


async def rewrite(actor: Actor, host_id: UUID, content: HostContent) -> ParentSchool:
    """Change what is said about a parent school; raises what :func:`open_host` does."""
    async with transaction():
        host = await ParentSchool.select_for_update().get(id=host_id)
        await _fill(host, content)
        await host.save()
        await _record("courses.host_changed", actor, host)
        return host


async def close(actor: Actor, host_id: UUID, closed_on: date | None) -> ParentSchool:
    """Close a parent school, or with ``None`` open it again. Courses stay as they are.

    Raises :class:`BadClosing`.
    """
    async with transaction():
        host = await ParentSchool.select_for_update().get(id=host_id)
        if closed_on is not None and closed_on < host.opened_on:
            raise BadClosing(field="closedOn")
        if host.closed_on != closed_on:
            host.closed_on = closed_on
            await host.save(update_fields=["closed_on"])
            action = "courses.host_closed" if closed_on else "courses.host_reopened"
            await _record(action, actor, host)
        return host


def check_open(host: ParentSchool) -> None:
    """Raises :class:`HostClosed` from the day it closes."""
    if host.closed_on is not None and host.closed_on <= clock.local(clock.now()).date():
        raise HostClosed


async def _fill(host: ParentSchool, content: HostContent) -> None:
    if content.town_id is not None and (
        host.kind != HostKind.COMMUNITY
        or not await Town.filter(id=content.town_id, district_id=host.district_id).exists()
    ):
        raise NotFound
    named = ParentSchool.filter(district_id=host.district_id, name=content.name)
    if await named.exclude(id=host.id).exists():
        raise HostNameTaken
    if host.closed_on is not None and content.opened_on > host.closed_on:
        raise BadClosing(field="openedOn")
    host.name, host.head = content.name, content.head
    host.opened_on, host.town_id = content.opened_on, content.town_id


async def _record(action: str, actor: Actor, host: ParentSchool) -> None:
    await record(
        action, "parent_school", host.id, by=actor.person_id, school_id=host.school_id,
        kind=host.kind,
    )  # fmt: skip
