"""A draw that nobody can steer and anybody can compute again."""

import inspect
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from backend import clock
from backend.bookings import jobs, lots
from backend.bookings.models import Draw, Slot
from backend.bookings.operations.draws import _unsealed
from backend.bookings.operations.slots import Share
from backend.database import execute, fetch
from seed.cast import Cast
from tests.bookings.lottery import (
    FAMILIES,
    SCRIPT,
    SOURCE,
    Travel,
    a_draw,
    announce,
    enter,
    travel,
    verify,
)
from tests.bookings.slots import a_slot, counters, states
from tests.house import SignIn

__all__ = ["travel"]
DAY = timedelta(days=1)
VALUE = {"publicSource": SOURCE, "publicValue": "358"}


async def test_from_the_promise_to_the_result_that_the_script_confirms(
    as_: SignIn, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    slot = await a_draw(cast)
    head, parent = await as_("许建安"), await as_("王立强")
    opened = (await parent.get(f"/slots/{slot}/draw")).json()
    assert (opened["stage"], opened["entries"], opened["secret"]) == ("open", [], None)
    assert opened["publicSource"].startswith("drand quicknet")
    codes = await enter(as_, slot, *FAMILIES)
    assert (await parent.get(f"/slots/{slot}")).json()["standing"]["code"] == "mine"
    await announce(as_, slot, clock.now() + 2 * DAY + timedelta(hours=3))

    await travel(2 * DAY + timedelta(minutes=1))
    assert await jobs.publish_entries() == 1
    closed = (await parent.get(f"/slots/{slot}/draw")).json()
    assert (closed["stage"], closed["secret"], closed["ranking"]) == ("closed", None, [])
    assert {e["code"] for e in closed["entries"]} == set(codes.values())
    assert {(e["party"], e["weight"]) for e in closed["entries"]} == {(1, 4)}
    assert closed["commitment"] == opened["commitment"]
    withdrawn = await (await as_("高远")).delete(f"/slots/{slot}/booking")
    assert withdrawn.status_code == 204
    late = await (await as_("高远")).put(f"/slots/{slot}/booking", json={})
    assert late.json()["code"] == "ended"

    await travel(2 * DAY + timedelta(hours=4))
    drawn = (await head.put(f"/slots/{slot}/draw", json=VALUE)).json()
    assert drawn["stage"] == "drawn"
    assert sha256(bytes.fromhex(drawn["secret"])).hexdigest() == opened["commitment"]
    assert drawn["entriesHash"] == closed["entriesHash"]
    assert drawn["passedOver"] == [{"code": codes["高远"], "reason": "withdrawn"}]
    order = [code for code in drawn["ranking"] if code != codes["高远"]]
    assert drawn["winners"] == order[:3]

    downloaded = (await parent.get(f"/slots/{slot}/draw")).json()
    code, said = verify(tmp_path, downloaded, closed)
    assert code == 0 and "✗" not in said
    assert [line.split()[1] for line in said.splitlines() if line[0].isdigit()] == order[:3]

    seen = await states(slot)
    names = {code: name for name, code in codes.items()}
    for code in order[:3]:
        assert seen[cast.id(names[code])] == "confirmed"
    for ahead, code in enumerate(order[3:]):
        mine = (await (await as_(names[code])).get(f"/slots/{slot}/booking")).json()
        assert (mine["state"], mine["ahead"], mine["line"]["code"]) == ("waitlisted", ahead, "full")
    assert await counters(slot)


async def test_the_result_stands_and_the_list_goes_on_from_there(
    as_: SignIn, cast: Cast, travel: Travel
) -> None:
    slot = await a_draw(cast, capacity=1)
    codes = await enter(as_, slot, *FAMILIES[:3])
    await announce(as_, slot, clock.now() + 3 * DAY)
    await travel(3 * DAY)
    head = await as_("许建安")
    first = await head.put(f"/slots/{slot}/draw", json=VALUE)
    again = await head.put(f"/slots/{slot}/draw", json=VALUE)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await head.put(f"/slots/{slot}/draw", json=VALUE | {"publicValue": "359"})
    assert (other.status_code, other.json()["code"]) == (409, "already_drawn")
    names = {code: name for name, code in codes.items()}
    winner, second, third = (names[code] for code in first.json()["ranking"])
    titles = {
        row["person_id"]: row["occasion"]
        for _ in range(await jobs.tell_moves())
        for row in await fetch("SELECT person_id, occasion FROM post_inbox_item i "
                               "JOIN post_letter l ON l.id = i.letter_id")
    }  # fmt: skip
    assert titles[cast.id(winner)] == "bookings.confirmed"
    assert titles[cast.id(third)] == "bookings.drawn"
    await (await as_(winner)).delete(f"/slots/{slot}/booking")
    assert (await (await as_(second)).get(f"/slots/{slot}/booking")).json()["state"] == "offered"


async def test_a_draw_is_held_neither_early_nor_with_another_source(
    as_: SignIn, cast: Cast, travel: Travel
) -> None:
    slot = await a_draw(cast)
    head = await as_("许建安")
    await enter(as_, slot, "王立强")
    await announce(as_, slot, clock.now() + 3 * DAY)

    async def refused(**change: str) -> str:
        answer = await head.put(f"/slots/{slot}/draw", json=VALUE | change)
        assert answer.status_code == 409, answer.text
        return str(answer.json()["code"])

    assert await refused() == "draw_not_closed"
    await travel(2 * DAY + timedelta(seconds=10))
    # A request that came in time may still be under way.
    assert await refused() == "draw_not_closed"
    assert (await head.get(f"/slots/{slot}/draw")).json()["stage"] == "open"
    await travel(2 * DAY + timedelta(hours=1))
    assert await refused() == "value_not_yet"
    assert await refused(publicSource="昨天的开奖号码") == "other_source"
    source = {"publicSource": "别的", "expectedAt": (clock.now() + DAY).isoformat()}
    late = await head.put(f"/slots/{slot}/draw/source", json=source | {"valueLength": 5})
    assert late.json()["code"] == "source_fixed"
    await travel(3 * DAY)
    assert await refused(publicValue="3580") == "value_unfit"
    spelt = await head.put(f"/slots/{slot}/draw", json=VALUE | {"publicValue": "3 5 8"})
    assert spelt.status_code == 400
    await travel(20 * DAY)
    assert await refused() == "wrong_slot_state"
    assert (await head.get(f"/slots/{slot}/draw")).json()["winners"] == []


async def test_a_value_that_exists_before_the_list_does_not_count(
    as_: SignIn, cast: Cast, travel: Travel
) -> None:
    slot = await a_draw(cast)
    head = await as_("许建安")
    early = {"publicSource": SOURCE, "valueLength": 3}
    for when in (clock.now() + DAY, clock.now() + 11 * DAY):
        answer = await head.put(
            f"/slots/{slot}/draw/source", json=early | {"expectedAt": when.isoformat()}
        )
        assert answer.json()["code"] == "source_too_early"
    await announce(as_, slot, clock.now() + 3 * DAY)
    # Moved by a week, booking closes after that value is known: the beacon takes its place.
    begins = clock.now() + 17 * DAY
    moved = {"startsAt": begins.isoformat(), "endsAt": (begins + timedelta(hours=2)).isoformat()}
    assert (await head.put(f"/slots/{slot}/times", json=moved)).status_code == 200
    shown = (await head.get(f"/slots/{slot}/draw")).json()
    assert shown["publicSource"].startswith("drand quicknet")
    assert (shown["valueLength"], shown["sourceAnnouncedAt"]) == (64, None)
    assert shown["valueExpectedAt"] > shown["closesAt"]
    await travel(10 * DAY)
    value = {"publicSource": shown["publicSource"], "publicValue": "ab" * 32}
    assert (await head.put(f"/slots/{slot}/draw", json=value)).status_code == 200


async def test_a_slot_moved_after_closing_takes_entries_again(
    as_: SignIn, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    slot = await a_draw(cast)
    head = await as_("许建安")
    await enter(as_, slot, "王立强")
    await travel(2 * DAY + timedelta(minutes=1))
    before = (await head.get(f"/slots/{slot}/draw")).json()
    assert (before["stage"], len(before["entries"])) == ("closed", 1)
    begins = clock.now() + 17 * DAY
    moved = {"startsAt": begins.isoformat(), "endsAt": (begins + timedelta(hours=2)).isoformat()}
    await head.put(f"/slots/{slot}/times", json=moved)
    assert (await head.get(f"/slots/{slot}/draw")).json()["stage"] == "open"
    await enter(as_, slot, "李建国")
    await travel(12 * DAY)
    shown = (await head.get(f"/slots/{slot}/draw")).json()
    assert (shown["stage"], len(shown["entries"])) == ("closed", 2)
    value = {"publicSource": shown["publicSource"], "publicValue": "0f" * 32}
    drawn = (await head.put(f"/slots/{slot}/draw", json=value)).json()
    assert verify(tmp_path, drawn)[0] == 0


async def test_changing_one_entry_changes_the_seed_and_the_script_says_no(
    as_: SignIn, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    slot = await a_draw(cast)
    await enter(as_, slot, *FAMILIES)
    await announce(as_, slot, clock.now() + 3 * DAY)
    await travel(3 * DAY)
    drawn = (await (await as_("许建安")).put(f"/slots/{slot}/draw", json=VALUE)).json()
    assert verify(tmp_path, drawn)[0] == 0
    entries = [dict(entry) for entry in drawn["entries"]]
    entries[2]["weight"] += 1
    secret = bytes.fromhex(drawn["secret"])
    seed = lots.seed_of(secret, lots.hash_of(entries), drawn["publicValue"])
    assert seed.hex() != drawn["seed"]
    # With everything computed anew the record fits itself, but not the list once published.
    forged = drawn | {"entries": entries, "entriesHash": lots.hash_of(entries).hex()}
    forged |= {"seed": seed.hex(), "ranking": lots.ranked(seed, entries)}
    forged["winners"] = forged["ranking"][:3]
    assert verify(tmp_path, forged)[0] == 0
    code, said = verify(tmp_path, forged, drawn)
    assert code == 1 and "✗ 名单 entries" in said
    for member, changed in {
        "entries": entries,
        "publicValue": "359",
        "secret": "00" * 32,
        "winners": drawn["winners"][::-1],
        "ranking": drawn["ranking"][::-1],
    }.items():
        assert verify(tmp_path, drawn | {member: changed})[0] == 1, member


async def test_the_secret_stays_in_until_the_draw(as_: SignIn, cast: Cast, travel: Travel) -> None:
    slot = await a_draw(cast)
    await enter(as_, slot, *FAMILIES[:4])
    secret = _unsealed(await Draw.get(slot_id=slot))
    head, parent = await as_("许建安"), await as_("王立强")

    async def everything() -> str:
        said = []
        for phone in (head, parent):
            for path in ("", "/draw", "/draw/rehearsal", "/bookings", "/booking"):
                said.append((await phone.get(f"/slots/{slot}{path}")).text)
        said.append((await head.put(f"/slots/{slot}/draw", json=VALUE)).text)
        return "".join(said)

    told = await everything()
    await travel(2 * DAY + timedelta(minutes=1))
    told += await everything()
    assert secret.hex() not in told and sha256(secret).hexdigest() in told
    stored = await Draw.get(slot_id=slot)
    assert secret not in bytes(stored.sealed_secret) and stored.secret == ""
    [trail] = await fetch("SELECT string_agg(facts::text, ' ') AS facts FROM audit_entries")
    assert secret.hex() not in (trail["facts"] or "")


async def test_who_may_see_a_draw_and_who_may_hold_it(as_: SignIn, cast: Cast) -> None:
    slot = await a_draw(cast)
    for stranger in ("孙海燕", "钱进", "何清越"):
        assert (await (await as_(stranger)).get(f"/slots/{slot}/draw")).status_code == 404
    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404)):
        phone = await as_(name)
        assert (await phone.put(f"/slots/{slot}/draw", json=VALUE)).status_code == status
        assert (await phone.get(f"/slots/{slot}/draw/rehearsal")).status_code == status
    first_come = await Slot.get(id=slot)
    await execute("UPDATE slots SET mode = 'first_come' WHERE id = $1", first_come.id)
    assert (await (await as_("王立强")).get(f"/slots/{slot}/draw")).status_code == 404


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


def test_the_script_is_the_algorithm_word_for_word() -> None:
    script = SCRIPT.read_text("utf-8")
    for function in (lots.hash_of, lots.seed_of, lots.ranked, lots.placed):
        assert inspect.getsource(function) in script


def test_chances_follow_the_weights() -> None:
    """Over 20,000 seeds, the first two out of the drum against the exact chances."""
    weights = dict(zip("abcdefgh", (4, 4, 4, 4, 4, 1, 1, 1), strict=True))
    entries = [{"code": code, "party": 1, "weight": w} for code, w in weights.items()]
    total, seeds = sum(weights.values()), 20_000
    first = dict.fromkeys(weights, 0)
    second = dict.fromkeys(weights, 0)
    for number in range(seeds):
        order = lots.ranked(sha256(f"seed {number}".encode()).digest(), entries)
        first[order[0]] += 1
        second[order[1]] += 1
    for code, weight in weights.items():
        expected = weight / total
        after = sum(
            w / total * weight / (total - w) for other, w in weights.items() if other != code
        )
        # Four standard deviations: one run in two thousand would miss by chance, and the
        # seeds are always the same.
        for seen, chance in ((first[code], expected), (second[code], after)):
            assert abs(seen / seeds - chance) < 4 * (chance * (1 - chance) / seeds) ** 0.5


def test_one_entry_less_leaves_the_order_of_the_others() -> None:
    entries = [{"code": f"{n:03}", "party": 1, "weight": 1 + n % 4} for n in range(200)]
    seed = sha256(b"any").digest()
    whole = lots.ranked(seed, entries)
    assert lots.ranked(seed, entries[:57] + entries[58:]) == [c for c in whole if c != "057"]
    assert lots.ranked(seed, entries[::-1]) == whole
    assert lots.hash_of(entries[::-1]) == lots.hash_of(entries)


@pytest.mark.parametrize(
    ("places", "passed", "winners"),
    [(3, (), ["a", "b"]), (4, (), ["a", "b"]), (6, (), ["a", "b", "c"]), (3, ("b",), ["a"]),
     (0, (), []), (4, ("a", "b"), ["c"])],
)  # fmt: skip
def test_places_go_down_the_order_until_a_party_finds_no_room(
    places: int, passed: tuple[str, ...], winners: list[str]
) -> None:
    assert lots.placed(["a", "b", "c"], {"a": 1, "b": 2, "c": 3}, places, passed) == winners


def test_the_beacon_of_a_moment_is_the_round_the_network_counts() -> None:
    # 27946612 is the round its own documentation gives for 2026-04-20 00:00 UTC.
    moment = datetime(2026, 4, 20, tzinfo=UTC)
    assert "第27946612轮" in lots.beacon(moment).text
    assert lots.beacon(moment).expected_at == moment
