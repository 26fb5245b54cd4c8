"""An API process that believes its replicas without asking how far they have come.

``python -m tests.drills.unchecked`` with the settings of ``tongxing serve``.
"""

from granian.constants import Interfaces
from granian.server import Server

from backend import replicas, settings
from backend.app import create_app as create_app


async def _believe(_replica: replicas.Replica, _place: int, _cluster: str) -> None:
    """Take any replica for one that has caught up."""


replicas.Replica.catch_up = _believe  # type: ignore[method-assign]

if __name__ == "__main__":
    Server(
        "tests.drills.unchecked:create_app",
        factory=True,
        address="127.0.0.1",
        port=settings.load().port,
        interface=Interfaces.ASGI,
    ).serve()
