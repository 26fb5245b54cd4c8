"""Founding the world: two districts, three schools, four classes, and who belongs to them."""

from contextlib import AsyncExitStack
from datetime import date
from types import SimpleNamespace

import httpx

from backend import clock
from backend.database import execute
from backend.people.models import Guardianship, PrivacyNotice, Relation, Standing
from backend.people.operations import consents, ties
from backend.schools.models import Stage
from backend.schools.operations import calendar, tree
from backend.settings import Settings
from backend.web.actor import Role
from tests.authz import rows
from tests.authz.world import Absent, World, mark


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
    await _zone(world, home, a1, a2)
    await _zone(world, far, b1)
    await _classes(world, home, far, a1, a2, b1)
    await _family(world)
    for name in world.people:
        await world.sign_in(name)
    await rows.fill(world)
    await _those_outside(world)
    await ties.dismiss((await Standing.get(person_id=world.people["ex_teacher"])).id)
    world.places["absent"] = Absent()
    return world


async def _district(world: World, realm: str, code: str) -> SimpleNamespace:
    row = await tree.create_district(code, mark(realm, "区"))
    town = await tree.create_town(row.id, mark(realm, "镇"))
    await tree.create_departments(row.id, [(mark(realm, "部门"), ())])
    first, last = date(2026, 9, 1), date(2027, 8, 31)
    term = calendar.TermDates(name=mark(realm, "学期"), starts_on=first, ends_on=last)
    await calendar.set_year(row.id, mark(realm, "学年"), first, last, [term])
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


async def _zone(world: World, district: SimpleNamespace, *members: SimpleNamespace) -> None:
    ids = [member.row.id for member in members]
    zone = await tree.create_zone(
        district.row.id, mark(district.realm, "片区"), lead_id=ids[0], member_ids=ids,
        since=date(2026, 9, 1),
    )  # fmt: skip
    district.zone_id = zone.id
    if district.realm == "A":
        await Standing.create(
            person_id=await world.person("coordinator", "A"), role=Role.ZONE_COORDINATOR,
            district_id=district.row.id, zone_id=zone.id,
        )  # fmt: skip


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
            zone_id=district.zone_id, teacher=teacher, admin=school.admin, parent=parent,
            officer=district.officer,
        )  # fmt: skip


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
