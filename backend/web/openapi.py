"""The published contract: generated, finished, and shown without any outside asset."""

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.plugins import PluginProtocol

from backend.web.policy import Policy

CONFIG = OpenAPIConfig(
    title="同行 Tongxing",
    version="0.1.0",
    create_examples=False,
    openapi_router=Router(path="/schema", route_handlers=[], opt={"policy": Policy.PUBLIC}),
)
PLUGINS: list[PluginProtocol] = []


def pages() -> list[HTTPRouteHandler]:
    return []


def finish(app: Litestar) -> None:
    return None
