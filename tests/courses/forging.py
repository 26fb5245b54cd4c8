"""Ways to claim what was not watched. Each returns how much it gained, and how much at most
the clock on the wall allowed, in milliseconds.

An honest viewer of the same time at twice the speed of the clock gains what is allowed, and
twice the ten seconds that a phone may be early; whoever claims more than anybody can have
played gains nothing by it.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

from backend.courses.models import Lesson
from tests.courses.viewing import Hand, Viewing, opened
from tests.house import Visitor

LENGTH = 300_000
SLACK = 20_000


class Scene(NamedTuple):
    """Two phones of one learner, and more lessons of five minutes than they need."""

    phone: Visitor
    other: Visitor
    lessons: list[Lesson]
    hand: Hand


class Gain(NamedTuple):
    """What a forger gained, and at most might have."""

    gained: int
    allowed: int


Forgery = Callable[[Scene], Awaitable[Gain]]


def _allowed(scene: Scene) -> int:
    return 2 * scene.hand.passed_ms + SLACK


async def jumps_to_the_end(scene: Scene) -> Gain:
    """A quarter of a minute is played, the rest only claimed: that gains nothing at all."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    await viewing.tell((0, 15_000))
    told = await viewing.tell((15_000, LENGTH))
    return Gain(told["coveredMs"], 15_000)


async def drags_the_slider(scene: Scene) -> Gain:
    """The position says nothing."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    told = await viewing.tell((0, 1000), position=LENGTH)
    return Gain(told["coveredMs"], 1000)


async def plays_a_hundredfold(scene: Scene) -> Gain:
    """Every second a hundred more: none of them fits."""
    viewing = await opened(scene.phone, scene.lessons[0])
    gained = 0
    for begin in (0, 100_000, 200_000):
        scene.hand.forward(1)
        gained = (await viewing.tell((begin, begin + 100_000)))["coveredMs"]
    return Gain(gained, 0)


async def plays_a_little_too_fast(scene: Scene) -> Gain:
    """Three times the speed of the clock, in small bites."""
    viewing = await opened(scene.phone, scene.lessons[0])
    gained = 0
    for step in range(20):
        scene.hand.forward(5)
        gained = (await viewing.tell((step * 15_000, step * 15_000 + 15_000)))["coveredMs"]
    return Gain(gained, min(LENGTH, 2 * scene.hand.passed_ms + 10_000))


async def floods_with_overlaps(scene: Scene) -> Gain:
    """Two hundred stretches, each a tenth of a second after the other, all a minute long."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    told = await viewing.tell(*((n * 100, n * 100 + 60_000) for n in range(200)))
    return Gain(told["coveredMs"], 0)


async def learns_everything_at_once(scene: Scene) -> Gain:
    """Ten lessons in one minute, each of which would be honest alone."""
    viewings = [await opened(scene.phone, lesson) for lesson in scene.lessons]
    scene.hand.forward(60)
    gained = 0
    for viewing in viewings:
        for begin in range(0, 120_000, 30_000):
            told = await viewing.tell((begin, begin + 30_000))
        gained += told["coveredMs"]
    return Gain(gained, _allowed(scene))


async def learns_everything_at_once_after_a_quiet_while(scene: Scene) -> Gain:
    """Time in which nothing was open is not saved up for lessons opened later."""
    await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(600)
    begun = scene.hand.passed_ms
    viewings = [await opened(scene.phone, lesson) for lesson in scene.lessons[1:]]
    scene.hand.forward(60)
    gained = 0
    for viewing in viewings:
        for begin in range(0, 120_000, 30_000):
            told = await viewing.tell((begin, begin + 30_000))
        gained += told["coveredMs"]
    return Gain(gained, 2 * (scene.hand.passed_ms - begun) + SLACK)


async def opens_everything_first_and_waits(scene: Scene) -> Gain:
    """Ten lessons opened one after the other, and then each was watched meanwhile, without a
    network: whoever has waited for ten has waited once.
    """
    viewings = await _one_after_another(scene, 1)
    scene.hand.forward(100)
    for viewing in viewings:
        await _claim_all(viewing)
    return Gain(await _all_of(viewings), _allowed(scene))


async def opens_one_more_and_claims_the_last_first(scene: Scene) -> Gain:
    """A lesson every ten seconds; then all of them are claimed, backwards and once more."""
    viewings = await _one_after_another(scene, 10)
    for viewing in (*reversed(viewings), *viewings):
        await _claim_all(viewing)
    return Gain(await _all_of(viewings), _allowed(scene))


async def _one_after_another(scene: Scene, seconds: float) -> list[Viewing]:
    viewings = []
    for lesson in scene.lessons:
        viewings.append(await opened(scene.phone, lesson))
        scene.hand.forward(seconds)
    return viewings


