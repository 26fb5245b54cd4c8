"""Negative controls: with a defence broken on purpose, the matrix says so."""

from typing import Any

import pytest

from backend.activities.permissions import ActivitySight
from backend.bookings import permissions as bookings
from backend.database import execute, fetch_one
from backend.errors import NotFound
from backend.notices import permissions as notices
from backend.people import callers
from backend.people import schemas as people_schemas
from backend.schools import permissions as schools
from backend.web.actor import Actor
from tests.authz import expecting
from tests.authz.matrix import Matrix
from tests.authz.routes import Operation
from tests.authz.state import undone


async def _yes(*_: Any) -> bool:
    return True


async def test_a_notice_handed_to_anybody_shows_foreign_canaries(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await matrix.complaints("getNotice/draft") == []
    monkeypatch.setattr(notices, "_is_asked", _yes)
    complaints = await matrix.complaints("getNotice/draft")
    for where, who, canary in (
        ("own", "parent_other_school", "A1XD"),
        ("other_school", "class_teacher", "A2XD"),
        ("other_district", "admin", "B1XD"),
    ):
        cell = f"getNotice/draft {where} {who}: "
        assert any(c.startswith(f"{cell}answered 200, expected 404") for c in complaints)
        assert any(c.startswith(f"{cell}shows foreign") and f"'{canary}'" in c for c in complaints)


async def test_a_school_shown_to_anybody_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schools, "belongs_above", _yes)
    complaints = await matrix.complaints("listClasses")
    assert "listClasses other_school parent: shows foreign canaries ['A2']" in complaints
    assert "listClasses other_district officer: shows foreign canaries ['B1']" in complaints
    # The shut-out guardian is reported, the one inside is not.
    assert any("own parent_restricted: " in complaint for complaint in complaints)
    assert not any(" own parent: " in complaint for complaint in complaints)


async def test_an_invitation_shown_to_everybody_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookings, "_is_meant", _yes)
    complaints = await matrix.complaints("getSlot/invited")
    assert "getSlot/invited own parent_next_class: shows foreign canaries ['A1XI']" in complaints


async def test_a_list_that_names_another_class_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await matrix.complaints("listRegistrations/wide") == []
    monkeypatch.setattr(ActivitySight, "classes_led", lambda _, actor: None)
    complaints = await matrix.complaints("listRegistrations/wide")
    shown = "listRegistrations/wide own class_teacher: shows foreign canaries ['A1YF']"
    assert shown in complaints


async def test_a_refusal_that_tells_absent_from_foreign_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = schools.belongs_above

    async def telling(actor: Actor, school: Any) -> bool:
        if not await honest(actor, school):
            raise NotFound(stage=school.stage)
        return True

    monkeypatch.setattr(schools, "belongs_above", telling)
    complaints = await matrix.complaints("getSchool")
    assert complaints
    assert all("differs from an absent row" in complaint for complaint in complaints)


async def test_a_refused_write_that_leaves_a_trace_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = schools.belongs_above

    async def careless(actor: Actor, school: Any) -> bool:
        await execute("UPDATE schools SET pilot_from = coalesce(pilot_from, now()::date) + 1")
        return await honest(actor, school)

    monkeypatch.setattr(schools, "belongs_above", careless)
    complaints = await matrix.complaints("switchFeatures")
    assert "switchFeatures other_school parent: changed the database" not in complaints
    assert "switchFeatures own class_teacher: changed the database" in complaints
    assert "switchFeatures other_school admin: changed the database" in complaints


async def test_a_token_that_never_runs_out_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STAMPS", "CALLERS"):
        careful = getattr(callers, name)
        forgetful = careful.replace("t.expires_at > $2 AND ", "").replace(
            "AND t.expires_at > $2", ""
        )
        assert forgetful != careful
        monkeypatch.setattr(callers, name, forgetful)
    complaints = await matrix.complaints("getUnreadCount")
    assert [complaint.partition(",")[0] for complaint in complaints] == [
        "getUnreadCount here expired: answered 200"
    ]


async def test_a_forgotten_protection_order_is_reported(matrix: Matrix) -> None:
    view = await fetch_one("SELECT pg_get_viewdef('family_ties') AS text")
    assert view is not None and "NOT g.restricted" in view["text"]
    lax = view["text"].replace("NOT g.restricted", "true")
    async with undone():
        await execute(f"CREATE OR REPLACE VIEW family_ties AS {lax}")
        complaints = await matrix.complaints("getFeed")
    assert [complaint.partition(": ")[0] for complaint in complaints] == [
        "getFeed here parent_restricted"
    ]
    assert await matrix.complaints("getFeed") == []


async def test_a_whole_telephone_number_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_schemas, "mask", lambda phone: phone)
    complaints = await matrix.complaints("getMe")
    assert len(complaints) == len(matrix.expectations.principals) - len(expecting.OUTSIDE)
    assert all("shows whole telephone numbers: ['+8619900" in c for c in complaints)


async def test_a_route_without_an_entry_is_missed_and_a_stale_entry_noticed(
    operations: dict[str, Operation],
) -> None:
    declared = expecting.read().operations()
    assert set(operations) - (declared - {"getNotice"}) == {"getNotice"}
    assert (declared | {"getEverything"}) - set(operations) == {"getEverything"}


async def test_every_tenant_has_rows_that_bear_its_canaries(matrix: Matrix) -> None:
    """Without this, an empty world would pass as a safe one."""
    for realm in ("A", "B", "A1", "A2", "B1", "AV", "BV"):
        assert await _rows_with(matrix, f"CANARY-{realm}_") > 0, realm
    for place in ("A1X", "A1Y", "A2X", "B1X"):
        for prefix in "VLGHSPQRWC":
            assert await _rows_with(matrix, f"CANARY-{prefix}{place}_") > 0, prefix + place
        for suffix in ("", "D", "P", "F", "J"):
            assert await _rows_with(matrix, f"CANARY-{place}{suffix}_") > 0, place + suffix


async def _rows_with(matrix: Matrix, canary: str) -> int:
    parts = [
        f"SELECT count(*) AS n FROM {table} t WHERE t::text LIKE $1"
        for table in await matrix.state.by_table()
    ]
    row = await fetch_one(
        f"SELECT sum(n)::int AS n FROM ({' UNION ALL '.join(parts)}) x", f"%{canary}%"
    )
    assert row is not None
    return int(row["n"])
