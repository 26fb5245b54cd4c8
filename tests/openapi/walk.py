"""Finding one's way in an OpenAPI document."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

Document = dict[str, Any]


def operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``METHOD /path`` and the operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield ``request`` or the status, the media type and the content of an operation."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "request", kind, content
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            yield status, kind, content


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping inside ``value``, itself first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def reached(document: Document, start: Any) -> set[str]:
    """Return the names of all component schemas that ``start`` leads to."""
    names: set[str] = set()
    waiting = [start]
    while waiting:
        for node in nodes(waiting.pop()):
            name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
            if "$ref" in node and name in document["components"]["schemas"] and name not in names:
                names.add(name)
                waiting.append(document["components"]["schemas"][name])
    return names


def misfit(document: Document, schema: dict[str, Any], instance: Any) -> str | None:
    """Say why ``instance`` does not fit ``schema``, or ``None``."""
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": document["components"]}, validate_formats=True
    )
    error = next(validator.iter_errors(instance), None)
    return None if error is None else str(error)
