"""What a draw weighs, whom it passes over, and what the organiser may try beforehand."""

from datetime import timedelta
from pathlib import Path

from backend import clock
from backend.bookings import lots
from backend.bookings.operations.slots import Share
from backend.database import execute, fetch
from seed.cast import Cast
from tests.bookings.lottery import (
    FAMILIES,
    SOURCE,
    Travel,
    a_draw,
    announce,
    enter,
    travel,
    verify,
)
from tests.bookings.slots import a_slot, states
from tests.house import SignIn

__all__ = ["travel"]
DAY = timedelta(days=1)
VALUE = {"publicSource": SOURCE, "publicValue": "358"}


async def test_families_drawn_this_year_have_one_lot_instead_of_four(
    as_: SignIn, cast: Cast, travel: Travel
) -> None:
    first = await a_draw(cast, children_named=True, capacity=1)
    father = await as_("王立强")
    child = str(cast.children["王子墨"].id)
    await father.put(f"/slots/{first}/booking", json={"studentIds": [child]})
    await announce(as_, first, clock.now() + 3 * DAY)
    second = await a_draw(cast, closes_in=5 * DAY, children_named=True)
    mother = await as_("刘敏")
    await mother.put(f"/slots/{second}/booking", json={"studentIds": [child]})
    await (await as_("赵德胜")).put(
        f"/slots/{second}/booking", json={"studentIds": [str(cast.children["赵可心"].id)]}
    )
    await travel(3 * DAY)
    head = await as_("许建安")
    drawn = (await head.put(f"/slots/{first}/draw", json=VALUE)).json()
    assert len(drawn["winners"]) == 1
    rehearsed = (await head.get(f"/slots/{second}/draw/rehearsal?trials=20")).json()
    assert [(c["weight"], c["entries"]) for c in rehearsed["chances"]] == [(1, 1), (4, 1)]
    await travel(6 * DAY)
    shown = (await mother.get(f"/slots/{second}/draw")).json()
    mine = (await mother.get(f"/slots/{second}/booking")).json()["id"]
    # The child's father was drawn before, so this family has fewer lots.
    assert {e["code"] == mine: e["weight"] for e in shown["entries"]} == {True: 1, False: 4}
    # Given back in time, the place went to somebody else and counts no more.
    await execute("UPDATE bookings SET state = 'cancelled' WHERE slot_id = $1", first)
    third = await a_draw(cast, children_named=True)
    await mother.put(f"/slots/{third}/booking", json={"studentIds": [child]})
    after = (await head.get(f"/slots/{third}/draw/rehearsal?trials=5")).json()
    assert [(c["weight"], c["entries"]) for c in after["chances"]] == [(4, 1)]


async def test_a_rehearsal_draws_nothing(as_: SignIn, cast: Cast) -> None:
    slot = await a_draw(cast)
    await enter(as_, slot, *FAMILIES)
    head = await as_("许建安")
    seen = (await head.get(f"/slots/{slot}/draw/rehearsal?trials=2000")).json()
    assert (seen["entries"], seen["places"], seen["trials"]) == (7, 3, 2000)
    assert seen["chances"] == [{"weight": 4, "entries": 7, "chance": round(3 / 7, 4)}]
    assert (await head.get(f"/slots/{slot}/draw")).json()["stage"] == "open"
    assert set((await states(slot)).values()) == {"waitlisted"}
    assert (await head.get(f"/slots/{slot}/draw/rehearsal?trials=0")).status_code == 400


async def test_whoever_is_engaged_elsewhere_is_passed_over_and_keeps_their_turn(
    as_: SignIn, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    slot = await a_draw(cast, capacity=7)
    codes = await enter(as_, slot, *FAMILIES)
    await announce(as_, slot, clock.now() + 3 * DAY)
    await travel(3 * DAY)
    busy = await a_slot(cast, begins_in=7 * DAY)
    await (await as_("马静")).put(f"/slots/{busy}/booking", json={})
    rejected = await (await as_("许建安")).put(
        f"/bookings/{codes['周婷']}/decision", json={"approved": False, "reason": "非本班家长"}
    )
    assert rejected.status_code == 200
    drawn = (await (await as_("许建安")).put(f"/slots/{slot}/draw", json=VALUE)).json()
    assert {one["code"]: one["reason"] for one in drawn["passedOver"]} == {
        codes["马静"]: "collides",
        codes["周婷"]: "rejected",
    }
    assert len(drawn["winners"]) == 5
    assert verify(tmp_path, drawn)[0] == 0
    mine = (await (await as_("马静")).get(f"/slots/{slot}/booking")).json()
    assert (mine["state"], mine["line"]["code"]) == ("waitlisted", "collides")


async def test_a_party_that_finds_no_room_is_not_passed_and_priority_is_no_lot(
    as_: SignIn, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    slot = await a_draw(cast, capacity=4, skip_limit=5)
    await enter(as_, slot, *FAMILIES[:4], party=3)
    await enter(as_, slot, *FAMILIES[4:])
    await announce(as_, slot, clock.now() + 3 * DAY)
    head = await as_("许建安")
    await head.put(
        f"/bookings/{(await enter(as_, slot, '赵德胜'))['赵德胜']}/priority",
        json={"priority": 9, "reason": "校长特批"},
    )
    await travel(3 * DAY)
    drawn = (await head.put(f"/slots/{slot}/draw", json=VALUE)).json()
    parties = {e["code"]: e["party"] for e in drawn["entries"]}
    assert drawn["winners"] == lots.placed(drawn["ranking"], parties, 4, ())
    assert drawn["passedOver"] == []
    assert verify(tmp_path, drawn)[0] == 0
    assert (await fetch("SELECT max(priority) AS p FROM bookings WHERE slot_id = $1", slot)) == [
        {"p": 0}
    ]


async def test_places_kept_for_a_class_stay_kept_and_the_record_says_so(
    as_: SignIn, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    kept = Share(
        label="三年级2班",
        node_ids=[cast.classes["海湾/三年级/2班"].id],
        places=2,
        release_at=clock.now() + 5 * DAY,
    )
    slot = await a_draw(cast, capacity=3, shares=[kept])
    codes = await enter(as_, slot, *FAMILIES)
    await announce(as_, slot, clock.now() + 3 * DAY)
    await travel(3 * DAY)
    drawn = (await (await as_("许建安")).put(f"/slots/{slot}/draw", json=VALUE)).json()
    assert codes["赵德胜"] in drawn["winners"] and len(drawn["winners"]) == 2
    assert {one["reason"] for one in drawn["passedOver"]} == {"reserved"}
    assert verify(tmp_path, drawn)[0] == 0
