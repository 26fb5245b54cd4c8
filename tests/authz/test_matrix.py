"""Every route, asked by every kind of principal, about rows of every kind of place."""

import pytest

from tests.authz import expecting
from tests.authz.matrix import Matrix
from tests.authz.routes import Operation

ENTRIES = sorted(key for key, entry in expecting.read().entries.items() if "socket" not in entry)


def test_every_route_has_an_entry_and_every_entry_a_route(
    operations: dict[str, Operation],
) -> None:
    assert set(operations) == expecting.read().operations()


@pytest.mark.parametrize("key", ENTRIES)
async def test_each_cell_answers_as_expected(matrix: Matrix, key: str) -> None:
    complaints = await matrix.complaints(key)
    assert not complaints, "\n".join(complaints)
