"""Asking every cell, and holding each answer to what is promised.

- The status is one that ``expectations/`` allows; no answer is a 5xx.
- What is not yours answers as what does not exist: the same bytes and headers.
- No canary of a realm the principal may not see stands in any body or header.
- A refused write, and a quiet one, leaves every table as it was.
- Every answer is one that the published contract knows.
- No answer has a member that looks like a secret; telephones are in lists for calling people.
"""

import io
import re
import secrets
import zipfile
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec

from tests import contract
from tests.authz.bodies import FIXED, body_of, row_of
from tests.authz.expecting import MIXED, Cell, Expectations
from tests.authz.routes import Operation
from tests.authz.state import State, undone
from tests.authz.world import World

CANARY = re.compile(r"CANARY-([A-Z0-9]+)")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TELEPHONE = re.compile(r"(?<!\w)(?:\+?86)?1[3-9]\d{9}(?!\w)")
SECRET = re.compile(
    r"password|passwd|hash|digest|seed|token|secret(?!ary)|fingerprint", re.IGNORECASE
)
MAY_TELL_SECRETS: dict[str, AbstractSet[str]] = {
    "signInWithCode": {"accessToken", "refreshToken"},
    "signInWithPassword": {"accessToken", "refreshToken"},
    "refreshSession": {"accessToken", "refreshToken"},
    "previewAudience": {"previewToken"},
    "getMe": {"hasPassword"},
    "getPreferences": {"digestAt", "digestCategories"},
    "setPreferences": {"digestAt", "digestCategories"},
    # Of a draw everything is published once it has been held, its secret included.
    "getDraw": {"entriesHash", "secret", "seed"},
    "announceDrawSource": {"entriesHash", "secret", "seed"},
    "holdDraw": {"entriesHash", "secret", "seed"},
    # What proves that a question, an electorate or a record is the one it was.
    **dict.fromkeys(
        (
            "draftVote", "getVote", "rewriteVote", "openVote", "closeVote", "annulVote",
            "settleTie", "certifyVote", "publishVote",
        ),
        frozenset({"electorateDigest", "questionDigest"}),
    ),
    **dict.fromkeys(
        (
            "getMinutes", "draftMinutes", "writeMinutesRemarks", "confirmMinutes",
            "objectToMinutes", "answerMinutesObjection", "correctMinutes", "submitMinutes",
            "fileMinutes", "returnMinutes", "enterDecision", "listDecisions",
            "getDecisionChain", "listMyDecisions", "completeDecision",
        ),
        frozenset({"digest"}),
    ),
}  # fmt: skip
MAY_TELL_TELEPHONES = {"getCallList", "getVolunteer", "listComing", "downloadExport"}
DOCUMENTATION = {"openapiJson", "openapiYaml", "docs", "docsAsset"}
ITS_OWN = {"x-request-id", "content-length", "date"}
"""Headers in which two refusals may differ; the length follows the path they repeat."""


