"""Hazards: found by a volunteer, put right by the school, looked at again by the next one."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import clock
from backend.database import execute, fetch
from backend.volunteering import jobs
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.media.phones import PHOTO, upload
from tests.volunteering.duty import HOUR, finding, on_duty, photo_of, report, run_from

FATHER, NEXT, ADMIN, OWNER = "王立强", "李建国", "许建安", "吴思远"


def today() -> date:
    return clock.local(clock.now()).date()


async def reported(as_: SignIn, cast: Cast, **more: Any) -> str:
    """Let a volunteer on patrol report something; returns the hazard's id."""
    shift = await on_duty(as_, cast, FATHER)
    [shown] = await report(await as_(FATHER), shift, finding(**more))
    hazard_id: str = shown["hazardId"]
    return hazard_id


async def moved(phone: Visitor, hazard_id: str, step: str, **body: Any) -> dict[str, Any]:
    answer = await phone.put(f"/hazards/{hazard_id}/{step}", json=body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def assigned(as_: SignIn, cast: Cast, hazard_id: str, days: int = 3) -> None:
    admin, due = await as_(ADMIN), today() + timedelta(days=days)
    await moved(admin, hazard_id, "decision", confirmed=True)
    await moved(admin, hazard_id, "assignment", ownerId=str(cast.id(OWNER)), dueOn=due.isoformat())


async def put_right(as_: SignIn, cast: Cast, hazard_id: str) -> None:
    await assigned(as_, cast, hazard_id)
    await moved(await as_(OWNER), hazard_id, "work", done=True, note="螺丝已更换")


async def counts(phone: Visitor, cast: Cast) -> dict[str, int]:
    answer = await phone.get(f"/schools/{cast.schools['海湾'].id}/hazards")
    assert answer.status_code == 200, answer.text
    shown: dict[str, int] = answer.json()["counts"]
    return shown


async def test_a_hazard_goes_its_whole_way_to_nought(as_: SignIn, cast: Cast) -> None:
    admin, owner, father = await as_(ADMIN), await as_(OWNER), await as_(FATHER)
    hazard = await reported(as_, cast)
    assert await counts(admin, cast) == {"reported": 1, "open": 0, "overdue": 0, "closed": 0}
    await moved(admin, hazard, "decision", confirmed=True, severity="high", note="必经之路")
    assert (await counts(admin, cast))["open"] == 1
    await moved(admin, hazard, "assignment", ownerId=str(cast.id(OWNER)), dueOn=today().isoformat())
    await moved(owner, hazard, "work", done=False, note="已联系师傅")
    await moved(owner, hazard, "work", done=True, note="已加固")
    shift = await on_duty(as_, cast, NEXT, place="操场")
    helper = await as_(NEXT)
    [asked] = (await helper.get(f"/shifts/{shift}/rechecks")).json()["items"]
    assert (asked["id"], asked["text"]) == (hazard, "三楼楼梯扶手松动")
    failed = await moved(helper, hazard, "recheck", ok=False, note="仍然松动")
    assert failed["state"] == "fixing"
    await moved(owner, hazard, "work", done=True, note="重新打孔加固")
    photo = await photo_of(helper, shift)
    closed = await moved(helper, hazard, "recheck", ok=True, photoIds=[photo])
    assert (closed["state"], closed["staff"]) == ("closed", None)
    assert await counts(admin, cast) == {"reported": 0, "open": 0, "overdue": 0, "closed": 1}
    steps = (await admin.get(f"/hazards/{hazard}")).json()["staff"]["steps"]
    assert [step["became"] for step in steps] == [
        "reported", "confirmed", "assigned", "fixing", "recheck", "fixing", "recheck", "closed",
    ]  # fmt: skip
    assert [step["by"] for step in steps[:3]] == [FATHER, ADMIN, ADMIN]
    assert [picture["id"] for picture in steps[-1]["photos"]] == [photo]
    assert (await father.get(f"/hazards/{hazard}")).json()["state"] == "closed"


async def test_the_reporter_sees_how_it_stands_and_no_word_of_the_school(
    as_: SignIn, cast: Cast
) -> None:
    admin, father, hazard = await as_(ADMIN), await as_(FATHER), await reported(as_, cast)
    await moved(admin, hazard, "decision", confirmed=True, note="施工队质量差")
    due = today().isoformat()
    await moved(admin, hazard, "assignment", ownerId=str(cast.id(OWNER)), dueOn=due, note="尽快")
    seen = await father.get(f"/hazards/{hazard}")
    assert (seen.json()["state"], seen.json()["staff"]) == ("assigned", None)
    mine = await father.get("/me/hazards")
    [line] = mine.json()["reported"]
    assert (line["state"], line["dueOn"]) == ("assigned", None)
    for answer in (seen, mine):
        for secret in ("施工队质量差", "尽快", OWNER, ADMIN):
            assert secret not in answer.text
    for step in ("decision", "assignment", "work", "recheck"):
        body: dict[str, Any] = {
            "decision": {"confirmed": True},
            "assignment": {"ownerId": str(cast.id(OWNER)), "dueOn": due},
            "work": {"done": True, "note": "好了"},
            "recheck": {"ok": True},
        }[step]
        answer = await father.put(f"/hazards/{hazard}/{step}", json=body)
        # Parents are not told that staff doors exist; the recheck is a door of volunteers.
        assert answer.status_code == (403 if step == "recheck" else 404), step


async def test_staff_read_the_register_and_strangers_do_not(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast)
    url = f"/schools/{cast.schools['海湾'].id}/hazards"
    for name, one, register in (
        (ADMIN, 200, 200),
        ("周慕云", 200, 200),
        ("林晓岚", 200, 200),
        ("李建国", 404, 404),
        ("孙海燕", 404, 404),
        ("何清越", 404, 404),
        ("曹望舒", 404, 404),
    ):
        phone = await as_(name)
        assert (await phone.get(f"/hazards/{hazard}")).status_code == one, name
        assert (await phone.get(url)).status_code == register, name
    teacher = await as_("林晓岚")
    denied = await teacher.put(f"/hazards/{hazard}/decision", json={"confirmed": True})
    assert (denied.status_code, denied.json()["code"]) == (403, "not_allowed")


async def test_the_district_sees_counts_and_no_words(as_: SignIn, cast: Cast) -> None:
    hazard, officer = await reported(as_, cast), await as_("沈知微")
    register = await officer.get(f"/schools/{cast.schools['海湾'].id}/hazards")
    assert register.json() == {
        "counts": {"reported": 1, "open": 0, "overdue": 0, "closed": 0},
        "items": [],
        "nextCursor": None,
    }
    assert (await officer.get(f"/hazards/{hazard}")).status_code == 404


async def test_the_register_is_paged_newest_first_and_forgets_what_is_over(
    as_: SignIn, cast: Cast
) -> None:
    admin, shift = await as_(ADMIN), await on_duty(as_, cast, FATHER)
    texts = [f"第{n}处" for n in range(1, 6)]
    shown = await report(await as_(FATHER), shift, *[finding(text) for text in texts])
    await moved(admin, shown[0]["hazardId"], "decision", confirmed=False, note="并非隐患")
    url = f"/schools/{cast.schools['海湾'].id}/hazards"

    async def walk(**query: Any) -> list[str]:
        seen, cursor = [], None
        while True:
            asked = query | {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await admin.get(url, params=asked)).json()
            seen += [item["text"] for item in page["items"]]
            if (cursor := page["nextCursor"]) is None:
                return seen

    assert sorted(await walk()) == texts[1:]
    assert sorted(await walk(everything=True)) == texts
    bad = await admin.get(url, params={"cursor": "nonsense"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("step", ["assignment", "work", "recheck", "decision"])
async def test_no_step_is_skipped_or_taken_twice(as_: SignIn, cast: Cast, step: str) -> None:
    admin, hazard = await as_(ADMIN), await reported(as_, cast)
    due = today().isoformat()
    bodies: dict[str, dict[str, Any]] = {
        "assignment": {"ownerId": str(cast.id(OWNER)), "dueOn": due},
        "work": {"done": True, "note": "好了"},
        "recheck": {"ok": True},
        "decision": {"confirmed": True},
    }
    if step == "decision":
        await moved(admin, hazard, "decision", confirmed=False, note="并非隐患")
    answer = await admin.put(f"/hazards/{hazard}/{step}", json=bodies[step])
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_hazard_state")


async def test_a_step_sent_again_after_a_lost_answer_is_one_step(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast)
    await put_right(as_, cast, hazard)
    shift = await on_duty(as_, cast, NEXT)
    helper = await as_(NEXT)
    before = len(await fetch("SELECT id FROM hazard_moves"))
    for _ in range(2):
        assert (await moved(helper, hazard, "recheck", ok=True, note="已好"))["state"] == "closed"
    assert len(await fetch("SELECT id FROM hazard_moves")) == before + 1
    assert (await helper.get(f"/shifts/{shift}/rechecks")).json()["items"] == []


async def test_of_two_rechecks_at_once_one_counts(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast)
    await put_right(as_, cast, hazard)
    await on_duty(as_, cast, NEXT, "高远")
    one, other = await as_(NEXT), await as_("高远")
    answers = await asyncio.gather(
        one.put(f"/hazards/{hazard}/recheck", json={"ok": True}),
        other.put(f"/hazards/{hazard}/recheck", json={"ok": False, "note": "仍松动"}),
    )
    # The later one finds nothing left to recheck, or no longer sees it at all.
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert sorted(answer.status_code for answer in answers)[1] in (404, 409)
    steps = await fetch("SELECT became FROM hazard_moves WHERE was = 'recheck'")
    assert len(steps) == 1


async def test_the_owner_works_at_the_school_and_the_date_lies_ahead(
    as_: SignIn, cast: Cast
) -> None:
    admin, hazard = await as_(ADMIN), await reported(as_, cast)
    await moved(admin, hazard, "decision", confirmed=True)
    url, due = f"/hazards/{hazard}/assignment", today().isoformat()
    for name in (FATHER, "何清越", "周婷"):
        answer = await admin.put(url, json={"ownerId": str(cast.id(name)), "dueOn": due})
        assert (answer.status_code, answer.json()["code"]) == (422, "owner_not_on_staff"), name
    for days in (-1, 400):
        day = (today() + timedelta(days=days)).isoformat()
        answer = await admin.put(url, json={"ownerId": str(cast.id(OWNER)), "dueOn": day})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_due_date")


async def test_nobody_rechecks_their_own_work(as_: SignIn, cast: Cast) -> None:
    admin, hazard = await as_(ADMIN), await reported(as_, cast)
    await moved(admin, hazard, "decision", confirmed=True)
    due = today().isoformat()
    await moved(admin, hazard, "assignment", ownerId=str(cast.id(ADMIN)), dueOn=due)
    assert (await moved(admin, hazard, "work", done=True, note="好了"))["canRecheck"] is False
    answer = await admin.put(f"/hazards/{hazard}/recheck", json={"ok": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "own_recheck")
    principal = await as_("周慕云")
    assert (await moved(principal, hazard, "recheck", ok=True))["state"] == "closed"


async def test_only_the_next_volunteer_of_that_duty_or_place_is_asked(
    as_: SignIn, cast: Cast
) -> None:
    hazard = await reported(as_, cast)
    await put_right(as_, cast, hazard)
    elsewhere = await on_duty(as_, cast, "高远", duty="canteen", place="食堂")
    same_place = await on_duty(as_, cast, "马静", duty="canteen", place="三号楼")
    same_duty = await on_duty(as_, cast, NEXT, duty="patrol", place="操场")
    for name, shift, asked in (
        ("高远", elsewhere, 0),
        ("马静", same_place, 1),
        (NEXT, same_duty, 1),
    ):
        phone = await as_(name)
        assert len((await phone.get(f"/shifts/{shift}/rechecks")).json()["items"]) == asked, name
        assert (await phone.get(f"/hazards/{hazard}")).status_code == (200 if asked else 404)
    stranger = await (await as_("高远")).put(f"/hazards/{hazard}/recheck", json={"ok": True})
    assert stranger.status_code == 404
    # Once the shift is long over, the next one is somebody else.
    await run_from(same_duty, clock.now() - 30 * HOUR, "completed")
    over = await (await as_(NEXT)).put(f"/hazards/{hazard}/recheck", json={"ok": True})
    assert over.status_code == 404


async def test_whoever_failed_it_is_not_the_next_for_ever(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast)
    await put_right(as_, cast, hazard)
    shift, helper = await on_duty(as_, cast, NEXT), await as_(NEXT)
    await moved(helper, hazard, "recheck", ok=False, note="仍松动")
    await run_from(shift, clock.now() - 30 * HOUR, "completed")
    await moved(await as_(OWNER), hazard, "work", done=True, note="再次加固")
    answer = await helper.put(f"/hazards/{hazard}/recheck", json={"ok": True})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_staff_show_their_work_with_photos(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast)
    await assigned(as_, cast, hazard)
    owner = await as_(OWNER)
    sent = await upload(owner, PHOTO, schoolId=str(cast.schools["海湾"].id))
    photo = sent.json()["id"]
    done = await moved(owner, hazard, "work", done=True, note="已加固", photoIds=[photo])
    assert [p["id"] for p in done["staff"]["steps"][-1]["photos"]] == [photo]
    assert [line["id"] for line in (await owner.get("/me/hazards")).json()["mine"]] == [hazard]


async def test_the_history_cannot_be_rewritten(as_: SignIn, cast: Cast) -> None:
    await reported(as_, cast)
    for change in ("UPDATE hazard_moves SET note = '改'", "DELETE FROM hazard_moves"):
        with pytest.raises(Exception, match="append-only"):
            await execute(change)


async def test_letters_name_neither_what_was_found_nor_who(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast, text="三年级1班王子墨撞坏的门")
    await put_right(as_, cast, hazard)
    letters = await fetch(
        "SELECT l.occasion, i.title_zh, i.body_zh FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id"
    )
    told = [row["occasion"] for row in letters if "hazard" in row["occasion"]]
    assert set(told) == {
        "volunteering.hazard_assigned",
        "volunteering.hazard_moved",
        "volunteering.hazard_reported",
    }
    for row in letters:
        assert "王子墨" not in str(row)
        assert "隐患" not in row["title_zh"]


async def test_owners_are_reminded_once_a_day_of_what_is_overdue(as_: SignIn, cast: Cast) -> None:
    hazard = await reported(as_, cast)
    await assigned(as_, cast, hazard)
    assert await jobs.remind_overdue_hazards() == 0
    await execute("UPDATE hazards SET due_on = $1", today() - timedelta(days=1))
    assert (await counts(await as_(ADMIN), cast))["overdue"] == 1
    for _ in range(2):
        assert await jobs.remind_overdue_hazards() == 1
    told = await fetch("SELECT id FROM post_letter WHERE occasion = 'volunteering.hazards_overdue'")
    assert len(told) == 1
    await execute("UPDATE hazards SET state = 'recheck'")
    assert await jobs.remind_overdue_hazards() == 0


async def test_the_database_keeps_a_hazard_on_its_way(as_: SignIn, cast: Cast) -> None:
    hazard = UUID(await reported(as_, cast))
    for wrong in ("state = 'fixing'", "state = 'closed'", "severity = 'dreadful'", "state = 'x'"):
        with pytest.raises(Exception, match=r"violates check|too long"):
            await execute(f"UPDATE hazards SET {wrong} WHERE id = $1", hazard)
