"""The demo's garden: the cast, three schools' rosters from real workbooks, first notices."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog

from backend import clock
from backend.notices.models import Notice
from backend.notices.operations import drafts, publication, receipts
from backend.notices.operations.drafts import Content
from backend.people import queries
from backend.people.models import Person
from backend.people.operations import consents
from backend.people.passwords import counter
from backend.roster import command
from backend.schools.models import SchoolClass
from backend.settings import Settings
from backend.web.actor import Actor
from notifications import addresses
from seed import column, committees, courses, invitations
from seed.cast import STAFF, STAFF_PASSWORD, Cast
from seed.cast import plant as plant_cast
from seed.rosters import FIRST_PHONE, PRIMARY, write_school

log = structlog.get_logger("seed")

ROSTERS = {
    "海湾": (240, PRIMARY),
    "莲塘": (180, ("七年级", "八年级", "九年级")),
    "新圩": (60, ("小班", "中班", "大班")),
}
"""Pupils and grades in each school's workbook; a demo should be ready in seconds."""
GREETERS = ("王立强", "刘敏", "李建国", "周婷")
"""Guardians of the cast who have a phone with the app on it."""


async def plant(settings: Settings) -> Cast:
    """Grow the demo's data once; a garden that already blooms is left alone."""
    cast = await plant_cast()
    if await Notice.exists():
        return cast
    await _import_rosters(cast, _folder(settings))
    await _open_doors(cast)
    await _write_notices(cast)
    await invitations.plant(cast)
    await column.plant(cast)
    await courses.plant(cast, settings)
    await committees.plant(cast, settings)
    log.info("planted", people=await Person.all().count(), notices=await Notice.all().count())
    return cast


def _folder(settings: Settings) -> Path:
    """Return where the demo keeps its workbooks, for a newcomer to look at."""
    folder = settings.data_dir / "rosters"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _import_rosters(cast: Cast, folder: Path) -> None:
    """Bring each school's people in the way schools do: as a workbook, through the command."""
    for number, (key, (pupils, grades)) in enumerate(ROSTERS.items()):
        school = cast.schools[key]
        path = folder / f"{school.code}.xlsx"
        write_school(
            path, school.name, pupils, seed=number, grades=grades,
            first_phone=FIRST_PHONE + number * 10_000,
        )  # fmt: skip
        await command.import_file(path, school.code, True)
        log.info("roster_imported", school=school.name, pupils=pupils)


async def _open_doors(cast: Cast) -> None:
    """Let the cast in: staff with the demo's password, greeters with consent and a phone."""
    password = await counter.make(STAFF_PASSWORD)
    staff = [cast.id(name) for name, *_ in STAFF]
    await Person.filter(id__in=staff).update(password_hash=password, activated_at=clock.now())
    for number, name in enumerate(GREETERS, 1):
        person = cast.id(name)
        await Person.filter(id=person).update(activated_at=clock.now())
        for child in await queries.children_of(person):
            await consents.accept(person, child["student_id"], child["school_id"], 1, clock.now())
        await addresses.register(
            person,
            f"phone-{number:02d}-{person}",
            provider="console",
            platform="android",
            now=clock.now(),
        )


async def _write_notices(cast: Cast) -> None:
    """Publish what a newcomer finds in the feed, through the verbs the phone calls."""
    teacher = await queries.actor_of(cast.id("林晓岚"), "林晓岚")
    admin = await queries.actor_of(cast.id("许建安"), "许建安")
    principal = await queries.actor_of(cast.id("周慕云"), "周慕云")
    meeting = await _publish(teacher, _meeting(cast.classes["海湾/三年级/1班"].id))
    await _publish(admin, _outing([c.id for c in _of_wang(cast)]))
    await _publish(principal, _safety(cast.schools["海湾"].id))
    mother = await queries.actor_of(cast.id("周婷"), "周婷")
    await receipts.read(mother, {meeting.id: meeting.revision})
    await receipts.confirm(mother, meeting.id, meeting.revision, {}, {cast.children["李沐阳"].id})


def _meeting(class_id: UUID) -> Content:
    return Content(
        audiences=[(class_id, "families")],
        category="class",
        title="本周五下午四点家长会",
        blocks=[
            {"type": "paragraph", "text": "请家长准时到三年级1班教室，每家一位家长参加即可。"},
            {"type": "list", "items": ["学期学习情况", "期末安排", "家长提问"], "ordered": True},
        ],
        confirm_mode="tap",
        confirm_by=clock.now() + timedelta(days=3),
    )


def _outing(class_ids: list[UUID]) -> Content:
    return Content(
        audiences=[(class_id, "families") for class_id in class_ids],
        category="school",
        title="秋季研学活动报名",
        blocks=[{"type": "paragraph", "text": "请为每个孩子选择是否参加本月的研学活动。"}],
        confirm_mode="per_child",
        choices=["参加", "不参加"],
        confirm_by=clock.now() + timedelta(days=5),
    )


def _safety(school_id: UUID) -> Content:
    return Content(
        audiences=[(school_id, "families")],
        category="safety",
        title="防溺水安全提醒",
        blocks=[{"type": "paragraph", "text": "请家长落实监护责任，不让孩子私自下水。"}],
        confirm_mode="read",
        pinned=True,
    )


def _of_wang(cast: Cast) -> list[SchoolClass]:
    return [cast.classes["海湾/三年级/1班"], cast.classes["海湾/一年级/1班"]]


async def _publish(author: Actor, content: Content) -> Notice:
    notice = await drafts.write(author, content)
    counted = await publication.preview(author, notice)
    return await publication.publish(
        author, notice.id, seen=(counted.families, counted.people), publish_at=None
    )
