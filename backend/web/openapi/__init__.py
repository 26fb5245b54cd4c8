"""The published contract: generated, finished, and shown without any outside asset."""

from litestar import Litestar
from litestar.plugins import PluginProtocol

from backend.web.openapi.document import document
from backend.web.openapi.export import CONFIG, export
from backend.web.openapi.pages import pages

PLUGINS: list[PluginProtocol] = []

__all__ = ["CONFIG", "PLUGINS", "document", "export", "finish", "pages"]


def finish(app: Litestar) -> None:
    """Nothing is prepared at start-up: the document is assembled when first asked for."""
