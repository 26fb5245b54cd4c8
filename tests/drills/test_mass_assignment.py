"""No route takes a member it does not name: neither a column of ours nor an odd one.

Each JSON write is made by somebody who may make it, with a body that would be accepted,
plus one member too many; and once more for every object inside the body. Writes without a
body have nothing to read members from.
"""

import copy
import random
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import httpx
import msgspec
from litestar import Litestar, post
from litestar.params import JSONBody
from tortoise import Tortoise

from backend.database import execute
from backend.web.problems import EXCEPTION_HANDLERS
from tests.authz import expecting
from tests.authz.bodies import BODIES, body_of
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.routes import Operation
from tests.authz.state import State, undone
from tests.authz.world import World
from tests.drills import LONG, dice, seen, size
from tests.web.asking import Asker, entries

NOT_JSON = {
    "uploadAttachment", "uploadRoster", "downloadAttachment", "searchNotices", "uploadDutyPhoto",
    "downloadExport", "getCourseCompletion", "listColumn", "listCourses", "sendPart",
    "listShifts", "listStationDays", "listHazards", "listShiftsAtRisk", "listBodies",
    "listSuggestions", "getQuorum",
}  # fmt: skip
"""Operations that are sent a form or a query instead."""
MAPS = ("functions", "answers")
"""Members whose own members are no names of ours: a key that is none of theirs is refused."""
ODD = (
    "isAdmin", "is_staff", "admin", "roles", "permissions", "standings", "owner", "userId",
    "tenant", "debug", "force", "__proto__", "constructor", "prototype", "__class__", "_id",
    "$set", "*", "", "id ", "ＩＤ", "state\u200b",
)  # fmt: skip


@cache
def columns() -> list[str]:
    """Return the name of every column of every model, as stored and as phones spell it."""
    assert Tortoise.apps is not None
    stored = {
        name
        for models in Tortoise.apps.values()
        for model in models.values()
        for name in model._meta.fields_map
    }
    return sorted(stored | {_camel(name) for name in stored})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _keys() -> list[str]:
    """Return one entry for each operation that is sent JSON, where somebody is let in."""
    expectations = expecting.read()
    first: dict[str, str] = {}
    for key in sorted(expectations.entries, key=lambda key: not _lets_in(expectations, key)):
        first.setdefault(key.partition("/")[0], key)
    return sorted(first[name] for name in BODIES if name not in NOT_JSON)


def _lets_in(expectations: expecting.Expectations, key: str) -> bool:
    return "socket" not in expectations.entries[key] and any(
        cell.may_change for cell in expectations.cells(key) if cell.place in ("own", "here")
    )


async def test_a_member_too_many_is_refused_and_changes_nothing(
    world: World, operations: dict[str, Operation], transport: httpx.ASGITransport
) -> None:
    """Each JSON write with each name of ours and each odd one; in the short lane with some."""
    chance, begun = dice("mass assignment"), time.monotonic()
    state = await State.read_catalogue()
    keys, asked, accepted = _keys(), 0, list[str]()
    async with httpx.AsyncClient(transport=transport) as client:
        matrix = Matrix(world, operations, expecting.read(), state, client)
        # The long lane outlives what a sign-in is good for.
        await execute("UPDATE sessions SET created_at = now() + interval '1 hour'")
        await execute("UPDATE access_tokens SET expires_at = now() + interval '1 hour'")
        before = await state.by_table()
        for key in keys:
            name, _, variant = key.partition("/")
            operation = operations[name]
            whole = body_of(name, world, world.places["own"], variant)["json"]
            known = {field.encode_name for field in msgspec.structs.fields(_struct(operation))}
            assert set(whole) <= known
            cell = _allowed(matrix, key)
            async with undone():
                plain = await matrix.send(operation, variant, cell)
            assert plain.status_code in cell.statuses, plain.text
            for member, body in _overposts(whole, _some(chance, known)):
                answer = await matrix.send(operation, variant, cell, {"json": body}, "en")
                asked += 1
                if not _is_refused_for(member, answer):
                    accepted.append(f"{key}: {member!r}: {answer.status_code} {answer.text[:120]}")
        after = await state.by_table()
    changed = sorted(table for table in after if after[table] != before[table])
    seen(
        "mass assignment", routes=len(keys), names=len(columns()) + len(ODD), asked=asked,
        accepted=len(accepted), tables_changed=len(changed),
        seconds=round(time.monotonic() - begun),
    )  # fmt: skip
    assert accepted == []
    assert changed == []
    assert asked >= size(1_500, 4_000)


