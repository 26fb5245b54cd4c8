"""A small school, its people, and phones that sign in over HTTP."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Router
from litestar.di import Provide

from backend import clock
from backend.errors import SignInNeeded
from backend.inbox.controllers import routes as inbox_routes
from backend.people.authentication import Authentication
from backend.people.controllers import routes as people_routes
from backend.people.models import Guardianship, Person, PrivacyNotice, Standing, Student
from backend.people.passwords import counter
from backend.people.tokens import Keys, keys_for
from backend.roster.models import Enrolment
from backend.schools.models import District, Grade, School, SchoolClass
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import Cursors
from backend.web.guard import guard
from backend.web.policy import enforce
from backend.web.problems import EXCEPTION_HANDLERS
from tests.people.household import PASSWORD, Phone, Postbag


@dataclass
class Cast:
    """张伟 and 李娜 are guardians of 张小明; 王老师 teaches his class; 赵校长 heads the school."""

    father: Person
    mother: Person
    teacher: Person
    head: Person
    child: Student
    father_tie: Guardianship
    teaching: Standing
    school: School
    school_class: SchoolClass


@pytest.fixture
async def cast(db: None) -> Cast:
    district = await District.create(code="310999", name="滨江区")
    school = await School.create(
        district_id=district.id, code="S1", name="滨江区第一实验小学", stage="primary"
    )
    grade = await Grade.create(school_id=school.id, name="三年级", position=3)
    school_class = await SchoolClass.create(
        school_id=school.id, grade_id=grade.id, name="三（1）班"
    )
    child = await Student.create(school_id=school.id, number="20240101", name="张小明")
    await Enrolment.create(student_id=child.id, class_id=school_class.id)
    father = await Person.create(name="张伟", phone="+8613800138001")
    mother = await Person.create(name="李娜", phone="+8613800138002")
    made = await counter.make(PASSWORD)
    teacher = await Person.create(name="王芳", phone="+8613800138003", password_hash=made)
    head = await Person.create(name="赵建国", phone="+8613800138004", password_hash=made)
    father_tie = await Guardianship.create(
        student_id=child.id, person_id=father.id, relation="father"
    )
    await Guardianship.create(student_id=child.id, person_id=mother.id, relation="mother")
    teaching = await Standing.create(
        person_id=teacher.id,
        role="class_teacher",
        district_id=district.id,
        school_id=school.id,
        grade_id=grade.id,
        class_id=school_class.id,
    )
    await Standing.create(
        person_id=head.id, role="principal", district_id=district.id, school_id=school.id
    )
    await PrivacyNotice.create(
        version=1,
        title="隐私告知",
        text="我们怎样使用孩子的信息。",
        in_force_from=clock.now() - timedelta(days=1),
    )
    return Cast(
        father=father,
        mother=mother,
        teacher=teacher,
        head=head,
        child=child,
        father_tie=father_tie,
        teaching=teaching,
        school=school,
        school_class=school_class,
    )


def _caller(request: Request[Any, Any, Any]) -> Actor:
    actor = request.scope.get("user")
    if not isinstance(actor, Actor):
        raise SignInNeeded
    return actor


@pytest.fixture
async def http(db: None, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The two rooms behind the same guard, middleware and policies as the whole house."""
    cursors = Cursors(settings.secret_key)
    app = Litestar(
        route_handlers=[Router("/v1", route_handlers=[people_routes, inbox_routes])],
        dependencies={
            "actor": Provide(_caller, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "cursors": Provide(lambda: cursors, sync_to_thread=False),
        },
        middleware=[Authentication()],
        guards=[enforce],
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,
    )
    transport = httpx.ASGITransport(app=guard(app), client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        yield client


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return keys_for(settings.secret_key)


@pytest.fixture
def postbag() -> Postbag:
    return Postbag()


@pytest.fixture
def phone(http: httpx.AsyncClient, postbag: Postbag, keys: Keys) -> Callable[[str], Phone]:
    """Make a phone: ``phone("fathers-phone")``."""
    return lambda device_id: Phone(http, postbag, keys, device_id)
