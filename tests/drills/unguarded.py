"""The same application without the guard at its door, and blind to what the decoders throw."""

from typing import Any

from litestar import Request, Response
from litestar.types import ASGIApp

from backend import logs
from backend import settings as configuration
from backend.app import build
from backend.web import problems


def create_app() -> ASGIApp:
    """Return what :func:`backend.app.create_app` returns, but bare and blind."""
    settings = configuration.load()
    logs.configure(settings.log_format, process="api")
    assert settings.database_url is not None
    for kind, handler in problems.EXCEPTION_HANDLERS.items():
        if handler is problems.on_accident:
            problems.EXCEPTION_HANDLERS[kind] = _puzzled
    return build(settings, settings.database_url)


def _puzzled(request: Request[Any, Any, Any], _: Exception) -> Response[problems.Problem]:
    return problems.answer(request, problems.Accident())
