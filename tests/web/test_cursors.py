"""A cursor is a place in one list for one person, and nothing anybody else can use."""

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from backend.web.cursors import BadCursor, Cursors, Position
from seed.cast import Cast
from tests.house import SignIn

HERE = Position(datetime(2026, 11, 23, 1, 30, tzinfo=UTC), UUID(int=7 << 76))
CURSORS = Cursors("a secret of this house")
LISTS = [
    "/feed",
    "/feed/archive",
    "/inbox",
    "/notices",
    "/claims",
]


def test_a_cursor_opens_where_it_was_sealed() -> None:
    sealed = CURSORS.seal("feed:1", HERE)
    assert CURSORS.open("feed:1", sealed, Position) == HERE
    assert CURSORS.seal("feed:1", HERE) == sealed


def test_it_opens_for_no_other_list_person_or_house() -> None:
    sealed = CURSORS.seal("feed:1", HERE)
    for cursors, purpose in (
        (CURSORS, "feed:2"),
        (CURSORS, "inbox:1"),
        (Cursors("another"), "feed:1"),
    ):
        with pytest.raises(BadCursor):
            cursors.open(purpose, sealed, Position)


def test_no_bit_of_it_can_be_changed() -> None:
    sealed = CURSORS.seal("feed:1", HERE)
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    for place in range(len(raw)):
        bent = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
        with pytest.raises(BadCursor):
            CURSORS.open("feed:1", base64.urlsafe_b64encode(bent).decode(), Position)


def test_it_tells_nobody_the_place() -> None:
    sealed = CURSORS.seal("feed:1", HERE)
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    assert b"2026" not in raw
    assert b"0007" not in raw


@pytest.mark.parametrize("junk", ["", "a", "A" * 400, "====", "-_-_", "e30"])
def test_junk_is_refused(junk: str) -> None:
    with pytest.raises(BadCursor):
        CURSORS.open("feed:1", junk, Position)


def test_a_place_of_another_kind_is_refused() -> None:
    kinds: list[tuple[Any, type[Any]]] = [(UUID(int=1), Position), (HERE, UUID)]
    for sealed, kind in kinds:
        with pytest.raises(BadCursor):
            CURSORS.open("x", CURSORS.seal("x", sealed), kind)


@pytest.mark.parametrize("url", LISTS)
async def test_every_list_refuses_a_forged_cursor_in_words(
    as_: SignIn, cast: Cast, url: str
) -> None:
    answer = await (await as_("李建国")).get(url, params={"cursor": "A" * 60})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")
