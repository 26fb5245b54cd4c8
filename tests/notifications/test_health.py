"""The doctor sees how long the queue is and since when."""

from datetime import timedelta
from uuid import uuid4

from notifications import Outcome, health
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    NOON,
    RecordingChannel,
    announce_once,
    message,
    phone,
    rows,
    tell_once,
)


async def test_figures_add_up(office: Office, channel: RecordingChannel) -> None:
    people = [uuid4() for _ in range(4)]
    gone, dead, waiting, _ = [await phone(person) for person in people]
    channel.script(gone, Outcome.GONE)
    channel.script(dead, Outcome.REJECTED)
    channel.script(waiting, Outcome.THROTTLED, retry_after=300)
    await tell_once(people, message())
    await announce_once(["class:1"], message(), "open")
    await office.dispatch(NOON)

    calm = await health.figures(NOON)
    assert (calm.queued, calm.due, calm.oldest_due_seconds) == (1, 0, 0)
    assert (calm.refused, calm.dead, calm.open_letters) == (1, 1, 1)
    late = await health.figures(NOON + timedelta(seconds=330))
    assert (late.due, late.oldest_due_seconds) == (1, 30)
    assert late.last_runs == {}


async def test_the_sweep_takes_what_is_old_and_keeps_what_still_says_once(
    office: Office,
) -> None:
    person = uuid4()
    await phone(person)
    await tell_once([person], message())
    await office.dispatch(NOON)
    assert await health.sweep(NOON) == 0
    # After a quarter the letter must stay: its inbox item is kept for a year.
    assert await health.sweep(NOON + timedelta(days=100)) == 0
    assert await tell_once([person], message()) is False
    assert await health.sweep(NOON + timedelta(days=400)) == 2
    assert await rows("SELECT id FROM post_letter UNION SELECT id FROM post_inbox_item") == []
