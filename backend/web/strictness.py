"""Taking requests literally: what the contract says is what is let in.

The framework converts what it is given with goodwill (``"1e3"`` for a number, ``0`` for
false) and forgets the bounds of query parameters. Here a body is decoded strictly, once,
into its Struct, and each query parameter must be one value that keeps its bounds.
"""

import re
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin
from uuid import UUID

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.params import QueryParameter

from backend.errors import NotFound
from backend.web.structs import check_text

UserT = TypeVar("UserT")
AuthT = TypeVar("AuthT")
StateT = TypeVar("StateT", bound=State)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_TRUTH = {"true": True, "false": False}


class LiteralRequest(Request[UserT, AuthT, StateT]):
    """A request whose JSON is decoded into its handler's Struct and nothing else."""

    async def json(self) -> Any:
        """Return the body as the Struct the handler takes. Raises ``ValidationException``."""
        field = self.route_handler.parsed_data_field
        if field is None:
            return await super().json()
        try:
            return msgspec.json.decode(await self.body(), type=field.annotation)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            raise _misfit("body", path.rstrip("`").lstrip("."), message) from None
        except msgspec.DecodeError as error:
            raise _misfit("body", "", str(error)) from None


async def parameters_fit(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard of the whole app: refuse a query that the contract does not allow."""
    if not isinstance(handler, HTTPRouteHandler):
        return
    # The framework also reads an id in braces or without hyphens; the contract has one form.
    ids = [str(value) for value in connection.path_params.values() if isinstance(value, UUID)]
    segments = connection.scope["path"].lower().split("/")
    if sum(segment in ids for segment in segments) < len(ids):
        raise NotFound
    for name, kind in _query_parameters(handler).items():
        values = connection.query_params.getall(name, [])
        if len(values) > 1:
            raise _misfit("query", name, "Given more than once")
        for value in values:
            try:
                check_text(name, value)
                _convert(value, kind)
            except (ValueError, msgspec.ValidationError) as error:
                raise _misfit("query", name, str(error)) from None


@cache
def _query_parameters(handler: HTTPRouteHandler) -> dict[str, Any]:
    """Return what the handler and its dependencies read from the query, with its type."""
    signatures = [
        handler.parsed_fn_signature,
        *(provide.parsed_fn_signature for provide in handler.resolve_dependencies().values()),
    ]
    return {
        field.kwarg_definition.name or name: _bounds_only(field.raw)
        for signature in signatures
        for name, field in signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    }


def _bounds_only(kind: Any) -> Any:
    """Return a type without what the framework notes on it.

    The decoder looks types up by their hash, and that of the framework's notes is slow
    enough to be a third of a short request.
    """
    if get_origin(kind) is not Annotated:
        return kind
    bare, *notes = get_args(kind)
    for bound in notes:
        if isinstance(bound, msgspec.Meta):
            bare = Annotated[bare, bound]
    return bare


def _convert(value: str, kind: Any) -> Any:
    """Read a text as what it is meant to be. Raises ``msgspec.ValidationError``."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        if _WHOLE_NUMBER.fullmatch(value):
            return msgspec.convert(int(value), kind)
        if value in _TRUTH:
            return msgspec.convert(_TRUTH[value], kind)
        raise


def _misfit(source: str, key: str, message: str) -> ValidationException:
    return ValidationException(
        detail=message, extra=[{"source": source, "key": key, "message": message}]
    )
