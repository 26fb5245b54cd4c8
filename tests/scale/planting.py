"""One class in each of several databases: ``python -m tests.scale.planting CITY.json``.

The same parent, by telephone number, has a child in every district. Whatever belongs to a
district bears its mark, so that it can be told where it does not belong.
"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

import msgspec

from backend import clock
from backend.database import database
from backend.people.models import Guardianship, Person, PrivacyNotice, Standing, Student
from backend.people.operations import consents
from backend.roster.models import Enrolment
from backend.schools.models import Stage
from backend.schools.operations import tree
from backend.settings import Settings

PARENT = "+8613800138001"
TEACHER = "+8613800138003"


class Plot(msgspec.Struct):
    """A database, the district to plant in it, and the mark its rows bear."""

    dsn: str
    code: str
    mark: str


async def plant(plot: Plot) -> UUID:
    """Plant a school with one class, its teacher, a child and the child's parent."""
    district = await tree.create_district(plot.code, f"{plot.mark}区")
    school = await tree.create_school(
        district.id, f"{plot.mark}-S1", f"{plot.mark}小学", Stage.PRIMARY
    )
    grade = await tree.create_grade(school.id, "三年级", 3)
    room = await tree.create_class(grade.id, f"{plot.mark}班")
    await PrivacyNotice.create(
        version=1, title="隐私告知", text="我们怎样使用孩子的信息。", in_force_from=clock.now()
    )
    child = await Student.create(school_id=school.id, number="1", name=f"{plot.mark}的孩子")
    await Enrolment.create(student_id=child.id, class_id=room.id)
    parent = await Person.create(name=f"{plot.mark}家长", phone=PARENT)
    await Guardianship.create(student_id=child.id, person_id=parent.id, relation="mother")
    await consents.accept(parent.id, child.id, school.id, 1, clock.now())
    teacher = await Person.create(name=f"{plot.mark}老师", phone=TEACHER)
    await Standing.create(
        person_id=teacher.id,
        role="class_teacher",
        district_id=district.id,
        school_id=school.id,
        grade_id=grade.id,
        class_id=room.id,
    )
    return room.id


async def _all(plots: list[Plot]) -> None:
    for plot in plots:
        settings = Settings(environment="test", database_url=plot.dsn, pool_size=2)
        async with database(plot.dsn, settings, name="planting"):
            sys.stdout.write(f"{await plant(plot)}\n")


if __name__ == "__main__":
    asyncio.run(_all(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[Plot])))
