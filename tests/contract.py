"""The hook that holds every response a test sees to the committed document.

``hold(request, response)`` raises ``AssertionError`` when the operation, the status, the
media type, the machine code or the body is not what ``openapi/openapi.yaml`` says.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import yaml

DOCUMENT = Path(__file__).parent.parent / "openapi" / "openapi.yaml"
PROBLEM = "application/problem+json"
UNDOCUMENTED = re.compile(r"/docs(/.*)?|/openapi\.(json|yaml)|/verify/[^/]*")
"""Pages for people, which a client has no business with."""
STALE = "if the routes are right, run `tongxing openapi export` and note it in openapi/CHANGES.md"
UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"


@dataclass
class Contract:
    """One document with its validators, compiled when first needed."""

    document: dict[str, Any]
    paths: list[tuple[re.Pattern[str], dict[str, Any]]] = field(init=False)
    validators: dict[tuple[str, bool], Any] = field(default_factory=dict)
    closed: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        found = self.document["paths"]
        # Literal paths are tried before those with parameters.
        self.paths = [
            (_pattern(path, found[path]), found[path]) for path in sorted(found, key=_open)
        ]
        schemas = self.document["components"]["schemas"]
        self.closed = {name: _closed(schema) for name, schema in schemas.items()}

    def hold(self, request: httpx.Request, response: httpx.Response) -> None:
        """Raise ``AssertionError`` unless ``response`` is one the document promises."""
        path = request.url.path
        method = _method(request)
        said = f"{method.upper()} {path} answered {response.status_code}"
        assert response.headers.get("x-request-id"), f"{said} without a request id"
        if UNDOCUMENTED.fullmatch(path):
            return
        assert response.status_code != 500, f"{said}: {response.text}"
        item = next((item for pattern, item in self.paths if pattern.fullmatch(path)), None)
        if item is None:
            refused = response.status_code in (400, 404, 413, 415)
            assert refused, f"{said}; the path is unknown: {STALE}"
            self._is_problem(said, response, None)
            return
        operation = item.get(method)
        if operation is None:
            assert response.status_code in (204, 400, 405), f"{said}; no such method: {STALE}"
            if response.status_code != 204:
                self._is_problem(said, response, None)
            return
        described = self._resolved(operation["responses"].get(str(response.status_code)))
        assert described is not None, f"{said} ({_code(response)}), which is undeclared: {STALE}"
        self._body(said, method, described, response)
        if response.is_success:
            self._request(said, operation, request)

    def _body(
        self, said: str, method: str, described: dict[str, Any], response: httpx.Response
    ) -> None:
        content = described.get("content")
        if content is None or method == "head":
            assert response.content == b"", f"{said} with an undeclared body"
            return
        kind = response.headers.get("content-type", "").split(";")[0]
        if PROBLEM in content:
            self._is_problem(said, response, described["x-codes"])
        elif "*/*" not in content:
            assert kind in content, f"{said} as {kind}, declared are {', '.join(content)}"
            if kind == "application/json":
                self._check(said, content[kind]["schema"], response.content, closed=True)

    def _is_problem(self, said: str, response: httpx.Response, codes: list[str] | None) -> None:
        kind = response.headers.get("content-type", "")
        assert kind == PROBLEM, f"{said} as {kind}, not as a problem: {response.text[:200]}"
        schema = {"$ref": "#/components/schemas/Problem"}
        self._check(said, schema, response.content, closed=True)
        body = response.json()
        assert body["status"] == response.status_code, f"{said} but says {body['status']}"
        assert body["requestId"] == response.headers["x-request-id"], said
        assert response.headers.get("content-language") in ("zh-CN", "en"), said
        if response.status_code in (429, 503):
            assert int(response.headers.get("retry-after", "0")) > 0, f"{said} without Retry-After"
        if codes is not None:
            assert body["code"] in codes, f"{said} with the undeclared code {body['code']}: {STALE}"

    def _request(self, said: str, operation: dict[str, Any], request: httpx.Request) -> None:
        """What was accepted must have been allowed: the document is not too strict either."""
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content and request.content:
            schema = content["application/json"]["schema"]
            self._check(f"{said} to this body", schema, request.content, closed=False)

    def _check(self, said: str, schema: dict[str, Any], body: bytes, *, closed: bool) -> None:
        key = (repr(schema), closed)
        if key not in self.validators:
            schemas = self.closed if closed else self.document["components"]["schemas"]
            self.validators[key] = jsonschema_rs.Draft202012Validator(
                {**schema, "components": {"schemas": schemas}}, validate_formats=True
            )
        error = next(self.validators[key].iter_errors(_decoded(body)), None)
        assert error is None, f"{said}, which does not fit the document: {error}"

    def _resolved(self, described: dict[str, Any] | None) -> dict[str, Any] | None:
        if described is not None and "$ref" in described:
            name = described["$ref"].removeprefix("#/components/responses/")
            shared: dict[str, Any] = self.document["components"]["responses"][name]
            return shared
        return described


def _decoded(body: bytes) -> Any:
    return httpx.Response(200, content=body).json()


def _code(response: httpx.Response) -> str:
    return str(response.json()["code"]) if response.headers.get("content-type") == PROBLEM else "-"


def _method(request: httpx.Request) -> str:
    override = request.headers.get("x-http-method-override", "").lower()
    if request.method == "POST" and override in ("put", "delete"):
        return override
    return request.method.lower()


def _open(path: str) -> tuple[int, str]:
    return path.count("{"), path


def _pattern(path: str, item: dict[str, Any]) -> re.Pattern[str]:
    ids = {
        parameter["name"]
        for operation in item.values()
        for parameter in operation.get("parameters", [])
        if parameter["schema"].get("format") == "uuid"
    }
    parts = re.split(r"\{(\w+)\}", path)
    kinds = [UUID if name in ids else r"[^/]+" for name in parts[1::2]]
    literals = [re.escape(part) for part in parts[0::2]]
    return re.compile("".join(a + b for a, b in zip(literals, [*kinds, ""], strict=True)))


def _closed(schema: Any) -> Any:
    """Forbid members that the document does not name."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


@cache
def committed() -> Contract:
    """Return the contract that is in the repository."""
    return Contract(load(DOCUMENT))


def load(path: Path) -> dict[str, Any]:
    """Return the document at ``path``."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(path.read_bytes(), Loader=loader)
    return document


def hold(request: httpx.Request, response: httpx.Response) -> None:
    """Hold one response to the committed document."""
    committed().hold(request, response)
