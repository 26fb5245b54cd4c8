"""What has been discarded answers everybody as what never existed does."""

from typing import Any

import pytest

from tests.authz import expecting
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix, anonymised
from tests.authz.state import undone

REMOVE = {
    "discardColumnItem", "deleteGroup", "discardVote", "discardPanel",
    "discardCourse", "discardActivity", "discardNotice",
}  # fmt: skip
"""Operations that take a row away; all others end it and keep it."""


def _remover(key: str) -> Cell | None:
    """Return somebody who may take away the row in class A1X, if there is one at this stage."""
    cells = [cell for cell in expecting.read().cells(key) if cell.place == "own"]
    return next((cell for cell in cells if min(cell.statuses) < 300 and cell.may_change), None)


KEYS = sorted(
    key
    for key in expecting.read().entries
    if key.partition("/")[0] in REMOVE and _remover(key) is not None
)


async def differing(matrix: Matrix, key: str, *, removes: bool = True) -> tuple[int, list[str]]:
    """Remove a row and ask everybody about it; returns how many asked, and who hears more."""
    name, _, variant = key.partition("/")
    remove = matrix.operations[name]
    remover = _remover(key)
    assert remover is not None
    about = [
        operation
        for operation in matrix.operations.values()
        if operation.parameters == remove.parameters and operation.method in ("GET", "DELETE")
    ]
    asked, told = 0, []
    async with undone():
        if removes:
            answer = await matrix.send(remove, variant, remover)
            assert answer.status_code == 204, answer.text
        for operation in about:
            more: dict[str, Any] = {}
            for principal in matrix.expectations.principals:
                gone, never = [
                    await matrix.send(
                        operation, variant, Cell(principal, place, frozenset()), dict(more)
                    )
                    for place in ("own", "absent")
                ]
                asked += 1
                if anonymised(gone) != anonymised(never):
                    told.append(f"{operation.name} {principal}: {gone.status_code} {gone.text}")
    return asked, told


@pytest.mark.parametrize("key", KEYS)
async def test_what_was_discarded_is_as_what_never_was(matrix: Matrix, key: str) -> None:
    asked, told = await differing(matrix, key)
    assert asked >= len(matrix.expectations.principals)
    assert told == []


def test_every_kind_is_removed_somewhere() -> None:
    assert {key.partition("/")[0] for key in KEYS} == REMOVE


async def test_control_a_row_that_is_still_there_is_told_apart(matrix: Matrix) -> None:
    _, told = await differing(matrix, "discardNotice/draft", removes=False)
    assert told
