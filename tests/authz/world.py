"""Two districts, three schools, four classes; every row bears the canary of its tenant.

A canary is ``CANARY-`` and a realm: ``A`` and ``B`` are districts, ``A1`` a school of A,
``A1X`` a class of A1. A further letter narrows it: ``D`` a draft, ``P`` a notice that
waits for approval, ``F`` and ``K`` families, ``V`` a district's notice at its schools.
Who may come to see which realm stands in ``expectations.yaml``.
"""

import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx

from backend import clock
from backend.database import execute, transaction
from backend.identifiers import uuid7
from backend.people.models import Guardianship, PrivacyNotice, Relation, Standing
from backend.people.operations import consents, sessions, ties
from backend.people.tokens import keys_for
from backend.schools.models import Stage
from backend.schools.operations import tree
from backend.settings import Settings
from backend.web.actor import Role
from tests.authz import rows
from tests.house import Visitor

PLACES = ("own", "other_class", "other_school", "other_district")
"""Where a row lives, seen from class A1X; rows that do not exist live in ``absent``."""


def mark(realm: str, text: str = "") -> str:
    """Return ``text`` with the canary of a realm."""
    return f"{text}CANARY-{realm}"


@dataclass
class World:
    """Everything the matrix asks for: rows by place, and a phone for each principal."""

    settings: Settings
    transport: httpx.AsyncBaseTransport
    stack: AsyncExitStack
    places: dict[str, SimpleNamespace] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    phones: dict[str, Visitor] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(19900001000))

    async def person(self, name: str, realm: str) -> UUID:
        """Open an account that carries the canary of ``realm`` in its name."""
        made = await ties.open_account(mark(realm, "人"), f"+86{next(self.numbers)}")
        self.people[name] = made.id
        return made.id

    async def visitor(self, name: str | None) -> Visitor:
        """Return a phone; ``name`` is who has signed in on it by code just now."""
        phone = Visitor(transport=self.transport, base_url="http://house/v1")
        await self.stack.enter_async_context(phone)
        if name is not None:
            device = sessions.Device(key=secrets.token_hex(8), name="phone", platform="android")
            now, keys = clock.now(), keys_for(self.settings.secret_key)
            async with transaction():
                signed = await sessions.open_session(
                    self.people[name], device, "code", keys=keys, now=now
                )
            phone.session_id, phone.person_id = signed.session_id, signed.person_id
            phone.headers["Authorization"] = f"Bearer {signed.access_token}"
        return phone

    async def sign_in(self, name: str) -> Visitor:
        """Give a principal their phone."""
        phone = self.phones[name] = await self.visitor(name)
        self.headers[name] = {"Authorization": phone.headers["Authorization"]}
        return phone


async def build_world(
    settings: Settings, transport: httpx.AsyncBaseTransport, stack: AsyncExitStack
) -> World:
    """Found both districts and live a few days in them."""
    world = World(settings, transport, stack)
    now = clock.now()
    await PrivacyNotice.create(version=1, title="告知书", text="正文", in_force_from=now)
    home = await _district(world, "A", "110101")
    far = await _district(world, "B", "110102")
    a1 = await _school(world, home, "A1", Stage.PRIMARY)
    a2 = await _school(world, home, "A2", Stage.JUNIOR)
    b1 = await _school(world, far, "B1", Stage.PRIMARY)
    await tree.create_zone(
        home.row.id, mark("A", "片区"), lead_id=a1.row.id, member_ids=[a1.row.id, a2.row.id],
        since=now.date(),
    )  # fmt: skip
    await _classes(world, home, far, a1, a2, b1)
    await _family(world)
    for name in world.people:
        await world.sign_in(name)
    await rows.fill(world, [("A", (a1, a2)), ("B", (b1,))])
    await _those_outside(world)
    await _leave(world)
    world.places["absent"] = rows.Absent()
    return world


async def _district(world: World, realm: str, code: str) -> SimpleNamespace:
    row = await tree.create_district(code, mark(realm, "区"))
    town = await tree.create_town(row.id, mark(realm, "镇"))
    await tree.create_departments(row.id, [(mark(realm, "部门"), ())])
    officer = "officer" if realm == "A" else "officer_other"
    await ties.appoint(await world.person(officer, realm), Role.DISTRICT_OFFICER, row)
    return SimpleNamespace(row=row, town=town, realm=realm, officer=officer)


