"""The city, planted once for each worker of the run."""

from collections.abc import Iterator

import pytest

from tests.conftest import Clone
from tests.scale.city import NAMES, City, found, running
from tests.setup.processes import free_ports


@pytest.fixture(scope="session")
async def built(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> City:
    """Two databases with a class in each; nothing runs yet."""
    dsns = {name: await clone(f"district_{name}") for name in NAMES}
    return found(tmp_path_factory.mktemp("city"), dsns, free_ports(3))


@pytest.fixture(scope="session")
def city(built: City) -> Iterator[City]:
    """Both installations, serving."""
    with running(built) as started:
        yield started
