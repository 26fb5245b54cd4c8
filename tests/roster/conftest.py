"""A school without anybody in it yet, and who runs it."""

import pytest

from backend.people.operations import ties
from backend.web.actor import Role
from seed.cast import Cast
from tests.house import SignIn
from tests.roster.office import OTHER_ADMIN, Office


@pytest.fixture
async def office(as_: SignIn, cast: Cast) -> Office:
    """The administrator of an empty school."""
    school = cast.schools["新圩"]
    await ties.appoint(cast.id(OTHER_ADMIN), Role.SCHOOL_ADMIN, school)
    return Office(await as_(OTHER_ADMIN), school.id)
