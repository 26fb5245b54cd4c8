"""The directory of districts, and an installation's place in it."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from typer.testing import CliRunner

from backend import clock
from backend.app import build
from backend.cli import app as tongxing
from backend.database import fetch, transaction
from backend.identifiers import uuid7
from backend.people.misdirection import Misdirection
from backend.people.models import Person
from backend.people.operations import sessions
from backend.people.tokens import Keys, keys_for, looks_like_access, read_refresh, shard_of
from backend.schools.directory import check_founding, directory_of, read
from backend.settings import Settings, SettingsError, load
from backend.web.guard import guard
from tests.house import Visitor

CITY = """
[shards.xa]
url = "https://xa.example.cn"
upstream = ["10.0.1.11:8000", "10.0.1.12:8000"]

[shards.ta]
url = "https://city.example.cn/s/ta"
upstream = ["10.0.2.11:8000"]

[[districts]]
code = "350213"
name = "翔安区"
name_en = "Xiang'an"
shard = "xa"

[[districts]]
code = "350212"
name = "同安区"
shard = "ta"
"""
Change = dict[str, object]
Sharded = Callable[..., Settings]


@pytest.fixture
def sharded(settings: Settings, dsn: str, tmp_path: Path) -> Sharded:
    """Return the settings of the test installation as a shard of the city."""

    def made(text: str = CITY, **change: object) -> Settings:
        file = tmp_path / f"{uuid7()}.toml"
        file.write_text(text, encoding="utf-8")
        wanted: dict[str, object] = {
            "environment": "test", "database_url": dsn, "data_dir": settings.data_dir,
            "shard": "xa", "public_url": "https://xa.example.cn", "districts_file": file,
        }  # fmt: skip
        return Settings(**{**wanted, **change})  # type: ignore[arg-type]

    return made


def visitor(app: Litestar, token: str | None = None) -> Visitor:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=guard(app))  # type: ignore[arg-type]
    return Visitor(transport=transport, base_url="http://house/v1", headers=headers)


async def session_of(shard: str, settings: Settings) -> sessions.SignedIn:
    """Open a session whose tokens name ``shard``."""
    device = sessions.Device(key=f"phone-{uuid7()}", name="phone", platform="android")
    person = await Person.create(name="张伟", phone=f"+86138{uuid7().int % 10**8:08d}")
    async with transaction():
        await sessions.lock_person(person.id)
        return await sessions.open_session(
            person.id, device, "code", keys=keys_for(settings.secret_key, shard), now=clock.now()
        )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (("[shards.xa]", "[shards.Xa]"), "key"),
        (("https://xa.example.cn", "https://xa.example.cn/"), "url"),
        (("https://xa.example.cn", "ftp://xa.example.cn"), "url"),
        (("https://xa.example.cn", "https://city.example.cn/s/ta"), "two shards"),
        (("https://xa.example.cn", "https://city.example.cn"), "under the address of another"),
        (('"10.0.2.11:8000"', '"10.0.1.12:8000"'), "two shards"),
        (('shard = "ta"', 'shard = "tb"'), "is no shard"),
        (('code = "350212"', 'code = "350213"'), "listed twice"),
        (('name = "同安区"', 'nmae = "同安区"'), "nmae"),
        (("[[districts]]", "[districts]]"), "line"),
    ],
)
def test_a_faulty_directory_is_refused_whole(
    sharded: Sharded, fault: tuple[str, str], said: str
) -> None:
    assert fault[0] in CITY
    with pytest.raises(SettingsError, match=said):
        directory_of(sharded(CITY.replace(*fault)))
    assert directory_of(sharded()) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"shard": ""},
        {"shard": "zz"},
        {"districts_file": None},
        {"districts_file": Path("/nowhere/districts.toml")},
        {"public_url": "https://elsewhere.example.cn"},
        {"public_url": None},
    ],
)
def test_an_installation_whose_settings_contradict_the_directory_does_not_start(
    sharded: Sharded, change: Change
) -> None:
    settings = sharded(**change)
    with pytest.raises(SettingsError):
        build(settings, "postgresql://")


def test_no_command_runs_in_a_place_the_directory_does_not_know(sharded: Sharded) -> None:
    environ = {
        "TONGXING_SHARD": "xa", "TONGXING_PUBLIC_URL": "https://elsewhere.example.cn",
        "TONGXING_DISTRICTS_FILE": str(sharded().districts_file),
    }  # fmt: skip
    for command in ("serve", "worker", "migrate"):
        refused = CliRunner().invoke(tongxing, [command], env=environ)
        assert refused.exit_code == 1
        assert "https://xa.example.cn" in refused.output


def test_in_production_every_district_is_reached_by_https(sharded: Sharded) -> None:
    plain = CITY.replace("https://city", "http://city")
    assert directory_of(sharded(plain)) is not None
    with pytest.raises(SettingsError, match="https"):
        directory_of(sharded(plain, environment="production"))


def test_the_settings_name_a_shard_in_small_letters(tmp_path: Path) -> None:
    assert load({"TONGXING_SHARD": "xa2", "TONGXING_DISTRICTS_FILE": "x.toml"}).shard == "xa2"
    for name in ("XA", "x_a", "x.a", "x" * 17, "2x"):
        with pytest.raises(SettingsError):
            load({"TONGXING_SHARD": name})


def test_a_token_names_its_shard_and_nothing_else_does() -> None:
    session_id, seed = uuid7(), "ab" * 32
    alone, named = (Keys("k" * 32, shard).pair(session_id, seed, 7) for shard in ("", "xa"))
    assert (shard_of(alone.access), shard_of(alone.refresh)) == (None, None)
    assert (shard_of(named.access), shard_of(named.refresh)) == ("xa", "xa")
    assert looks_like_access(alone.access) and looks_like_access(named.access)
    assert read_refresh(alone.refresh) == read_refresh(named.refresh)
    for wrong in ("", "xa", "tx_a_xa.", "tx_a_xa.x", f"tx_a_XA.{'a' * 43}", f"tx_b_xa.{'a' * 43}"):
        assert shard_of(wrong) is None and not looks_like_access(wrong)
    assert read_refresh(f"tx_r_xa.xb.{named.refresh[8:]}") is None


async def test_a_session_from_before_the_districts_were_parted_lives_on(
    db: None, sharded: Sharded
) -> None:
    settings = sharded()
    # And so does one of a shard whose installation stands alone again.
    alone = sharded(shard="", districts_file=None, public_url=None)
    places = [build(place, "postgresql://") for place in (settings, alone)]
    for named in ("", "xa"):
        signed = await session_of(named, settings)
        for place in places:
            async with visitor(place, signed.access_token) as phone:
                assert (await phone.get("/me")).status_code == 200


async def test_another_shards_token_is_sent_home_even_if_the_directory_here_is_old(
    sharded: Sharded,
) -> None:
    app = build(sharded(), "postgresql://")
    abroad = Keys("another secret of at least 32 chars", "ta").pair(uuid7(), "ab" * 32, 0)
    unknown = Keys("another secret of at least 32 chars", "zz").pair(uuid7(), "ab" * 32, 0)
    for pair, facts in (
        (abroad, {"shard": "ta", "url": "https://city.example.cn/s/ta"}),
        (unknown, {"shard": "zz", "url": None}),
    ):
        async with visitor(app, pair.access) as phone:
            for answer in (await phone.get("/me"), await phone.delete("/me/sessions")):
                assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
                assert answer.json()["facts"] == facts
                assert answer.json()["retryable"] is False


async def test_without_the_check_the_phone_would_throw_its_session_away(
    db: None, sharded: Sharded, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = sharded()
    abroad = Keys("another secret of at least 32 chars", "ta").pair(uuid7(), "ab" * 32, 0)

    async def unchecked(self, scope, receive, send, next_app):  # type: ignore[no-untyped-def]
        await next_app(scope, receive, send)

    monkeypatch.setattr(Misdirection, "handle", unchecked)
    async with visitor(build(settings, "postgresql://"), abroad.access) as phone:
        answer = await phone.get("/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_an_installation_that_stands_alone_lists_its_own_districts(
    cast: object, anyone: Visitor
) -> None:
    listed = (await anyone.get("/districts")).json()
    names = [row["name"] for row in await fetch("SELECT name FROM districts ORDER BY code")]
    assert [one["name"] for one in listed["items"]] == names != []
    assert {one["url"] for one in listed["items"]} == {"http://127.0.0.1:8000"}
    assert all(one["isHere"] and one["shard"] is None for one in listed["items"])


async def test_a_shard_lists_the_districts_of_the_whole_city(sharded: Sharded) -> None:
    async with visitor(build(sharded(), "postgresql://nobody@127.0.0.1:1/none")) as phone:
        answer = await phone.get("/districts")
    assert answer.headers["cache-control"] == "max-age=300, public"
    assert [(one["code"], one["nameEn"], one["isHere"]) for one in answer.json()["items"]] == [
        ("350213", "Xiang'an", True),
        ("350212", None, False),
    ]


def test_a_district_may_be_founded_where_it_is_listed(sharded: Sharded) -> None:
    check_founding(sharded(), "350213")
    check_founding(sharded(shard="", districts_file=None), "anything")
    for code in ("350212", "359999"):
        with pytest.raises(Exception, match=r"served_elsewhere|district_not_listed"):
            check_founding(sharded(), code)


def test_an_entry_leads_to_its_address(tmp_path: Path) -> None:
    file = tmp_path / "districts.toml"
    file.write_text(CITY, encoding="utf-8")
    directory = read(file)
    entry = directory.entry("350213")
    assert entry is not None and directory.url_of(entry.shard) == "https://xa.example.cn"
