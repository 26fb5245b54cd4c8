"""A process says which part of it is sick, and nothing more."""

from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest

from backend import migrations
from backend.app import build
from backend.database import execute, fetch
from backend.settings import Settings
from backend.web import health
from backend.web.guard import guard
from tests.house import Visitor

READY = "http://house/health/ready"


async def sick(visitor: httpx.AsyncClient) -> list[str]:
    """Return what a process that is not ready names as the cause."""
    answer = await visitor.get(READY)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready"), answer.text
    assert int(answer.headers["retry-after"]) >= 1
    facts: dict[str, list[str]] = answer.json()["facts"]
    assert set(facts) == {"sick"}
    return facts["sick"]


async def test_tables_older_than_the_code_are_named(anyone: Visitor) -> None:
    newest = migrations.names()[-1]
    row = (await fetch("DELETE FROM tortoise_migrations WHERE name = $1 RETURNING *", newest))[0]
    try:
        assert await sick(anyone) == ["tables"]
    finally:
        await execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ($1, $2, $3)",
            row["app"],
            row["name"],
            row["applied_at"],
        )
    assert (await anyone.get(READY)).status_code == 200


async def test_tables_newer_than_the_code_are_no_sickness(anyone: Visitor) -> None:
    """During a release the old processes go on until the new ones have taken over."""
    await execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) "
        "VALUES ('school', '9999_tomorrow', now())"
    )
    try:
        assert (await anyone.get(READY)).status_code == 200
    finally:
        await execute("DELETE FROM tortoise_migrations WHERE name = '9999_tomorrow'")


async def test_a_database_that_does_not_answer_is_named(
    anyone: Visitor, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.3)
    blocker = await asyncpg.connect(dsn)
    try:
        await blocker.execute("BEGIN")
        await blocker.execute("LOCK TABLE tortoise_migrations IN ACCESS EXCLUSIVE MODE")
        assert await sick(anyone) == ["database"]
        assert (await anyone.get("http://house/health/live")).status_code == 200
    finally:
        blocker.terminate()
    monkeypatch.undo()
    assert (await anyone.get(READY)).status_code == 200


async def test_a_disk_without_room_is_named_but_not_where_it_is(
    db: None, settings: Settings, dsn: str, tmp_path: Path
) -> None:
    full = msgspec.structs.replace(settings, disk_floor=1 << 60, data_dir=tmp_path / "nowhere")
    app = httpx.ASGITransport(app=guard(build(full, dsn)))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=app, base_url="http://house") as client:
        assert await sick(client) == ["disk"]
        assert str(tmp_path) not in (await client.get(READY)).text
