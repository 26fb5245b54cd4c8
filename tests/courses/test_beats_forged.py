"""What was not watched does not count, in whichever way it is claimed."""

from collections.abc import AsyncIterator

import pytest

from backend.database import execute, fetch_one
from seed.cast import Cast
from tests.courses.forging import METERED, OTHERS, Forgery, Scene
from tests.courses.sabotage import sabotaged
from tests.courses.shelf import on_the_shelf
from tests.courses.viewing import Hand, opened, spans
from tests.house import SignIn


@pytest.fixture
async def scene(as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Scene:
    shelved = await on_the_shelf(cast, lessons=10)
    phone = await as_("王立强")
    return Scene(phone, phone, shelved.lessons, Hand(monkeypatch))


@pytest.fixture
async def unmetered(db: None, dsn: str) -> AsyncIterator[None]:
    """The database with its meter taken out: whatever is claimed finds room."""
    async with sabotaged(
        dsn, "greatest(0, least(7200000, bank, before))::int room", "2000000000 room"
    ):
        yield


async def hold(scene: Scene, forgery: Forgery) -> None:
    gain = await forgery(scene)
    assert gain.gained <= gain.allowed, f"{forgery.__name__} gained {gain}"


@pytest.mark.parametrize("forgery", (*METERED, *OTHERS), ids=lambda one: one.__name__)
async def test_nobody_gains_by_it(scene: Scene, forgery: Forgery) -> None:
    await hold(scene, forgery)
    completed = await fetch_one("SELECT count(*) AS n FROM lesson_completions")
    assert completed == {"n": 0}


@pytest.mark.parametrize("forgery", METERED, ids=lambda one: one.__name__)
async def test_control_without_the_meter_everybody_does(
    scene: Scene, forgery: Forgery, unmetered: None
) -> None:
    with pytest.raises(AssertionError, match="gained"):
        await hold(scene, forgery)


async def test_a_stretch_too_long_does_not_keep_out_one_that_was_played(scene: Scene) -> None:
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(15)
    told = await viewing.tell((0, 200_000), (250_000, 265_000))
    assert spans(told) == [(250_000, 265_000)]
    assert told["refusedMs"] == 200_000


async def test_who_waits_gains_no_more_than_an_honest_viewer_and_the_rest_is_called_offline(
    scene: Scene,
) -> None:
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(150)
    told = await viewing.tell((0, 300_000))
    assert (told["coveredMs"], told["offlineMs"]) == (300_000, 120_000)


async def test_a_course_that_allows_nothing_offline_counts_what_a_live_phone_leaves_unsaid(
    scene: Scene, cast: Cast
) -> None:
    await execute("UPDATE courses SET offline_seconds = 0")
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(150)
    told = await viewing.tell((0, 300_000))
    assert (told["coveredMs"], told["offlineMs"], told["refusedMs"]) == (180_000, 0, 120_000)


_BEAT = '{"seq": 1, "from": 0, "to": 9}'
NONSENSE = {
    "negative": '{"beats": [{"seq": 1, "from": -1, "to": 15000}], "position": 0}',
    "not_a_number": '{"beats": [{"seq": 1, "from": NaN, "to": 15000}], "position": 0}',
    "infinite": '{"beats": [{"seq": 1, "from": 0, "to": Infinity}], "position": 0}',
    "enormous": '{"beats": [{"seq": 1, "from": 0, "to": 1e400}], "position": 0}',
    "a_power": '{"beats": [{"seq": 1, "from": 0, "to": 1.5e4}], "position": 0.5}',
    "a_fraction": '{"beats": [{"seq": 1, "from": 0.5, "to": 15000}], "position": 0}',
    "text": '{"beats": [{"seq": 1, "from": "0", "to": "15000"}], "position": 0}',
    "truth": '{"beats": [{"seq": 1, "from": false, "to": true}], "position": 0}',
    "nothing": '{"beats": [{"seq": 1, "from": null, "to": 15000}], "position": 0}',
    "backwards": '{"beats": [{"seq": 1, "from": 15000, "to": 0}], "position": 0}',
    "empty": '{"beats": [{"seq": 1, "from": 15000, "to": 15000}], "position": 0}',
    "too_long": '{"beats": [{"seq": 1, "from": 0, "to": 14400001}], "position": 0}',
    "too_far": '{"beats": [{"seq": 1, "from": 0, "to": 15000}], "position": 14400001}',
    "a_wild_number": '{"beats": [{"seq": 9999999999, "from": 0, "to": 1}], "position": 0}',
    "no_beats": '{"beats": [], "position": 0}',
    "a_flood": '{"beats": [' + ", ".join([_BEAT] * 201) + '], "position": 0}',
    "no_object": "[[0, 15000]]",
    "more_than_asked": '{"beats": [{"seq": 1, "from": 0, "to": 9}], "position": 0, "bank": 9}',
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE.keys())
async def test_nonsense_is_refused_whole(scene: Scene, body: str) -> None:
    viewing = await opened(scene.phone, scene.lessons[0])
    scene.hand.forward(60)
    answer = await scene.phone.put(
        f"{viewing.url}/beats", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "does_not_fit")
    assert (await viewing.open())["coveredMs"] == 0


async def test_a_path_that_is_no_id_is_nowhere(scene: Scene) -> None:
    body = {"beats": [{"seq": 1, "from": 0, "to": 9}], "position": 0}
    answer = await scene.phone.put(f"/lessons/{scene.lessons[0].id}/plays/1/beats", json=body)
    assert answer.status_code == 404
