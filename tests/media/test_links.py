"""A link opens one file, for one person's session, for some minutes."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from backend.media import links
from backend.media.models import Variant

NOW = datetime(2026, 9, 1, 8, 2, 3, tzinfo=UTC)
KEY = "a key for tests that is long enough"
FILE, PERSON, SESSION = uuid4(), uuid4(), uuid4()


def token(expires: datetime = NOW + timedelta(minutes=5)) -> str:
    return links.sign(FILE, Variant.ORIGINAL, PERSON, SESSION, expires, key=KEY)


def test_a_link_says_for_whom_it_was_signed() -> None:
    claims = links.verify(token(), FILE, Variant.ORIGINAL, key=KEY, now=NOW)
    assert claims == links.Claims(PERSON, SESSION, (NOW + timedelta(minutes=5)))


def test_a_link_opens_nothing_else() -> None:
    assert links.verify(token(), uuid4(), Variant.ORIGINAL, key=KEY, now=NOW) is None
    assert links.verify(token(), FILE, Variant.THUMBNAIL, key=KEY, now=NOW) is None
    assert links.verify(token(), FILE, Variant.ORIGINAL, key=KEY + "x", now=NOW) is None


def test_a_link_ends() -> None:
    made = token(NOW + timedelta(seconds=60))
    for later, works in ((59, True), (60, True), (61, False), (86_400, False)):
        moment = NOW + timedelta(seconds=later)
        assert (
            links.verify(made, FILE, Variant.ORIGINAL, key=KEY, now=moment) is not None
        ) is works


def test_no_character_of_a_link_can_be_changed() -> None:
    made = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at, was in enumerate(made):
        for other in alphabet:
            if other == was:
                continue
            forged = made[:at] + other + made[at + 1 :]
            assert links.verify(forged, FILE, Variant.ORIGINAL, key=KEY, now=NOW) is None


@pytest.mark.parametrize(
    "junk", ["", "A", "!!!!", "链接", "A" * 10_000, "=" * 80, "\x00", "A" * 75, "A" * 76, "a b"]
)
def test_junk_opens_nothing(junk: str) -> None:
    assert links.verify(junk, FILE, Variant.ORIGINAL, key=KEY, now=NOW) is None


def test_an_address_stays_the_same_for_a_while_and_lives_five_minutes_at_least() -> None:
    made = set()
    for second in range(300):
        now = datetime(2026, 9, 1, 8, 0, tzinfo=UTC) + timedelta(seconds=second)
        url = links.url_for(FILE, Variant.THUMBNAIL, PERSON, SESSION, key=KEY, now=now)
        made.add(url)
        path, _, link = url.partition("?link=")
        assert path == f"/v1/attachments/{FILE}/thumbnail"
        claims = links.verify(link, FILE, Variant.THUMBNAIL, key=KEY, now=now)
        assert claims is not None
        assert links.LIFETIME <= claims.expires - now <= 2 * links.LIFETIME
    assert len(made) == 1
