"""Finding a stand-in: asked, offered, taken, refused by the organiser, moved with the slot."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from backend import clock
from backend.bookings import jobs
from backend.bookings.operations import qualifications, slots
from backend.database import fetch
from seed.cast import Cast
from tests.bookings.conftest import At
from tests.bookings.slots import a_slot, counters, states
from tests.house import SignIn, Visitor

NOTE = {"note": "当天要带孩子看病"}


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


async def holding(as_: SignIn, slot: UUID, name: str = "王立强") -> Visitor:
    phone = await as_(name)
    answer = await phone.put(f"/slots/{slot}/booking", json={})
    assert answer.json()["state"] == "confirmed", answer.text
    return phone


async def asking(as_: SignIn, slot: UUID, name: str = "王立强") -> str:
    answer = await (await holding(as_, slot, name)).put(
        f"/slots/{slot}/booking/stand-in", json=NOTE
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def offering(as_: SignIn, search: str, *names: str) -> None:
    for name in names:
        answer = await (await as_(name)).put(f"/stand-ins/{search}/offer")
        assert answer.status_code == 204, answer.text


async def pick(phone: Visitor, search: str, person: UUID) -> httpx.Response:
    return await phone.put(f"/stand-ins/{search}/taking", json={"personId": str(person)})


async def searches(phone: Visitor) -> list[dict[str, Any]]:
    answer = await phone.get("/stand-ins")
    assert answer.status_code == 200
    return list(answer.json()["items"])


async def occasions(cast: Cast, name: str) -> list[str]:
    await jobs.tell_moves()
    rows = await fetch(
        "SELECT l.occasion, i.title_zh FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id WHERE i.person_id = $1 "
        "ORDER BY i.created_at, i.id",
        cast.id(name),
    )
    assert not any(word in row["title_zh"] for row in rows for word in ("校门", "王", "看病"))
    return [row["occasion"].removeprefix("bookings.") for row in rows]


async def test_a_place_changes_hands_and_nobody_in_the_queue_is_passed_by(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, organiser_id=cast.id("林晓岚"))
    search = await asking(as_, slot)
    asker = await as_("王立强")
    queue = await (await as_("赵德胜")).put(f"/slots/{slot}/booking", json={})
    assert queue.json()["state"] == "waitlisted"
    assert (await states(slot))[cast.id("王立强")] == "confirmed"
    [seen] = await searches(await as_("李建国"))
    assert (seen["id"], seen["asker"], seen["note"]) == (search, "王家长", NOTE["note"])
    assert "立强" not in str(seen) and not seen["offered"]
    await offering(as_, search, "李建国", "周婷", "李建国")
    assert [item["offered"] for item in await searches(await as_("李建国"))] == [True]
    mine = (await asker.get(f"/slots/{slot}/booking/stand-in")).json()
    assert [one["name"] for one in mine["offers"]] == ["李家长", "周家长"]
    for _ in range(2):
        assert (await pick(asker, search, cast.id("周婷"))).status_code == 204
    now = await states(slot)
    assert (now[cast.id("王立强")], now[cast.id("周婷")]) == ("cancelled", "confirmed")
    assert now[cast.id("赵德胜")] == "waitlisted"
    assert (await counters(slot))["taken"] == 1
    assert await occasions(cast, "王立强") == ["stand_in_offered"] * 2 + ["handed_over"]
    assert await occasions(cast, "周婷") == ["stands_in"]
    assert await occasions(cast, "李建国") == ["stand_in_not_needed"]
    assert await occasions(cast, "林晓岚") == ["stand_in_changed_hands"]
    ended = await pick(asker, search, cast.id("李建国"))
    assert (ended.status_code, code_of(ended)) == (409, "stand_in_ended")
    assert await searches(await as_("刘敏")) == []
    done = (await asker.get(f"/slots/{slot}/booking/stand-in")).json()
    assert (done["state"], done["taker"]) == ("taken", "周家长")


async def test_only_who_holds_a_place_may_ask_and_asking_twice_is_once(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast)
    search = await asking(as_, slot)
    url = f"/slots/{slot}/booking/stand-in"
    again = await (await as_("王立强")).put(url, json={"note": "已找到人，只差确认"})
    assert again.json()["id"] == search and again.json()["note"] == "已找到人，只差确认"
    await (await as_("刘敏")).put(f"/slots/{slot}/booking", json={})
    for name in ("刘敏", "李建国"):
        refused = await (await as_(name)).put(url, json=NOTE)
        assert (refused.status_code, code_of(refused)) == (409, "not_booked")
    assert (await (await as_("孙海燕")).put(url, json=NOTE)).status_code == 404
    named = await a_slot(cast, children_named=True, begins_in=timedelta(days=3))
    child = str(cast.children["王子墨"].id)
    parent = await as_("王立强")
    await parent.put(f"/slots/{named}/booking", json={"studentIds": [child]})
    refused = await parent.put(f"/slots/{named}/booking/stand-in", json=NOTE)
    assert code_of(refused) == "no_stand_ins_here"


async def test_only_who_could_come_is_shown_a_search_and_may_offer(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast, requires=["volunteer"])
    school = cast.schools["海湾"].id
    for name in ("王立强", "李建国", "高远"):
        await qualifications.grant(cast.id(name), school, "volunteer", by=None)
    search = await asking(as_, slot)
    busy = await a_slot(cast, begins_in=timedelta(days=10, hours=1))
    await holding(as_, busy, "高远")
    for name, code in (("周婷", "needs"), ("高远", "collides"), ("王立强", "has_one")):
        phone = await as_(name)
        assert await searches(phone) == [], name
        refused = await phone.put(f"/stand-ins/{search}/offer")
        assert (refused.status_code, code_of(refused)) == (409, code)
    far = await as_("孙海燕")
    assert await searches(far) == []
    assert (await far.put(f"/stand-ins/{search}/offer")).status_code == 404
    await offering(as_, search, "李建国")
    # Somebody else's search is not theirs to settle.
    taken = await pick(await as_("李建国"), search, cast.id("李建国"))
    assert taken.status_code == 403
    uninvited = await pick(await as_("王立强"), search, cast.id("周婷"))
    assert uninvited.status_code == 404
    # Meanwhile the one who offered is busy, which is nobody else's business.
    await (await as_("高远")).delete(f"/slots/{busy}/booking")
    await holding(as_, busy, "李建国")
    refused = await pick(await as_("王立强"), search, cast.id("李建国"))
    assert (code_of(refused), refused.json()["facts"]) == ("cannot_take_over", {})
    assert (await states(slot))[cast.id("王立强")] == "confirmed"
    assert (await counters(slot))["taken"] == 1


async def test_an_offer_and_a_search_may_be_taken_back(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast)
    search = await asking(as_, slot)
    await offering(as_, search, "李建国", "周婷")
    for _ in range(2):
        answer = await (await as_("李建国")).delete(f"/stand-ins/{search}/offer")
        assert answer.status_code == 204
    asker = await as_("王立强")
    assert (await pick(asker, search, cast.id("李建国"))).status_code == 404
    for _ in range(2):
        assert (await asker.delete(f"/slots/{slot}/booking/stand-in")).status_code == 204
    late = await (await as_("高远")).put(f"/stand-ins/{search}/offer")
    assert code_of(late) == "stand_in_ended"
    assert await occasions(cast, "周婷") == ["stand_in_not_needed"]
    assert await occasions(cast, "李建国") == []
    assert (await states(slot))[cast.id("王立强")] == "confirmed"


async def test_the_swap_follows_when_the_slot_moves(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast)
    search = await asking(as_, slot)
    await offering(as_, search, "李建国")
    later = clock.now() + timedelta(days=12)
    admin = cast.id("许建安")
    await slots.move(slot, later, later + timedelta(hours=2), "南门", by=admin)
    assert (await pick(await as_("王立强"), search, cast.id("李建国"))).status_code == 204
    await slots.move(
        slot, later + timedelta(days=1), later + timedelta(days=1, hours=2), "北门", by=admin
    )
    taker = (await (await as_("李建国")).get(f"/slots/{slot}/booking")).json()
    assert taker["startsAt"] == (later + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert await occasions(cast, "李建国") == ["stands_in", "moved"]
    assert await occasions(cast, "王立强") == ["stand_in_offered", "moved", "handed_over"]


async def test_the_organiser_may_end_a_search_and_reverse_a_swap(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast)
    search = await asking(as_, slot)
    await offering(as_, search, "李建国")
    organiser, why = await as_("许建安"), {"reason": "需要受过培训的家长"}
    # That somebody cannot come is not for every teacher to know.
    for name, listed in (("王立强", 404), ("吴思远", 403), ("何清越", 404)):
        phone = await as_(name)
        assert (await phone.put(f"/stand-ins/{search}/veto", json=why)).status_code == 404
        assert (await phone.get(f"/slots/{slot}/stand-ins")).status_code == listed
    for _ in range(2):
        assert (await organiser.put(f"/stand-ins/{search}/veto", json=why)).status_code == 204
    assert await occasions(cast, "王立强") == ["stand_in_offered", "stand_in_refused"]
    ended = await pick(await as_("王立强"), search, cast.id("李建国"))
    assert code_of(ended) == "stand_in_ended"

    again = await (await as_("王立强")).put(f"/slots/{slot}/booking/stand-in", json=NOTE)
    search = again.json()["id"]
    await offering(as_, search, "李建国")
    await pick(await as_("王立强"), search, cast.id("李建国"))
    assert (await organiser.put(f"/stand-ins/{search}/veto", json=why)).status_code == 204
    now = await states(slot)
    assert (now[cast.id("王立强")], now[cast.id("李建国")]) == ("confirmed", "cancelled")
    back = (await (await as_("王立强")).get(f"/slots/{slot}/booking")).json()
    assert back["line"]["code"] == "returned"
    assert (await occasions(cast, "王立强"))[2:] == ["stand_in_offered", "stand_in_returned"]
    assert (await occasions(cast, "李建国"))[-1] == "stand_in_reversed"
    assert (await counters(slot))["taken"] == 1
    listed = (await organiser.get(f"/slots/{slot}/stand-ins")).json()["items"]
    assert [(one["state"], one["asker"], one["taker"]) for one in listed] == [
        ("vetoed", "王立强", "李建国"),
        ("vetoed", "王立强", None),
    ]


async def test_a_swap_is_not_reversed_onto_somebody_who_is_busy_or_after_the_start(
    as_: SignIn, cast: Cast, at: At
) -> None:
    slot = await a_slot(cast, begins_in=timedelta(hours=20))
    search = await asking(as_, slot)
    await offering(as_, search, "李建国")
    await pick(await as_("王立强"), search, cast.id("李建国"))
    elsewhere = await a_slot(cast, begins_in=timedelta(hours=21))
    await holding(as_, elsewhere)
    organiser, why = await as_("许建安"), {"reason": "临时调整"}
    busy = await organiser.put(f"/stand-ins/{search}/veto", json=why)
    assert (busy.status_code, code_of(busy)) == (409, "cannot_take_over")
    assert (await states(slot))[cast.id("李建国")] == "confirmed"
    await (await as_("王立强")).delete(f"/slots/{elsewhere}/booking")
    await at(clock.now() + timedelta(hours=20, minutes=1))
    late = await organiser.put(f"/stand-ins/{search}/veto", json=why)
    assert (late.status_code, code_of(late)) == (409, "started")


async def test_where_the_school_approves_each_place_the_organiser_picks(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, needs_approval=True)
    asker, organiser = await as_("王立强"), await as_("许建安")
    booking = (await asker.put(f"/slots/{slot}/booking", json={})).json()["id"]
    await organiser.put(f"/bookings/{booking}/decision", json={"approved": True})
    search = (await asker.put(f"/slots/{slot}/booking/stand-in", json=NOTE)).json()["id"]
    await offering(as_, search, "李建国")
    refused = await pick(asker, search, cast.id("李建国"))
    assert (refused.status_code, code_of(refused)) == (409, "organiser_picks")
    assert await occasions(cast, "许建安") == ["stand_in_offered"]
    assert (await pick(organiser, search, cast.id("李建国"))).status_code == 204
    taken = (await (await as_("李建国")).get(f"/slots/{slot}/booking")).json()
    assert (taken["state"], taken["approved"]) == ("confirmed", True)


async def test_a_search_ends_with_its_slot_or_its_place(as_: SignIn, cast: Cast) -> None:
    off, given_back = await a_slot(cast), await a_slot(cast, begins_in=timedelta(days=4))
    first, second = await asking(as_, off), await asking(as_, given_back)
    await offering(as_, first, "李建国")
    await slots.call_off(off, "台风停课", by=cast.id("许建安"))
    await (await as_("王立强")).delete(f"/slots/{given_back}/booking")
    assert await searches(await as_("李建国")) == []
    for search in (first, second):
        refused = await (await as_("周婷")).put(f"/stand-ins/{search}/offer")
        assert code_of(refused) == "stand_in_ended"
    assert await jobs.expire_stand_ins() == 2
    assert await jobs.expire_stand_ins() == 0
    assert await occasions(cast, "李建国") == ["stand_in_not_needed"]
    kept = await fetch("SELECT state FROM stand_ins")
    assert {row["state"] for row in kept} == {"expired"}
