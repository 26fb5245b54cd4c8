"""The documentation page, served whole from this process."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from backend.web.guard import guard
from backend.web.openapi.pages import ASSETS, CONTENT_SECURITY_POLICY, _folder
from tests import contract


@pytest.fixture
async def reader(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=guard(app))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        yield client


async def test_the_document_is_served_as_it_is_committed(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/openapi.yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert answer.content == contract.DOCUMENT.read_bytes()
    assert (await reader.get("/openapi.json")).json() == contract.load(contract.DOCUMENT)


@pytest.mark.parametrize("path", ["/openapi.yaml", "/openapi.json"])
async def test_who_has_the_document_need_not_load_it_again(
    reader: httpx.AsyncClient, path: str
) -> None:
    etag = (await reader.get(path)).headers["etag"]
    again = await reader.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_page_and_its_parts_come_from_here_alone(reader: httpx.AsyncClient) -> None:
    page = await reader.get("/docs")
    assert page.status_code == 200
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(parts) == 4
    for part in parts:
        assert part.startswith("/docs/"), part
        answer = await reader.get(part)
        assert answer.status_code == 200, part
        assert answer.content, part
    start = (await reader.get("/docs/start.js")).text
    assert "//" not in start
    assert 'url: "/openapi.json"' in start
    assert "validatorUrl: null" in start


async def test_the_browser_is_told_to_ask_no_other_host(reader: httpx.AsyncClient) -> None:
    page = await reader.get("/docs")
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "<script>" not in page.text
    assert "style=" not in page.text


async def test_nothing_else_of_the_package_is_served(reader: httpx.AsyncClient) -> None:
    for name in ("index.html", "oauth2-redirect.html", "..%2F..%2F__init__.py", "swagger-ui.js"):
        answer = await reader.get(f"/docs/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), name
    assert set(ASSETS) <= {path.name for path in _folder().iterdir()}


@pytest.mark.parametrize(
    "path", ["/schema", "/schema/openapi.json", "/schema/swagger", "/schema/redoc"]
)
async def test_the_frameworks_own_pages_do_not_exist(reader: httpx.AsyncClient, path: str) -> None:
    assert (await reader.get(path)).status_code == 404


def test_the_page_understands_openapi_three_one() -> None:
    """Swagger UI reads OpenAPI 3.1 from its fifth version on."""
    version = _folder().name.removeprefix("swagger-ui-")
    assert int(version.split(".")[0]) >= 5, version
