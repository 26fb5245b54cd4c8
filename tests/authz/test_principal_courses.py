"""A principal runs the parent school as an administrator does: the same cells, asked again."""

from dataclasses import replace

import pytest

from backend.database import execute
from tests.authz import expecting
from tests.authz.matrix import Matrix
from tests.authz.state import undone

ENTRIES = sorted(
    key
    for path in expecting.FOLDER.glob("courses*.yaml")
    for keys in expecting.yaml.safe_load(path.read_text("utf-8"))["operations"]
    for key in keys.split(", ")
)


def _only(whole: expecting.Expectations, principal: str) -> expecting.Expectations:
    """Return the expectations of one principal alone."""
    realms = whole.principals[principal]
    nobody: dict[str, list[str]] = {name: [] for name in whole.principals if name != principal}
    return replace(whole, principals={principal: realms}, groups={**whole.groups, **nobody})


@pytest.mark.parametrize(
    "keys", [ENTRIES[n :: len(ENTRIES) // 20] for n in range(len(ENTRIES) // 20)]
)
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
