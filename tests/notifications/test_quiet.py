"""Nights are quiet; what is urgent may break them, counted and logged."""

from dataclasses import replace
from datetime import datetime, time
from uuid import UUID, uuid4

import pytest

from notifications import Priority, addresses
from notifications.addresses import Preferences
from notifications.dispatcher import Office
from notifications.quiet import Window, next_digest, quiet_until
from tests.notifications.conftest import (
    NOON,
    House,
    RecordingChannel,
    at,
    message,
    phone,
    rows,
    tell_once,
)

NIGHT = Window(time(22), time(7))
NAP = Window(time(12), time(14))
SCHOOL = Window(time(21, 30), time(6, 30))
TOKYO_NIGHT = Window(time(22), time(7), "Asia/Tokyo")


@pytest.mark.parametrize(
    ("windows", "moment", "ends"),
    [
        ((), at(23), None),
        ((NIGHT,), at(21, 59), None),
        ((NIGHT,), at(22), at(7, days=1)),
        ((NIGHT,), at(3), at(7)),
        ((NIGHT,), at(7), None),
        ((NAP,), at(13), at(14)),
        ((NIGHT, SCHOOL), at(21, 45), at(7, days=1)),
        ((NIGHT, SCHOOL), at(6, 45), at(7)),
        ((SCHOOL, NIGHT), at(6), at(7)),
        ((TOKYO_NIGHT,), at(21), at(6, days=1)),
        ((Window(time(9), time(9)),), at(9), None),
    ],
)
def test_the_stricter_window_wins(
    windows: tuple[Window, ...], moment: datetime, ends: datetime | None
) -> None:
    assert quiet_until(moment, windows) == ends


def test_windows_without_a_gap_still_end_somewhere() -> None:
    always = [Window(time(0), time(12)), Window(time(12), time(0))]
    until = quiet_until(NOON, always)
    assert until is not None
    assert until > NOON


@pytest.mark.parametrize(
    ("moment", "due"),
    [(at(17), at(18)), (at(18), at(18, days=1)), (at(19), at(18, days=1))],
)
def test_the_digest_is_always_ahead(moment: datetime, due: datetime) -> None:
    assert next_digest(moment, time(18), "Asia/Shanghai") == due


async def sleeper(**wishes: object) -> tuple[UUID, str]:
    """Make a person with a phone who wants quiet from ten to seven."""
    person = uuid4()
    quiet = {"quiet_from": time(22), "quiet_until": time(7), **wishes}
    await addresses.prefer(person, Preferences(**quiet))  # type: ignore[arg-type]
    return person, await phone(person)


async def test_a_normal_letter_waits_for_the_morning(
    office: Office, channel: RecordingChannel
) -> None:
    person, token = await sleeper()
    await tell_once([person], message())
    await office.dispatch(at(23))
    assert channel.sent == []
    [row] = await rows("SELECT due_at, attempts FROM post_delivery")
    assert row == {"due_at": at(7, days=1), "attempts": 0}
    assert (await rows("SELECT deferred FROM post_letter"))[0]["deferred"] == 1
    assert await office.dispatch(at(6, 59, days=1)) == 0
    await office.dispatch(at(7, days=1))
    assert channel.tokens == [token]


async def test_the_schools_stricter_hours_hold_beside_the_persons_own(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    person, token = await sleeper()
    house.school_quiet[person] = [Window(time(20), time(7, 30))]
    await tell_once([person], message())
    await office.dispatch(at(20, 30))
    await office.dispatch(at(7, days=1))
    assert channel.sent == []
    await office.dispatch(at(7, 30, days=1))
    assert channel.tokens == [token]


async def test_an_urgent_letter_pierces_the_night_and_leaves_a_trace(
    office: Office, channel: RecordingChannel
) -> None:
    person, token = await sleeper(muted_categories=("school",), digest_categories=("school",))
    await tell_once([person], message(priority=Priority.URGENT))
    await office.dispatch(at(23))
    assert channel.tokens == [token]
    assert channel.sent[0].urgent
    [letter] = await rows("SELECT id FROM post_letter")
    [trace] = await rows("SELECT person_id, day, letters FROM post_piercing")
    assert trace == {"person_id": person, "day": at(23).date(), "letters": [letter["id"]]}


async def test_the_fourth_urgent_letter_of_a_night_waits_for_the_morning(
    office: Office, channel: RecordingChannel
) -> None:
    person, _ = await sleeper()
    tablet = await phone(person)
    for number in range(5):
        await tell_once([person], message(priority=Priority.URGENT), f"urgent:{number}")
    await office.dispatch(at(23))
    assert len(channel.sent) == 6
    assert channel.tokens.count(tablet) == 3
    await office.dispatch(at(7, days=1))
    assert len(channel.sent) == 10


async def test_a_lost_urgent_push_is_repeated_without_counting_twice(
    office: Office, channel: RecordingChannel
) -> None:
    person, token = await sleeper()
    await tell_once([person], message(priority=Priority.URGENT))
    channel.broken = ConnectionError()
    office = replace(office, pierce_cap=1)
    await office.dispatch(at(23))
    channel.broken = None
    await office.dispatch(at(23, 5))
    assert channel.tokens == [token]
    [trace] = await rows("SELECT cardinality(letters) AS n FROM post_piercing")
    assert trace["n"] == 1


async def test_a_muted_category_is_not_pushed_but_stays_in_the_inbox(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    await addresses.prefer(person, Preferences(muted_categories=("school",)))
    await tell_once([person], message())
    await office.dispatch(NOON)
    assert channel.sent == []
    assert len(await rows("SELECT id FROM post_inbox_item")) == 1
    assert (await rows("SELECT suppressed FROM post_letter"))[0]["suppressed"] == 1
