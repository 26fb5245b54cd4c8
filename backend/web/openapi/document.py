"""The published document, assembled from the application itself."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from backend.errors import Refusal
from backend.web.cursors import BadCursor
from backend.web.idempotency import KeyInFlight, KeyNeeded, KeyReused
from backend.web.openapi import refusing, words
from backend.web.openapi.examples import example
from backend.web.openapi.schemas import Schema, describe
from backend.web.policy import Policy
from backend.web.problems import Problem, RefusalSpec

METHODS = ("get", "put", "post", "delete", "head")
WITHOUT_BODY = {"204", "304", "416"}
IMPLIED: dict[str, tuple[type[Refusal], ...]] = {
    "cursor": (BadCursor,),
    "Idempotency-Key": (KeyNeeded, KeyReused, KeyInFlight),
}
"""Refusals that come with a parameter, whichever handler takes it."""


class Door(msgspec.Struct):
    """One operation as the framework knows it, with the types on its two sides."""

    path: str
    method: str
    handler: HTTPRouteHandler
    operation: dict[str, Any]
    body: Any = None
    answer: Any = None
    parameters: dict[str, Any] = {}


def document(app: Litestar) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of ``app``; equal on every run."""
    skeleton = app.openapi_schema
    # The framework's own components are of no use to us, and half of the work.
    found = {path: item.to_schema() for path, item in (skeleton.paths or {}).items()}
    doors = sorted(_doors(app, found), key=lambda door: (door.path, METHODS.index(door.method)))
    types = [kind for door in doors for kind in (door.body, door.answer) if kind is not None]
    types += [kind for door in doors for kind in door.parameters.values()]
    # Most parameters are one of a few kinds, and comparing those costs more than telling them.
    distinct = {id(kind): kind for kind in types}
    inline, components = describe([Problem, *distinct.values()])
    schemas = dict(zip(distinct, inline[1:], strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        operation = _operation(door, schemas, components)
        paths.setdefault(door.path, {})[door.method] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": skeleton.info.title,
            "version": skeleton.info.version,
            "description": words.INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": _tags(paths),
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": refusing.shared_responses(),
            "headers": {
                "ETag": {"description": words.ETAG, "schema": {"type": "string"}},
                "RetryAfter": {
                    "description": words.RETRY_AFTER,
                    "schema": {"type": "integer", "minimum": 1},
                },
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": words.SECURITY}
            },
        },
    }


def _doors(app: Litestar, paths: dict[str, Any]) -> Iterator[Door]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            operation = paths.get(route.path_format, {}).get(method.lower())
            if operation is None:
                continue
            signatures = [
                handler.parsed_fn_signature,
                *(one.parsed_fn_signature for one in handler.resolve_dependencies().values()),
            ]
            known = {
                getattr(field.kwarg_definition, "name", None) or name: field
                for signature in signatures
                for name, field in signature.parameters.items()
            }
            wanted = [parameter["name"] for parameter in operation.get("parameters", [])]
            yield Door(
                path=route.path_format,
                method=method.lower(),
                handler=handler,
                operation=operation,
                body=known["data"].annotation if "data" in known else None,
                answer=_answer(handler.parsed_return_field),
                parameters={name: known[name].raw for name in wanted if name in known},
            )


def _answer(field: FieldDefinition) -> Any:
    """Return the Struct a handler answers with, whether bare or inside a ``Response``."""
    kind = field.annotation
    if field.origin is not None and field.is_subclass_of(Response):
        kind = field.inner_types[0].annotation
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def _operation(
    door: Door, schemas: dict[int, Schema], components: dict[str, Schema]
) -> dict[str, Any]:
    policy: Policy = door.handler.opt["policy"]
    raw = door.operation
    tag = (raw.get("tags") or [""])[0]
    made: dict[str, Any] = {
        "operationId": raw["operationId"],
        "tags": [words.TAGS[tag][0] if tag in words.TAGS else tag],
        "summary": raw["summary"],
    }
    if raw.get("description"):
        made["description"] = raw["description"].replace("``", "`")
    made["x-policy"] = policy.value
    if policy in (Policy.PUBLIC, Policy.SIGNED_LINK):
        made["security"] = []
    parameters = [_parameter(p, door, schemas, components) for p in raw.get("parameters", [])]
    if "304" in raw["responses"]:
        parameters.append(_text_header("If-None-Match"))
    if parameters:
        places = ["path", "query", "header"]
        made["parameters"] = sorted(
            parameters, key=lambda p: (places.index(p["in"]), p["name"] not in door.path, p["name"])
        )
    if door.body is not None:
        [media_type] = raw["requestBody"]["content"]
        content = _content(schemas[id(door.body)], components)
        made["requestBody"] = {"required": True, "content": {media_type: content}}
    elif door.handler.opt.get("raw_body"):
        binary = {"schema": {"type": "string", "format": "binary"}}
        made["requestBody"] = {"required": True, "content": {"application/octet-stream": binary}}
    made["responses"] = _responses(door, policy, schemas, components)
    return made


