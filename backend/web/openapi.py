"""The published contract: generated, finished, and shown without any outside asset."""

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

CONFIG = OpenAPIConfig(title="同行 Tongxing", version="0.1.0", create_examples=False)
PLUGINS: list[object] = []


def pages() -> list[HTTPRouteHandler]:
    return []


def finish(app: Litestar) -> None:
    return None
