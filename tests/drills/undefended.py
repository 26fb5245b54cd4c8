"""The house without its door: what is served when nobody is ever refused for being late.

The negative control of the overload drill: ``python -m tests.drills.undefended PORT``.
"""

import sys

from litestar.types import ASGIApp

from backend import app, cli


def create_app() -> ASGIApp:
    """Return the application, its door left out."""
    app.Admission = lambda house: house  # type: ignore[assignment, misc]
    return app.create_app()


if __name__ == "__main__":
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "tests.drills.undefended:create_app",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        backlog=cli.BACKLOG,
        backpressure=cli.CONNECTIONS,
        http=HTTPModes.http1,
        workers_kill_timeout=3,
        log_level=LogLevels.warning,
    ).serve()
