"""The same application without the guard at its door: what the guard is there for."""

from litestar.types import ASGIApp

from backend import logs
from backend import settings as configuration
from backend.app import build


def create_app() -> ASGIApp:
    """Return what :func:`backend.app.create_app` returns, but bare."""
    settings = configuration.load()
    logs.configure(settings.log_format, process="api")
    assert settings.database_url is not None
    return build(settings, settings.database_url)
