"""The application without its database: enough for everything the document says."""

from typing import Any

import pytest
from litestar import Litestar

from backend.app import build
from backend.settings import Settings
from tests import contract


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """The house, put together but not opened."""
    return build(Settings(data_dir=tmp_path_factory.mktemp("files")), "postgresql://")


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The committed document."""
    return contract.load(contract.DOCUMENT)