async def _school(
    world: World, district: SimpleNamespace, realm: str, stage: Stage
) -> SimpleNamespace:
    row = await tree.create_school(
        district.row.id, f"CODE-{realm}", mark(district.realm, realm), stage,
        town_id=district.town.id,
    )  # fmt: skip
    grade = await tree.create_grade(row.id, mark(realm, "三年级"), 3)
    admin = {"A1": "admin", "A2": "admin_other", "B1": "admin_far"}[realm]
    await ties.appoint(await world.person(admin, realm), Role.SCHOOL_ADMIN, row)
    return SimpleNamespace(row=row, grade=grade, realm=realm, admin=admin)


async def _classes(
    world: World, home: SimpleNamespace, far: SimpleNamespace, *schools: SimpleNamespace
) -> None:
    a1, a2, b1 = schools
    plan = [
        ("own", "A1X", home, a1, "class_teacher", "parent"),
        ("other_class", "A1Y", home, a1, "class_teacher_next", "parent_next_class"),
        ("other_school", "A2X", home, a2, "teacher_other_school", "parent_other_school"),
        ("other_district", "B1X", far, b1, "teacher_far", "parent_far"),
    ]
    for place, realm, district, school, teacher, parent in plan:
        # What a class is called, its school may know; what happens in it, it may not.
        class_ = await tree.create_class(school.grade.id, mark(school.realm, realm[-1]))
        await ties.appoint(await world.person(teacher, realm), Role.CLASS_TEACHER, class_)
        child = await ties.admit(school.row.id, class_.id, f"NO-{realm}", mark(f"{realm}F", "童"))
        await ties.bind(await world.person(parent, f"{realm}F"), child.id, Relation.MOTHER)
        await consents.accept(world.people[parent], child.id, school.row.id, 1, clock.now())
        world.places[place] = SimpleNamespace(
            realm=realm, district_id=district.row.id, school_id=school.row.id,
            grade_id=school.grade.id, class_id=class_.id, class_=class_, student_id=child.id,
            teacher=teacher, admin=school.admin, parent=parent, district=district,
        )  # fmt: skip
    zone_far = await tree.create_zone(
        far.row.id, mark("B", "片区"), lead_id=b1.row.id, member_ids=[b1.row.id],
        since=clock.now().date(),
    )  # fmt: skip
    world.places["other_district"].zone_id = zone_far.id


async def _family(world: World) -> None:
    """Everyone else of class A1X: its other teachers and guardians, its committee's chair."""
    own = world.places["own"]
    for name, realm, role in (
        ("subject_teacher", "A1XS", Role.SUBJECT_TEACHER),
        ("ex_teacher", "A1XE", Role.SUBJECT_TEACHER),
        ("chair", "A1XK", Role.COMMITTEE_CHAIR),
    ):
        await ties.appoint(await world.person(name, realm), role, own.class_)
    lead = await world.person("grade_lead", "A1")
    await ties.appoint(lead, Role.GRADE_LEAD, await own.class_.grade)
    child = await ties.admit(own.school_id, own.class_id, "NO-A1XK", mark("A1XK", "童"))
    await ties.bind(world.people["chair"], child.id, Relation.FATHER)
    await consents.accept(world.people["chair"], child.id, own.school_id, 1, clock.now())
    for name, realm in (("parent_restricted", "A1XFR"), ("parent_no_consent", "A1XFN")):
        await ties.bind(await world.person(name, realm), own.student_id, Relation.OTHER)
    restricted = world.people["parent_restricted"]
    await consents.accept(restricted, own.student_id, own.school_id, 1, clock.now())
    tie = await Guardianship.get(person_id=restricted)
    await ties.restrict(tie.id, restricted=True, by=None, reason="order")


async def _those_outside(world: World) -> None:
    """Nobody, somebody whose token has run out, somebody who has signed out."""
    world.headers["anonymous"] = {}
    late, gone = await world.visitor("class_teacher"), await world.visitor("parent")
    for name, phone in (("expired", late), ("revoked", gone)):
        world.headers[name] = {"Authorization": phone.headers["Authorization"]}
    expired = await execute(
        "UPDATE access_tokens SET expires_at = now() - interval '1 s' WHERE session_id = $1",
        late.session_id,
    )
    signed_out = await gone.delete("/me/session")
    assert (expired, signed_out.status_code) == (1, 204)


async def _leave(world: World) -> None:
    standing = await Standing.get(person_id=world.people["ex_teacher"])
    await ties.dismiss(standing.id)


def random_id(_: Any = None) -> UUID:
    return uuid7()
