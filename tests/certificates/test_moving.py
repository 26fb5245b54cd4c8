"""Certificates of service move into the table of all kinds with every word they bore."""

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from backend import embedded, migrate
from backend.certificates.rules import Words
from backend.database import config
from backend.identifiers import uuid7
from backend.volunteering.operations import service
from backend.volunteering.queries.service import Service

BEFORE = "0010_files"
ISSUED = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DISTRICT, SCHOOL, PERSON, OFFICE = uuid7(), uuid7(), uuid7(), uuid7()
DUTIES = [
    {"name": "食堂管理", "shifts": 4, "minutes": 240},
    {"name": "校园安全巡查", "shifts": 8, "minutes": 870},
]
OLD: list[dict[str, Any]] = [
    {"minutes": 1110, "shifts": 12, "duties": DUTIES},
    {"minutes": 59, "shifts": 1, "duties": [{"name": "护学岗", "shifts": 1, "minutes": 59}]},
    {"minutes": 60, "shifts": 1, "duties": DUTIES[:1]},
    {"minutes": 119, "shifts": 2, "duties": DUTIES[::-1]},
    {"minutes": 6000, "shifts": 50, "duties": [], "revoked": "补录工时有误"},
]
DAYS = (date(2026, 9, 1), date(2026, 11, 23))


@pytest.fixture
async def old(server: embedded.Server) -> AsyncIterator[str]:
    """A database as it was, with certificates of service in it."""
    name = f"moving_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await embedded.ensure_database(server.dsn(name))
    async with TortoiseContext() as context:
        await context.init(config=config(server.dsn(name), pool_size=2))
        executor = MigrationExecutor(context.db(), config(server.dsn(name))["apps"])
        await executor.migrate([MigrationTarget("school", BEFORE)])
    yield server.dsn(name)
    admin = await asyncpg.connect(server.dsn("postgres"))
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


async def test_old_certificates_move_with_every_word_they_were_printed_with(old: str) -> None:
    connection = await asyncpg.connect(old)
    ids = await _issued(connection)
    assert (await migrate.upgrade(old))[0] == "0011_certificates"
    assert await connection.fetchval("select to_regclass('service_certificates')") is None
    rows = {row["id"]: row for row in await connection.fetch("select * from certificates")}
    await connection.close()
    assert set(rows) == set(ids)
    for id_, given in zip(ids, OLD, strict=True):
        row = rows[id_]
        done = Service(minutes=given["minutes"], shifts=given["shifts"], duties=given["duties"])
        assert msgspec.convert(json.loads(row["facts"]), Words) == service.words(done, *DAYS)
        assert (row["kind"], row["subject_id"]) == ("service", None)
        assert (row["district_id"], row["school_id"]) == (DISTRICT, SCHOOL)
        assert (row["issuer_name"], row["holder"]) == ("当时的校名", "当时的姓名")
        assert (row["first_day"], row["last_day"], row["issued_at"]) == (*DAYS, ISSUED)
        reason = given.get("revoked", "")
        assert row["revoked_reason"] == reason
        assert (row["revoked_at"], row["revoked_by"]) == (
            (ISSUED, OFFICE) if reason else (None,) * 2
        )


async def _issued(connection: Any) -> list[UUID]:
    await connection.execute(
        "insert into districts (id, code, name, timezone) "
        "values ($1, '350213', '翔安区', 'Asia/Shanghai')",
        DISTRICT,
    )
    await connection.execute(
        "insert into schools (id, district_id, code, name, stage) "
        "values ($1, $2, 'XA-HW', '海湾实验小学', 'primary')",
        SCHOOL,
        DISTRICT,
    )
    await connection.execute(
        "insert into persons (id, name, phone, created_at) "
        "values ($1, '王立强', '+8619900000101', now())",
        PERSON,
    )
    ids = [uuid7() for _ in OLD]
    for number, (id_, given) in enumerate(zip(ids, OLD, strict=True)):
        reason = given.get("revoked", "")
        await connection.execute(
            "insert into service_certificates (id, code, school_id, person_id, school_name, "
            "holder, first_day, last_day, minutes, shifts, duties, issued_at, revoked_at, "
            "revoked_by, revoked_reason) values ($1, $2, $3, $4, '当时的校名', '当时的姓名', "
            "$5, $6, $7, $8, $9, $10, $11, $12, $13)",
            id_, f"{number:016}", SCHOOL, PERSON, *DAYS, given["minutes"], given["shifts"],
            json.dumps(given["duties"]), ISSUED, ISSUED if reason else None,
            OFFICE if reason else None, reason,
        )  # fmt: skip
    return ids
