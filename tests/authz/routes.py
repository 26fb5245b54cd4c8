"""Every route of the application, and the name its expectations stand under."""

from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler


@dataclass(frozen=True)
class Operation:
    """One handler under one method; ``path`` has ``{name}`` for each parameter."""

    name: str
    method: str
    path: str
    parameters: tuple[str, ...]
    handler: Any


def operations_of(app: Litestar) -> dict[str, Operation]:
    """Return all operations by name: the contract's operation id, or the handler's name.

    The answers to OPTIONS that the framework makes by itself are left out.
    """
    found: dict[str, Operation] = {}
    for route in app.routes:
        path = route.path_format
        parameters = tuple(route.path_parameters)
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            methods = sorted(getattr(handler, "http_methods", {"SOCKET"}) - {"HEAD"})
            if methods == ["OPTIONS"]:
                continue
            name = name_of(handler)
            for method in methods:
                found[name] = Operation(name, method, path, parameters, handler)
    return found


def name_of(handler: Any) -> str:
    """Return the operation id, or the function's name in the same style."""
    declared = handler.operation_id if isinstance(handler, HTTPRouteHandler) else None
    if isinstance(declared, str):
        return declared
    first, *rest = str(handler.handler_name).split("_")
    return first + "".join(word.capitalize() for word in rest)
