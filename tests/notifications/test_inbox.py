"""The inbox holds the whole of what was told, page by page."""

from uuid import uuid4

from notifications import inbox
from tests.notifications.conftest import NOON, message, tell_once


async def test_pages_follow_one_another_without_gap_or_repetition(db: None) -> None:
    person, neighbour = uuid4(), uuid4()
    for number in range(7):
        await tell_once([person, neighbour], message(title_en=f"{number}"), f"letter:{number}")
    seen = []
    cursor = None
    while page := await inbox.page(person, before=cursor, limit=3):
        seen += [item.title_en for item in page]
        cursor = page[-1].id
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


async def test_a_phone_that_comes_back_asks_for_what_is_new_since(db: None) -> None:
    person = uuid4()
    await tell_once([person], message(), "old")
    [newest] = await inbox.page(person)
    assert await inbox.page(person, since=newest.id) == []
    await tell_once([person], message(title_en="new"), "new")
    assert [item.title_en for item in await inbox.page(person, since=newest.id)] == ["new"]


async def test_reading_counts_down_and_only_ones_own(db: None) -> None:
    person, neighbour = uuid4(), uuid4()
    await tell_once([person, neighbour], message())
    [mine] = await inbox.page(person)
    [theirs] = await inbox.page(neighbour)
    assert await inbox.mark_read(person, [mine.id, theirs.id], at=NOON) == [mine.id]
    assert await inbox.mark_read(person, [mine.id], at=NOON) == []
    assert (await inbox.unread_count(person), await inbox.unread_count(neighbour)) == (0, 1)
    [read] = await inbox.page(person)
    assert read.read_at == NOON
    assert read.body_zh == message().body_zh
