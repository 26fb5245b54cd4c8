"""Every route, asked by every kind of principal, about rows of every kind of place."""

import re
from collections import defaultdict

import pytest
from litestar import Litestar

from tests.authz import expecting
from tests.authz.matrix import Matrix, everything_said
from tests.authz.routes import Operation

ENTRIES = sorted(key for key, entry in expecting.read().entries.items() if "socket" not in entry)


def test_every_route_has_an_entry_and_every_entry_a_route(
    operations: dict[str, Operation],
) -> None:
    assert set(operations) == expecting.read().operations()


def test_every_operation_lets_somebody_in_and_keeps_somebody_out() -> None:
    """An entry in which everybody fails, or nobody does, would prove nothing."""
    expected = expecting.read()
    statuses: dict[str, set[bool]] = defaultdict(set)
    for key in ENTRIES:
        for cell in expected.cells(key):
            statuses[key.partition("/")[0]].add(min(cell.statuses) < 300)
    open_to_all = {name for name, kinds in statuses.items() if kinds == {True}}
    closed_to_all = {name for name, kinds in statuses.items() if kinds == {False}}
    assert open_to_all == {
        "requestSignInCode", "getPrivacyNotice", "getLiveness", "getReadiness", "openapiYaml",
        "openapiJson", "docs", "docsAsset", "getSigningKey", "listDistricts",
    }  # fmt: skip
    # Coming in is told by the tests of people; here only made-up secrets are tried.
    assert closed_to_all == {"signInWithCode", "signInWithPassword", "refreshSession"}


async def test_asking_what_a_route_takes_shows_no_rows(
    matrix: Matrix, application: Litestar
) -> None:
    paths = {route.path_format for route in application.routes}
    for path in sorted(paths):
        filled = re.sub(r"\{[^}]+\}", str(matrix.world.places["own"].school_id), path)
        for headers in (matrix.world.headers["anonymous"], matrix.world.headers["admin"]):
            answer = await matrix.client.options(f"http://house{filled}", headers=headers)
            assert answer.status_code < 500, path
            assert "CANARY" not in everything_said(answer), path


@pytest.mark.parametrize("key", ENTRIES)
async def test_each_cell_answers_as_expected(matrix: Matrix, key: str) -> None:
    complaints = await matrix.complaints(key)
    assert not complaints, "\n".join(complaints)
