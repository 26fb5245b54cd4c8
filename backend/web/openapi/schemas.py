"""Component schemas, taken from the Structs that really decode and encode.

msgspec describes its own types more truly than the framework does: it keeps bounds
inside lists and unions, names the discriminator of tagged unions and tells a time from a
duration. What is left to do here is to say the same in the plainest OpenAPI 3.1.
"""

import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import msgspec
from litestar.datastructures import UploadFile
from msgspec.inspect import (
    DateTimeType,
    DictType,
    EnumType,
    StructType,
    Type,
    UnionType,
    multi_type_info,
)

from backend.web.openapi.labels import ENUMS
from backend.web.structs import Out

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/"


def describe(types: Iterable[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """Return one schema for each of ``types`` and the named schemas they refer to.

    Members of every :class:`Out` are required, for responses always carry all of them.
    Raises ``TypeError`` when two types share a name, for clients know no modules.
    """
    types = list(types)
    reached = list(_walk(multi_type_info(types)))
    _require_names(reached)
    inline, named = msgspec.json.schema_components(
        types, schema_hook=_custom, ref_template=REFERENCE + "{name}"
    )
    components = {name: _tidy(schema) for name, schema in named.items()}
    for info in reached:
        if isinstance(info, StructType):
            _finish_struct(components[info.cls.__name__], info)
        elif isinstance(info, EnumType):
            components[info.cls.__name__] = _enumeration(info.cls)
    return [_tidy(schema) for schema in inline], dict(sorted(components.items()))


def _custom(kind: type) -> Schema:
    if issubclass(kind, UploadFile):
        return {"type": "string", "format": "binary"}
    raise NotImplementedError(f"{kind} has no schema")


def _walk(found: Iterable[Type]) -> Iterator[Type]:
    """Yield every type reachable from ``found``, structs once."""
    waiting: list[Any] = list(found)
    seen: set[type] = set()
    while waiting:
        info = waiting.pop()
        if isinstance(info, tuple):
            waiting.extend(info)
        elif isinstance(info, StructType):
            if info.cls not in seen:
                seen.add(info.cls)
                waiting.extend(field.type for field in info.fields)
                yield info
        elif isinstance(info, Type):
            waiting.extend(getattr(info, name) for name in info.__struct_fields__)
            yield info


def _require_names(reached: Iterable[Type]) -> None:
    named: dict[str, type] = {}
    for info in reached:
        if isinstance(info, StructType | EnumType):
            other = named.setdefault(info.cls.__name__, info.cls)
            if other is not info.cls:
                raise TypeError(
                    f"{info.cls.__module__} and {other.__module__} both name a part of the "
                    f"contract {info.cls.__name__}; rename one"
                )


def _finish_struct(schema: Schema, info: StructType) -> None:
    properties: dict[str, Schema] = schema["properties"]
    if info.tag_field is not None:
        properties[info.tag_field] = {"type": "string", "const": info.tag}
    for field in info.fields:
        keys = field.type.key_type if isinstance(field.type, DictType) else None
        if isinstance(keys, EnumType):
            properties[field.encode_name]["propertyNames"] = {"$ref": REFERENCE + keys.cls.__name__}
        options = field.type.types if isinstance(field.type, UnionType) else (field.type,)
        if any(isinstance(option, DateTimeType) for option in options):
            # Moments always leave with their offset, whether or not the Struct insists.
            properties[field.encode_name]["format"] = "date-time"
    if issubclass(info.cls, Out):
        schema["required"] = list(properties)
        for member in properties.values():
            member.pop("default", None)
    for member in properties.values():
        if "default" in member and member["default"] is None:
            # Left out and null mean the same; that it may be left out says it all.
            del member["default"]
    if not schema.get("required"):
        schema.pop("required", None)


def _enumeration(kind: type[Enum]) -> Schema:
    """Return an enum that carries its labels and nothing of whoever used it first."""
    labels = ENUMS.get(kind.__name__, {})
    values = [str(member.value) for member in kind]
    said = [labels.get(value, value) for value in values]
    return {
        "type": "string",
        "description": "\n".join(
            f"- `{value}` {label}" for value, label in zip(values, said, strict=True)
        ),
        "enum": values,
        "x-enum-varnames": [value.upper().replace("-", "_") for value in values],
        "x-enum-descriptions": said,
    }


def _tidy(node: Any) -> Any:
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    members = node.get("properties", {})
    tidy = {key: _tidy(value) for key, value in node.items() if key != "properties"}
    if members:
        # The names in here are ours; only their schemas are the schema language's.
        tidy["properties"] = {name: _tidy(schema) for name, schema in members.items()}
    tidy.pop("title", None)
    if "description" in tidy:
        tidy["description"] = inspect.cleandoc(tidy["description"]).replace("``", "`")
    if tidy.get("format") == "partial-time":
        tidy["format"] = "time-local"
    if "enum" in tidy and "type" not in tidy:
        tidy["type"] = "string"
    if "anyOf" in tidy:
        tidy = _union(tidy)
    return tidy


def _union(schema: Schema) -> Schema:
    """Say "or null" with a list of types; other unions are exclusive."""
    options = schema.pop("anyOf")
    nothing: Schema = {"type": "null"}
    if nothing not in options:
        return {**schema, "oneOf": options}
    options = [option for option in options if option != nothing]
    if len(options) > 1:
        return {**schema, "oneOf": [*options, nothing]}
    [only] = options
    if "$ref" in only:
        return {**schema, "oneOf": [only, nothing]}
    kinds = only["type"] if isinstance(only["type"], list) else [only["type"]]
    merged = {**only, **schema, "type": [*kinds, "null"]}
    if "enum" in merged:
        merged["enum"] = [*merged["enum"], None]
    return merged
