"""A school, people who work there, and somewhere to keep their files."""

import resource
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import LocalStore

from backend import clock
from backend.media import images, operations
from backend.media.models import Attachment
from backend.media.storage import Files, open_files
from backend.people.models import Person, Session
from backend.schools.models import District, School
from seed.cast import Cast
from tests.fakes import s3
from tests.house import SignIn, Visitor
from tests.media import corpus
from tests.media.phones import TEACHER


@dataclass
class Place:
    """Two schools of one district; Fang teaches at the first, Gao at the second."""

    district: District
    school: School
    other_school: School
    fang: Person
    gao: Person
    fangs_phone: Session
    gaos_phone: Session


@pytest.fixture
async def place(db: None) -> AsyncIterator[Place]:
    district = await District.create(code="310101", name="东城区")
    schools = [
        await School.create(district=district, code=code, name=name, stage="primary")
        for code, name in (("A1", "梧桐小学"), ("B1", "白桦小学"))
    ]
    fang = await Person.create(name="方老师", phone="+8613800000001")
    gao = await Person.create(name="高老师", phone="+8613800000002")
    yield Place(
        district, schools[0], schools[1], fang, gao, await phone_of(fang), await phone_of(gao)
    )


async def phone_of(person: Person) -> Session:
    return await Session.create(
        person=person,
        device_key=f"device-{person.id}",
        device_name="手机",
        platform="android",
        seed="0" * 64,
        refreshed_at=clock.now(),
        expires_at=clock.now() + timedelta(days=30),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    return path


@pytest.fixture
def files(folder: Path) -> Files:
    return Files(LocalStore(prefix=folder), disk=folder, reserve=0)


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """The endpoint of an S3-compatible store of this run's own."""
    with s3.store() as endpoint:
        yield endpoint


@pytest.fixture(params=["disk", "bucket"])
def either(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Files:
    """Both places that files can be kept in, one after the other."""
    if request.param == "disk":
        return Files(LocalStore(prefix=folder), disk=folder, reserve=0)
    endpoint: str = request.getfixturevalue("bucket")
    return open_files(s3.settings_of(endpoint, s3.make_bucket(endpoint), tmp_path / "data"))


def kept(folder: Path) -> list[Path]:
    """Return every file below ``folder``, temporary ones included."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def bounded() -> Iterator[None]:
    """Every case ends in time, and its children within their CPU limit."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    yield
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent <= images.CPU_SECONDS + 1.5
    assert time.monotonic() - started <= images.WALL_SECONDS + 1


async def hand_in(place: Place, files: Files, data: bytes = corpus.PDF) -> Attachment:
    return await operations.store_upload(
        place.fang.id, "通知.pdf", data, files=files, school_id=place.school.id
    )


@pytest.fixture
async def teacher(as_: SignIn) -> Visitor:
    return await as_(TEACHER)


@pytest.fixture
def school(cast: Cast) -> str:
    return str(cast.schools["海湾"].id)