@dataclass
class Matrix:
    """The application under test, with what it holds before anybody asks."""

    world: World
    operations: dict[str, Operation]
    expectations: Expectations
    state: State
    client: httpx.AsyncClient
    base: str = ""
    asked: int = 0
    absent: dict[tuple[str, str], httpx.Response] = field(default_factory=dict)
    breaches: set[str] = field(default_factory=set)

    async def complaints(self, key: str) -> list[str]:
        """Ask all cells of one entry; returns a sentence for each that is not as promised."""
        name, _, variant = key.partition("/")
        operation = self.operations[name]
        several = sum(parameter not in FIXED for parameter in operation.parameters) > 1
        several = several and ":" not in variant
        self.base = self.base or await self.state.hash()
        cells = list(self.expectations.cells(key, several_ids=several))
        if operation.method != "GET" and await self._are_quiet(key, operation, variant, cells):
            return []
        self.breaches.clear()
        return [
            f"{key} {cell.place} {cell.principal}: {trouble}"
            for cell in cells
            for trouble in await self._ask(key, operation, variant, cell)
        ]

    async def _are_quiet(
        self, key: str, operation: Operation, variant: str, cells: list[Cell]
    ) -> bool:
        """Ask all cells of a writing entry in one transaction, which costs one look at all
        tables instead of one for each. Says whether nothing is to be complained of; what is,
        is found by asking each cell for itself.
        """
        self.breaches.clear()
        async with undone():
            for cell in cells:
                if await self._ask(key, operation, variant, cell, looks=False):
                    return False
            return await self.state.hash() == self.base

    async def _ask(
        self, key: str, operation: Operation, variant: str, cell: Cell, *, looks: bool = True
    ) -> list[str]:
        writes = operation.method != "GET"
        around: AbstractAsyncContextManager[None] = nullcontext()
        counts = self.expectations.entries[key].get("counts", False)
        if counts or (writes and cell.may_change):
            around = undone()
        async with around:
            response = await self.send(operation, variant, cell)
        self.asked += 1
        troubles = [*self._judge(key, operation, cell, response)]
        if looks and writes and (now := await self.state.hash()) != self.base:
            troubles.append("changed the database")
            self.base = now
        return troubles

    async def send(
        self,
        operation: Operation,
        variant: str,
        cell: Cell,
        more: dict[str, Any] | None = None,
        language: str = "zh",
    ) -> httpx.Response:
        """Send the request of one cell; ``more`` stands in for what it is usually sent."""
        first, others = self._rows(cell.place)
        variant, _, path_from = variant.partition(":")
        in_path = [first, others]
        if path_from:
            in_path = [self.world.places[path_from]] * 2
        path = operation.path
        for position, parameter in enumerate(operation.parameters):
            row = row_of(parameter, in_path[position > 0], variant)
            path = path.replace(f"{{{parameter}}}", row)
        headers = {"Accept-Language": language, **self.world.headers[cell.principal]}
        if operation.method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        if more is None:
            more = body_of(operation.name, self.world, others, variant)
        headers |= more.get("headers", {})
        response = await self.client.request(
            operation.method, f"http://house{path}", **(more | {"headers": headers})
        )
        response.extensions["asked"] = set(UUID.findall(f"{path} {more}"))
        return response

    def _rows(self, place: str) -> tuple[SimpleNamespace, SimpleNamespace]:
        places = self.world.places
        if place == MIXED:
            return places["own"], places["other_district"]
        rows = places["own" if place == "here" else place]
        return rows, rows

    def _judge(
        self, key: str, operation: Operation, cell: Cell, response: httpx.Response
    ) -> Iterator[str]:
        status = response.status_code
        if status not in cell.statuses:
            expected = "/".join(map(str, sorted(cell.statuses)))
            yield f"answered {status}, expected {expected}: {response.text[:160]}"
        if cell.place == "absent":
            self.absent[key, cell.principal] = response
        elif reference := self.absent.get((key, cell.principal)):
            refused_alike = status >= 400 and status == reference.status_code
            if (refused_alike or cell.is_blind) and anonymised(response) != anonymised(reference):
                yield f"differs from an absent row: {response.text[:160]}"
        text = everything_said(response)
        foreign = {
            realm
            for realm in CANARY.findall(text)
            if not self.expectations.may_see(key, cell.principal, realm)
        }
        if foreign:
            yield f"shows foreign canaries {sorted(foreign)}"
        try:
            contract.hold(response.request, response)
        except AssertionError as breach:
            # Once is enough: all principals get the same answers.
            sentence = UUID.sub("<id>", str(breach))[:200]
            if sentence not in self.breaches:
                self.breaches.add(sentence)
                yield f"is not in the contract: {sentence}"
        yield from leaks(operation.name, response, text)


def leaks(name: str, response: httpx.Response, text: str) -> Iterator[str]:
    """Yield what no answer of this operation may contain: secrets and telephones."""
    if "json" in response.headers.get("content-type", "") and response.content:
        known = MAY_TELL_SECRETS.get(name, set())
        members = set(_members(msgspec.json.decode(response.content)))
        secret = sorted(m for m in members if SECRET.search(m) and m not in known)
        if secret and name not in DOCUMENTATION:
            yield f"has members that look like secrets: {secret}"
    shown = sorted(set(TELEPHONE.findall(text)))
    if shown and name not in MAY_TELL_TELEPHONES | DOCUMENTATION:
        yield f"shows whole telephone numbers: {shown}"


def anonymised(response: httpx.Response) -> tuple[object, ...]:
    """Return an answer without what must differ: request id, instance, the ids asked about."""
    text = response.content.decode("latin-1")
    for number in response.extensions["asked"]:
        text = text.replace(number, "<id>")
    body: object = text
    if "json" in response.headers.get("content-type", "") and text:
        body = msgspec.json.decode(text.encode("latin-1"))
        if isinstance(body, dict):
            body = {k: v for k, v in body.items() if k not in ("requestId", "instance")}
    headers = sorted(
        (name, value) for name, value in response.headers.multi_items() if name not in ITS_OWN
    )
    return response.status_code, body, headers


def everything_said(response: httpx.Response) -> str:
    """Return the headers and the body as text; a workbook's parts are unpacked."""
    content = response.content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
    return headers + "\n" + content.decode("utf-8", "replace")


def _members(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner)
