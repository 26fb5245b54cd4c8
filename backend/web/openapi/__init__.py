"""The published contract: generated, finished, and shown without any outside asset."""

from litestar.plugins import PluginProtocol

from backend.web.openapi.document import document
from backend.web.openapi.export import CONFIG, export, finish
from backend.web.openapi.pages import pages

PLUGINS: list[PluginProtocol] = []

__all__ = ["CONFIG", "PLUGINS", "document", "export", "finish", "pages"]