def _parameter(
    raw: dict[str, Any], door: Door, schemas: dict[int, Schema], components: dict[str, Schema]
) -> dict[str, Any]:
    name = raw["name"]
    if name == "Idempotency-Key":
        return {**_text_header(name), "required": True}
    kind = door.parameters.get(name)
    schema = dict(schemas[id(kind)] if kind is not None else raw["schema"])
    if raw["in"] != "path":
        schema = _without_null(schema)
    if "default" in raw["schema"]:
        schema["default"] = raw["schema"]["default"]
    made = {"name": name, "in": raw["in"], "required": bool(raw["required"])}
    if name in words.PARAMETERS:
        made["description"] = words.PARAMETERS[name]
    camel = re.sub(r"_(\w)", lambda match: match.group(1).upper(), name)
    return {**made, "schema": schema, "example": example(schema, components, camel)}


def _without_null(schema: Schema) -> Schema:
    """A query has no way to say null: a parameter is there or it is not."""
    if isinstance(schema.get("type"), list):
        [schema["type"]] = [kind for kind in schema["type"] if kind != "null"]
    options = [option for option in schema.get("oneOf", []) if option != {"type": "null"}]
    return options[0] if len(options) == 1 else schema


def _text_header(name: str) -> dict[str, Any]:
    schema: Schema = {"type": "string"}
    if name == "Idempotency-Key":
        schema |= {"minLength": 8, "maxLength": 80}
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": words.PARAMETERS[name],
        "schema": schema,
        "example": example(schema, {}, name),
    }


def _content(schema: Schema, components: dict[str, Schema]) -> dict[str, Any]:
    return {"schema": schema, "example": example(schema, components)}


def _responses(
    door: Door, policy: Policy, schemas: dict[int, Schema], components: dict[str, Schema]
) -> dict[str, Any]:
    declared = door.handler.responses or {}
    made: dict[str, dict[str, Any]] = {}
    for status, raw in door.operation["responses"].items():
        if isinstance(declared.get(int(status)), RefusalSpec) or status == "400":
            continue
        response: dict[str, Any] = {"description": _said(int(status), raw, declared)}
        made[status] = response
        if "304" in door.operation["responses"] and status == "200":
            response["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
        if status in WITHOUT_BODY or door.method == "head":
            continue
        if door.answer is not None and int(status) == door.handler.status_code:
            content = _content(schemas[id(door.answer)], components)
            response["content"] = {"application/json": content}
        elif "content" in raw:
            binary = {"schema": {"type": "string", "format": "binary"}}
            response["content"] = dict.fromkeys(raw["content"], binary)
    refused = refusing.expected(
        policy,
        writes=door.method in ("put", "post", "delete"),
        has_path_ids="{" in door.path,
        under_v1=door.path.startswith("/v1"),
        may_be_off="function" in door.handler.opt,
    )
    own = {status: spec.kinds for status, spec in declared.items() if isinstance(spec, RefusalSpec)}
    for name, kinds in IMPLIED.items():
        if name in door.parameters:
            for kind in kinds:
                own[kind.status] = (*own.get(kind.status, ()), kind)
    for code in sorted(refused | set(own)):
        made[str(code)] = refusing.response(code, own.get(code, ()), shared=code in refused)
    return dict(sorted(made.items()))


def _said(status: int, raw: dict[str, Any], declared: Any) -> str:
    if status in declared:
        return str(raw["description"])
    return words.SUCCESS.get(status, str(raw["description"]))


def _tags(paths: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    used = {tag for item in paths.values() for made in item.values() for tag in made["tags"]}
    return [
        {"name": name, "description": said} for name, said in words.TAGS.values() if name in used
    ]
