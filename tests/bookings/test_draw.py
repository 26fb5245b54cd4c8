"""A draw that nobody can steer and anybody can compute again."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from backend import clock
from backend.bookings import jobs, lots
from backend.bookings.models import Draw, Slot
from backend.bookings.operations.draws import _unsealed
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
from tests.bookings.slots import counters, states
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


async def test_of_two_values_entered_at_once_one_is_drawn_with(
    as_: SignIn, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    slot = await a_draw(cast, capacity=2)
    await enter(as_, slot, *FAMILIES)
    await announce(as_, slot, clock.now() + 3 * DAY)
    await travel(3 * DAY)
    head, leaving = await as_("许建安"), await as_("高远")
    *answers, left = await asyncio.gather(
        *(head.put(f"/slots/{slot}/draw", json=VALUE | {"publicValue": v}) for v in ("358", "359")),
        leaving.delete(f"/slots/{slot}/booking"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert left.status_code == 204
    [drawn] = [answer.json() for answer in answers if answer.status_code == 200]
    assert verify(tmp_path, drawn)[0] == 0
    assert (await counters(slot))["taken"] <= 2


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
