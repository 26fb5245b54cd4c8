"""How people type a mobile number."""

import random

import phonenumbers
import pytest

from backend.people.phones import BadPhone, mask, normalise


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        " 138 0013 8000 ",
        "138-0013-8000",
        "138－0013－8000",
        "+8613800138000",
        "+86 138 0013 8000",
        "008613800138000",
        "8613800138000",
        "１３８００１３８０００",
        "＋８６１３８００１３８０００",
        "138\u00a00013\u00a08000",
    ],
)
def test_however_a_mobile_is_typed_it_is_kept_one_way(typed: str) -> None:
    assert normalise(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1380013800",
        "138001380000",
        "23800138000",
        "10000000000",
        "11012345678",
        "021-62345678",
        "+85291234567",
        "+14155550100",
        "1380013800O",
        "١٣٨٠٠١٣٨٠٠٠",
        "13800138000.0",
        "138\n0013\n8000;",
    ],
)
def test_what_is_not_a_mainland_mobile_is_refused(typed: str) -> None:
    with pytest.raises(BadPhone):
        normalise(typed)


def test_a_shown_number_hides_its_middle() -> None:
    assert mask("+8613800138000") == "138****8000"


def test_seven_digits_decide_whether_a_number_is_a_mobile() -> None:
    """Only these are looked up, so the last four must never matter."""
    dice, mobiles = random.Random(7), 0
    for prefix in range(13_000, 20_000):
        typed = f"{prefix}{dice.randrange(10**6):06}"
        number = phonenumbers.parse(typed, "CN")
        is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
        try:
            normalise(typed)
        except BadPhone:
            assert not is_mobile, typed
        else:
            assert is_mobile, typed
            mobiles += 1
    assert 4_000 < mobiles < 7_000
