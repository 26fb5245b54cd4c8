"""No sentence about a place may be read as a promise its state does not make."""

import re

import pytest

from backend.bookings import notify
from backend.bookings.schemas.lines import line_out
from backend.bookings.schemas.slots import _WORDS

PROMISE_ZH = re.compile(r"(?<!未|尚)(?<!尚未)(已报名|名额已确认|报名成功)")
PROMISE_EN = re.compile(r"(?i)\byou(r place)? (have|is) (a place|confirmed)")


@pytest.mark.parametrize("state", ["waitlisted", "offered", "requested", "full", "draw_open"])
def test_a_standing_that_is_no_place_never_reads_as_one(state: str) -> None:
    zh, en = _WORDS[state]
    assert not PROMISE_ZH.search(zh)
    assert not PROMISE_EN.search(en)


@pytest.mark.parametrize(
    "code", ["full", "in_draw", "next_in_line", "first_tap", "waits_for_room", "may_be_passed"]
)
def test_the_engine_s_word_to_those_who_wait_promises_nothing(code: str) -> None:
    line = line_out({"code": code}, "waitlisted")
    assert not PROMISE_ZH.search(line.zh)
    assert not PROMISE_EN.search(line.en)


@pytest.mark.parametrize("code", ["free", "next_in_line", "tapped_first", "accepted"])
@pytest.mark.parametrize("state", ["requested", "no_show"])
def test_a_state_that_is_no_place_has_the_last_word(state: str, code: str) -> None:
    line = line_out({"code": code}, state)
    assert line.code == state
    assert not PROMISE_ZH.search(line.zh)
    assert not PROMISE_EN.search(line.en)


@pytest.mark.parametrize(
    "occasion",
    [notify.OFFERED, notify.FIRST_TAP, notify.ASKED_SCHOOL, notify.LAPSED, notify.OFFER_ENDS],
)
def test_a_letter_to_somebody_without_a_place_promises_nothing(occasion: str) -> None:
    title_zh, title_en, body_zh, body_en = notify._WORDS[occasion]
    for zh in (title_zh, body_zh):
        assert not PROMISE_ZH.search(zh)
    for en in (title_en, body_en):
        assert not PROMISE_EN.search(en)


def test_the_check_itself_sees_a_promise() -> None:
    assert PROMISE_ZH.search(
        notify._WORDS[notify.CONFIRMED][0] + notify._WORDS["bookings.confirmed"][2]
    )
    assert PROMISE_ZH.search(_WORDS["confirmed"][0])
