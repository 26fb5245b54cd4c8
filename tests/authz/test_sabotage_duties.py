"""Negative controls of volunteering: with a defence broken on purpose, the matrix says so."""

from typing import Any

import pytest

from backend.volunteering.permissions import duties
from backend.volunteering.rules import logs, shifts
from backend.web.actor import Actor
from tests.authz.matrix import Matrix


def _yes(*_: Any) -> bool:
    return True


async def test_a_barred_guardian_who_keeps_their_duty_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await matrix.complaints("getDutyLog/running") == []
    monkeypatch.setattr(duties, "_belongs", _yes)
    complaints = await matrix.complaints("getDutyLog/running")
    assert "getDutyLog/running own parent_restricted: shows foreign canaries ['HA1X', 'LA1X']" in (
        complaints
    )


async def test_a_register_read_by_anybody_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Actor, "works_at", _yes)
    complaints = await matrix.complaints("getHazard/assigned")
    assert any(
        complaint.startswith("getHazard/assigned own parent_next_class: shows foreign canaries")
        and "'SA1X'" in complaint
        for complaint in complaints
    )
    # Its reporter learns how it stands, and now what the staff noted as well.
    assert "getHazard/assigned own parent: shows foreign canaries ['SA1X']" in complaints


async def test_words_of_guidance_that_the_office_reads_are_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await matrix.complaints("listDutyLogs/guidance") == []
    monkeypatch.setattr(logs, "may_read_remarks", _yes)
    assert await matrix.complaints("listDutyLogs/guidance") == [
        "listDutyLogs/guidance own admin: shows foreign canaries ['GA1X']",
        "listDutyLogs/guidance other_class admin: shows foreign canaries ['GA1Y']",
        "listDutyLogs/guidance other_school admin_other: shows foreign canaries ['GA2X']",
    ]


async def test_a_whole_name_on_a_shift_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shifts, "called", lambda name, _: name)
    complaints = await matrix.complaints("getShift")
    assert "getShift own chair: shows foreign canaries ['A1XF']" in complaints
    assert "getShift own parent: shows foreign canaries ['A1XK']" in complaints
