"""Examples: one believable instance of any schema, the same on every run.

A member's value is its component's own entry in ``specimens`` if there is one; otherwise
the first that fits of its name's entry there, the examples its room wrote, and its type.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from backend.web.openapi.schemas import REFERENCE, Schema
from backend.web.openapi.specimens import ALIASES, BY_NAME, BY_STRUCT, ID_OF, OMITTED

_ERA = 0x019A_B3C4_0000
_FORMATS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T01:30:00Z",
    "time-local": "21:30:00",
    "binary": "（文件内容）",
}
_KINDS: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}


def example(
    schema: Schema, components: Mapping[str, Schema], name: str = "", owner: str = ""
) -> Any:
    """Return an instance of ``schema``, which is called ``name`` inside ``owner``."""
    if name in BY_STRUCT.get(owner, {}):
        return BY_STRUCT[owner][name]
    if "$ref" in schema:
        target = schema["$ref"].removeprefix(REFERENCE)
        if "enum" not in components[target]:
            return _instance(components[target], components, target)
        return _scalar(components[target], name)
    if "oneOf" in schema:
        return example(schema["oneOf"][0], components, name, owner)
    for candidate in _written(schema, name):
        if fits(schema, candidate):
            return candidate
    if kind_of(schema) == "array":
        return _several(schema, components, name, owner)
    if kind_of(schema) == "object":
        return _mapping(schema, components, name)
    return _scalar(schema, name)


def identifier(name: str) -> str:
    """Return the id that everything called ``name`` has in every example."""
    drawn = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:tongxing:example:{name}").int
    moment = (_ERA + drawn % 0xFFFF) << 80
    rest = drawn & ((1 << 62) - 1)
    return str(uuid.UUID(int=moment | 0x7 << 76 | (drawn >> 64 & 0xFFF) << 64 | 1 << 63 | rest))


def fits(schema: Schema, value: Any) -> bool:
    """Say whether a scalar or list keeps the schema's own bounds (members are not looked at)."""
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if value is None:
        return "null" in kinds
    if not any(_is(value, kind) for kind in kinds):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            return False
        return not ("pattern" in schema and not re.search(schema["pattern"], value))
    if isinstance(value, list):
        return bool(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
    if isinstance(value, int | float):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        return bool(low <= value <= high)
    return True


def kind_of(schema: Schema) -> str:
    """Return the schema's type, of a nullable one the type that is not null."""
    kinds = schema.get("type", "object")
    return str(kinds[0] if isinstance(kinds, list) else kinds)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return kind in _KINDS and isinstance(value, _KINDS[kind])


def _instance(schema: Schema, components: Mapping[str, Schema], owner: str) -> dict[str, Any]:
    made = {}
    for name, member in schema["properties"].items():
        if name in OMITTED.get(owner, ()):
            continue
        called = ID_OF.get(owner, owner) if name == "id" else name
        made[name] = example(member, components, called, owner)
    return made


def _several(schema: Schema, components: Mapping[str, Schema], name: str, owner: str) -> list[Any]:
    items = schema.get("items", {})
    if "discriminator" in items:
        return [example(option, components) for option in items["oneOf"][:3]]
    return [example(items, components, name, owner)]


def _mapping(schema: Schema, components: Mapping[str, Schema], name: str) -> dict[str, Any]:
    keys = schema.get("propertyNames")
    if keys is None or "$ref" not in keys:
        return {}
    values = components[keys["$ref"].removeprefix(REFERENCE)]["enum"]
    return {key: example(schema["additionalProperties"], components, name) for key in values}


def _written(schema: Schema, name: str) -> Iterator[Any]:
    if "const" in schema:
        yield schema["const"]
    if name in BY_NAME:
        yield BY_NAME[name]
    yield from schema.get("examples", [])


def _scalar(schema: Schema, name: str) -> Any:
    for candidate in _written(schema, name):
        if fits(schema, candidate):
            return candidate
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "uuid":
        return identifier(ALIASES.get(name, name))
    kind = kind_of(schema)
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 0), min(3, schema.get("maximum", 3)))
    return _FORMATS.get(schema.get("format", ""), "示例")