async def _claim_all(viewing: Viewing) -> None:
    for begin in range(0, LENGTH, 30_000):
        await viewing.tell((begin, begin + 30_000))


async def _all_of(viewings: list[Viewing]) -> int:
    """Return how much counts by now, all of them together."""
    return sum([(await viewing.open())["coveredMs"] for viewing in viewings])


async def opens_again_and_again(scene: Scene) -> Gain:
    """Twenty plays of one lesson, each with a stretch of its own."""
    gained = 0
    for number in range(20):
        viewing = await opened(scene.phone, scene.lessons[0])
        scene.hand.forward(1)
        gained = (await viewing.tell((number * 15_000, number * 15_000 + 9_000)))["coveredMs"]
    return Gain(gained, 2 * scene.hand.passed_ms + 10_000)


async def says_it_again_and_again(scene: Scene) -> Gain:
    """What was played once is reported fifty times, under all kinds of numbers."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    told = None
    for _ in range(50):
        told = await viewing.tell((0, 15_000))
    assert told is not None
    return Gain(told["coveredMs"], 15_000)


async def plays_on_two_phones_at_once(scene: Scene) -> Gain:
    """One phone from the front and one from the middle, each at twice the speed."""
    viewings = [await opened(phone, scene.lessons[0]) for phone in (scene.phone, scene.other)]
    gained = 0
    for step in range(5):
        scene.hand.forward(15)
        for number, viewing in enumerate(viewings):
            begin = number * 150_000 + step * 30_000
            gained = (await viewing.tell((begin, begin + 30_000)))["coveredMs"]
    return Gain(gained, 2 * scene.hand.passed_ms + 10_000)


async def waits_for_a_clock_that_goes_back(scene: Scene) -> Gain:
    """One of two processes is an hour behind, and requests go to either."""
    viewing = await opened(scene.phone, scene.lessons[0])
    gained, passed = 0, 0
    for step in range(8):
        scene.hand.forward(1)
        passed += 1000
        gained = (await viewing.tell((step * 30_000, step * 30_000 + 30_000)))["coveredMs"]
        scene.hand.at -= timedelta(hours=1)
        gained = (await viewing.tell((step * 30_000, step * 30_000 + 30_000)))["coveredMs"]
        scene.hand.at += timedelta(hours=1)
    return Gain(gained, 2 * passed + 10_000)


async def goes_beyond_the_end(scene: Scene) -> Gain:
    """Only what lies within the lesson is there to be watched."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    told = await viewing.tell((LENGTH - 10_000, 14_400_000))
    assert told["positionMs"] == LENGTH
    return Gain(told["coveredMs"], 10_000)


async def crumbles(scene: Scene) -> Gain:
    """Ten thousand crumbs of a millisecond, near enough to each other to be joined."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    told = None
    for request in range(50):
        first = request * 200
        told = await viewing.tell(*((n * 30, n * 30 + 1) for n in range(first, first + 200)))
    assert told is not None
    return Gain(told["coveredMs"], 2 * scene.hand.passed_ms + 10_000)


async def crumbles_far_apart(scene: Scene) -> Gain:
    """As many crumbs as there is room for, too far apart to be joined: a second in all."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    told = None
    for first in range(0, 590, 100):
        told = await viewing.tell(*((n * 502, n * 502 + 1) for n in range(first, first + 97)))
    assert told is not None
    return Gain(told["coveredMs"], 1000)


async def plays_what_was_never_opened(scene: Scene) -> Gain:
    """Another lesson's play, and one made up."""
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(600)
    stranger = Viewing(scene.phone, scene.lessons[1])
    for play in (viewing.play, uuid4()):
        stranger.play = play
        answer = await stranger.send((0, 15_000))
        assert (answer.status_code, answer.json()["code"]) == (409, "play_ended")
    stranger.play = uuid4()
    return Gain((await stranger.open())["coveredMs"], 0)


METERED: tuple[Forgery, ...] = (
    jumps_to_the_end,
    plays_a_hundredfold,
    plays_a_little_too_fast,
    floods_with_overlaps,
    learns_everything_at_once,
    learns_everything_at_once_after_a_quiet_while,
    opens_everything_first_and_waits,
    opens_one_more_and_claims_the_last_first,
    opens_again_and_again,
    plays_on_two_phones_at_once,
    waits_for_a_clock_that_goes_back,
    crumbles,
)
"""What nothing but the meter refuses."""
OTHERS: tuple[Forgery, ...] = (
    drags_the_slider,
    says_it_again_and_again,
    goes_beyond_the_end,
    crumbles_far_apart,
    plays_what_was_never_opened,
)
