"""The documentation page: everything it shows comes from this process.

The document is assembled when somebody first asks for it, in a thread, and kept.
"""

import hashlib
import importlib.util
import re
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from backend.errors import NotFound
from backend.web.openapi.document import document
from backend.web.openapi.export import as_json, as_yaml
from backend.web.policy import Policy

ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
OPEN = {"policy": Policy.PUBLIC}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
PAGE = """\
<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>同行 Tongxing · 接口文档 API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
START = """\
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


class _Kept:
    """What was made from one application, once."""

    def __init__(self, make: Callable[[Litestar], bytes]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[bytes, str] | None = None

    def of(self, app: Litestar) -> tuple[bytes, str]:
        with self._lock:
            if self._made is None:
                body = self._make(app)
                self._made = body, f'"{hashlib.sha256(body).hexdigest()[:24]}"'
            return self._made


@cache
def _folder() -> Path:
    """Return the newest Swagger UI that the installed package carries."""
    spec = importlib.util.find_spec("swagger_ui_bundle")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the documentation page needs the package swagger-ui-bundle")
    vendor = Path(spec.submodule_search_locations[0]) / "vendor"
    return max(vendor.glob("swagger-ui-*"), key=lambda path: _numbers(path.name))


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


@cache
def _asset(name: str) -> bytes:
    if name == "start.js":
        return START.encode()
    return (_folder() / name).read_bytes()


def pages() -> list[HTTPRouteHandler]:
    """Return the handlers of the document, of ``/docs`` and of its assets."""
    as_text, as_data = _Kept(lambda app: as_yaml(document(app))), _Kept(_json)

    @get("/openapi.yaml", opt=OPEN, include_in_schema=False, sync_to_thread=True)
    def openapi_yaml(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _kept(request, as_text, "application/yaml; charset=utf-8")

    @get("/openapi.json", opt=OPEN, include_in_schema=False, sync_to_thread=True)
    def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _kept(request, as_data, "application/json")

    return [openapi_yaml, openapi_json, docs, docs_asset]


def _json(app: Litestar) -> bytes:
    return as_json(document(app))


def _kept(request: Request[Any, Any, Any], kept: _Kept, media_type: str) -> Response[bytes]:
    body, etag = kept.of(request.app)
    headers = {"etag": etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


@get("/docs", opt=OPEN, include_in_schema=False, sync_to_thread=False)
def docs() -> Response[str]:
    """The interactive documentation; it asks no other host for anything."""
    return Response(
        PAGE,
        media_type="text/html",
        headers={
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        },
    )


@get("/docs/{name:str}", opt=OPEN, include_in_schema=False, sync_to_thread=True)
def docs_asset(name: FromPath[str]) -> Response[bytes]:
    """One of the page's own files."""
    kind = "text/javascript" if name == "start.js" else ASSETS.get(name)
    if kind is None:
        raise NotFound
    return Response(
        _asset(name), media_type=kind, headers={"cache-control": "public, max-age=3600"}
    )
