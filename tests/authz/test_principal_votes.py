"""A principal runs committees and panels as an administrator does: the same cells, asked again."""

import pytest
import yaml

from backend.database import execute
from tests.authz import expecting
from tests.authz.matrix import Matrix
from tests.authz.state import undone
from tests.authz.test_principal_courses import _only

ENTRIES = sorted(
    key
    for name in ("votes", "votes_counted", "minutes", "panels")
    for keys in yaml.safe_load((expecting.FOLDER / f"{name}.yaml").read_text("utf-8"))["operations"]
    for key in keys.split(", ")
)
BATCHES = 8


@pytest.mark.parametrize("keys", [ENTRIES[n::BATCHES] for n in range(BATCHES)])
async def test_a_principal_is_answered_as_an_administrator_is(
    matrix: Matrix, keys: list[str]
) -> None:
    matrix.expectations = _only(matrix.expectations, "admin")
    complaints = []
    async with undone():
        changed = await execute(
            "UPDATE standings SET role = 'principal' WHERE person_id = $1",
            matrix.world.people["admin"],
        )
        assert changed == 1
        for key in keys:
            complaints += await matrix.complaints(key)
    assert matrix.asked > 3 * len(keys)
    assert complaints == [], "\n".join(complaints)