async def test_a_form_with_a_part_too_many_is_refused(
    world: World, operations: dict[str, Operation], transport: httpx.ASGITransport
) -> None:
    tried = 0
    async with httpx.AsyncClient(transport=transport) as client:
        asker = Asker(client, world, operations)
        for name in sorted(NOT_JSON & entries().keys()):
            request = asker.good(name)
            if "files" not in request.sent:
                continue
            url = f"http://house{request.url}"
            for member in ("school_id", "isAdmin", "__proto__"):
                sent = {**request.sent, "data": {**request.sent.get("data", {}), member: "x"}}
                async with undone():
                    answer = await asker.send(request, url=url, hold=False, **sent)
                assert answer.status_code == 400, f"{name}: {member}: {answer.text}"
                tried += 1
    assert tried >= 6


def _some(chance: random.Random, known: set[str]) -> list[str]:
    """Return the names to try: all of them, or in the short lane a few of both kinds."""
    ours, odd = [name for name in columns() if name not in known], [*ODD]
    if LONG:
        return ours + odd
    return chance.sample(ours, 8) + chance.sample(odd, 2)


async def test_every_json_write_is_tried(operations: dict[str, Operation]) -> None:
    takes_a_body = {
        name
        for name, operation in operations.items()
        if operation.method not in ("GET", "SOCKET")
        and operation.handler.parsed_data_field is not None
    }
    assert takes_a_body - NOT_JSON == {key.partition("/")[0] for key in _keys()}


async def test_a_route_that_swallows_unknown_members_would_be_noticed() -> None:
    class Lax(msgspec.Struct):
        title: str

    @post("/", sync_to_thread=False)
    def swallow(data: JSONBody[Lax]) -> str:
        return data.title

    app = Litestar([swallow], exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://lax") as client:
        answers = {
            member: await client.post("/", json=body, headers={"Accept-Language": "en"})
            for member, body in _overposts({"title": "x"}, ODD)
        }
    assert len(answers) == len(ODD)
    assert not any(_is_refused_for(member, answer) for member, answer in answers.items())


def _allowed(matrix: Matrix, key: str) -> Cell:
    """Return a cell whose principal is let in with this body, signed in or not."""
    cells = list(matrix.expectations.cells(key))
    at_home = [cell for cell in cells if cell.place in ("own", "here")]
    return next((cell for cell in at_home if cell.may_change), at_home[0])


def _struct(operation: Operation) -> type[msgspec.Struct]:
    """Return the Struct that the operation's body becomes."""
    annotation: type[msgspec.Struct] = operation.handler.parsed_data_field.annotation
    return annotation


def _overposts(
    whole: dict[str, Any], members: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield bodies with one foreign member, each with that member's name."""
    for member in members:
        yield member, {**whole, member: "x"}
    for path in _objects(whole):
        body = copy.deepcopy(whole)
        inner: Any = body
        for step in path:
            inner = inner[step]
        inner["school_id"] = "x"
        yield "school_id", body


def _objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each object inside ``value``, itself left out."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in pairs:
        here = (*path, step)
        if isinstance(inner, dict) and step not in MAPS:
            yield here
        if isinstance(inner, dict | list):
            yield from _objects(inner, here)


def _is_refused_for(member: str, answer: httpx.Response) -> bool:
    """Say whether the answer refuses exactly this member, and not the body for its value."""
    if answer.status_code != 400 or answer.json()["code"] != "does_not_fit":
        return False
    errors = " ".join(error["message"] for error in answer.json()["fieldErrors"])
    return f"unknown field `{member}`" in errors
