"""Asking any operation as somebody who may, with whatever body, path, query or headers."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from tests import contract
from tests.authz import expecting
from tests.authz.bodies import body_of, row_of
from tests.authz.routes import Operation
from tests.authz.world import World

PREFERRED = ("class_teacher", "admin", "officer", "parent")
"""Who asks, of those who may."""


@dataclass(frozen=True)
class Request:
    """One good request: who sends it, where, with what, and how it may be answered."""

    name: str
    method: str
    path: str
    url: str
    headers: dict[str, str]
    sent: dict[str, Any]
    statuses: frozenset[int]


@cache
def entries() -> dict[str, tuple[str, expecting.Cell]]:
    """Return, for each operation over HTTP, an entry and a cell that is let through."""
    expectations = expecting.read()
    found: dict[str, tuple[str, expecting.Cell]] = {}
    settled: set[str] = set()
    for key, entry in expectations.entries.items():
        name, _, _ = key.partition("/")
        if "socket" in entry:
            continue
        cells = [c for c in expectations.cells(key) if c.place in ("here", "own")]
        allowed = [c for c in cells if c.principal not in expecting.OUTSIDE and _passes(c)]
        # The first entry that lets somebody in who belongs here; else the first there is.
        if name in found and (name in settled or not allowed):
            continue
        settled |= {name} if allowed else set()
        asked = allowed or [c for c in cells if _passes(c)] or cells
        by_name = {cell.principal: cell for cell in asked}
        best = next((name for name in PREFERRED if name in by_name), asked[0].principal)
        found[name] = (key, by_name[best])
    return found


def _passes(cell: expecting.Cell) -> bool:
    return any(status < 300 for status in cell.statuses)


@dataclass
class Asker:
    """Sends good requests and their evil twins, each held to the published contract."""

    client: httpx.AsyncClient
    world: World
    operations: dict[str, Operation]

    def good(self, name: str) -> Request:
        """Return the request that the operation is meant for."""
        key, cell = entries()[name]
        operation = self.operations[name]
        variant = key.partition("/")[2]
        rows = self.world.places["own"]
        url = operation.path
        for parameter in operation.parameters:
            url = url.replace(f"{{{parameter}}}", row_of(parameter, rows, variant))
        return Request(
            name=name,
            method=operation.method,
            path=operation.path,
            url=url,
            headers=dict(self.world.headers[cell.principal]),
            sent=body_of(name, self.world, rows, variant),
            statuses=cell.statuses,
        )

    async def send(
        self,
        request: Request,
        *,
        method: str | None = None,
        url: str | None = None,
        headers: Mapping[str, str | bytes] | None = None,
        hold: bool = True,
        **sent: Any,
    ) -> httpx.Response:
        """Send ``request`` with whatever is named in its place."""
        merged: dict[str, Any] = {**request.headers, **(headers or {})}
        if request.method == "POST":
            merged.setdefault("Idempotency-Key", secrets.token_hex(8))
        response = await self.client.request(
            method or request.method, url or request.url, headers=merged, **sent
        )
        if hold:
            contract.hold(response.request, response)
        return response
