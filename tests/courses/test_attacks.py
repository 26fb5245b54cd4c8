"""Ways around the rules of the parent school, tried: what each of them gains is nothing."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from backend import clock
from backend.courses.models import Course, CourseCompletion, CourseEnrolment
from backend.database import execute, fetch
from backend.people.operations import ties
from backend.settings import Settings
from backend.web.actor import Role
from seed.cast import Cast
from tests.courses.shelf import on_the_shelf, watch
from tests.courses.stories import (
    a_course,
    a_medium,
    a_session,
    add,
    article,
    course,
    handed_in,
    letters_to,
    listed,
    live,
    ok,
    refused,
    seen,
    video,
    written,
)
from tests.courses.test_assignments import TOLD, ask
from tests.courses.viewing import Hand, opened
from tests.house import SignIn, _open

REASON = {"reason": "参加了线下讲座"}
YES = {"approved": True}


async def test_a_course_watched_here_does_not_become_one_that_is_credited_by_hand(
    as_: SignIn, cast: Cast
) -> None:
    made, admin = await a_course(as_, cast), await as_("许建安")
    body = {**course(), "delivery": "offline", "version": made["version"]}
    facts = refused(await admin.put(f"/courses/{made['id']}", json=body), "fixed_once_published")
    assert facts["field"] == "delivery"
    url = f"/lessons/{made['lessonIds'][0]}/credits/{cast.id('王立强')}"
    refused(await admin.put(url, json=REASON), "not_creditable")


async def test_whoever_left_a_lesson_out_does_not_pass_the_rest(as_: SignIn, cast: Cast) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article("留下的"), article("不要的"))
    unwanted = (await listed(admin, draft["id"]))[1]["id"]
    assert (await admin.delete(f"/lessons/{unwanted}/draft")).status_code == 204
    # The principal is asked, for the administrator has had a hand in it now.
    await handed_in(teacher, draft["id"])
    refused(await admin.put(f"/courses/{draft['id']}/review", json=YES), "own_review")
    ok(await (await as_("周慕云")).put(f"/courses/{draft['id']}/review", json=YES))


async def test_a_reviewer_passes_only_what_they_have_read(as_: SignIn, cast: Cast) -> None:
    """Returned by somebody else, changed and handed in anew, while they were reading."""
    teacher, admin, head = [await as_(name) for name in ("林晓岚", "许建安", "周慕云")]
    made = await a_course(as_, cast, article())
    lesson = f"/lessons/{made['lessonIds'][0]}"
    ok(await teacher.put(f"{lesson}/draft", json={"version": 0, **article("无害的")}))
    ok(await teacher.put(f"{lesson}/submission"))
    read = ok(await admin.get(lesson))["draft"]["version"]
    back = {"approved": False, "reason": "请补充"}
    ok(await head.put(f"{lesson}/review", json={**back, "version": read}))
    changed = {"version": read, **article("换掉的")}
    ok(await teacher.put(f"{lesson}/draft", json=changed))
    ok(await teacher.put(f"{lesson}/submission"))
    facts = refused(
        await admin.put(f"{lesson}/review", json={**YES, "version": read}), "lesson_changed"
    )
    assert facts["version"] == read + 1
    assert ok(await admin.get(lesson))["content"]["title"] == "每天十分钟"
    ok(await admin.put(f"{lesson}/review", json={**YES, "version": read + 1}))
    assert ok(await admin.get(lesson))["content"]["title"] == "换掉的"


async def test_asking_ending_and_asking_again_is_one_letter(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, shelved = await as_("林晓岚"), await on_the_shelf(cast)
    for _ in range(5):
        made = ok(await ask(teacher, cast, shelved), 201)
        url = f"/courses/{shelved.id}/assignments/{made['id']}"
        assert (await teacher.delete(url)).status_code == 204
    assert len(await letters_to(cast, "王立强", TOLD)) == 1
    # Another term it is news again.
    await execute("UPDATE course_assignments SET ended_at = ended_at - interval '31 days'")
    ok(await ask(teacher, cast, shelved), 201)
    assert len(await letters_to(cast, "王立强", TOLD)) == 2


async def test_a_seat_on_a_districts_committee_is_no_office_of_the_district(
    as_: SignIn, cast: Cast
) -> None:
    """Not even for somebody who teaches at one of its schools besides."""
    shelved = await on_the_shelf(cast, "区家长学校的课", school=None, lessons=1)
    await ties.appoint(cast.id("林晓岚"), Role.COMMITTEE_CHAIR, cast.district)
    teacher = await as_("林晓岚")
    host = f"/parent-schools/{shelved.course.host_id}"
    assert (await teacher.get(f"/courses/{shelved.id}")).status_code == 200
    assert (await teacher.get(f"{host}/courses")).status_code == 403
    assert (await teacher.post(f"{host}/courses", json=course())).status_code == 403
    retire = await teacher.put(f"/courses/{shelved.id}/retirement", json={"reason": "不要了"})
    assert retire.status_code == 403
    counted = ok(await teacher.get(f"/courses/{shelved.id}/completion"))["rows"]
    assert {row["kind"] for row in counted} == {"class"}


async def test_who_works_at_two_schools_carries_nothing_from_one_into_the_other(
    as_: SignIn, cast: Cast
) -> None:
    await ties.appoint(cast.id("林晓岚"), Role.SUBJECT_TEACHER, cast.classes["莲塘/七年级/1班"])
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    lessons = f"/courses/{draft['id']}/lessons"
    film = await a_medium(cast, school="莲塘")
    refused(await teacher.post(lessons, json=video(film)), "attachment_missing")
    slot = await a_session(cast, "莲塘")
    refused(await teacher.post(lessons, json=live(slot)), "slot_not_fitting")
    cover = await a_medium(cast, kind="image", school="莲塘")
    body = {**course(), "coverId": cover, "version": draft["version"]}
    refused(await teacher.put(f"/courses/{draft['id']}", json=body), "attachment_missing")
    # A lesson is moved into no other course, neither by its id nor by an order.
    there = await written(teacher, cast, school="莲塘")
    mine = await add(teacher, draft["id"], article())
    order = {"lessonIds": [mine["id"]], "version": (await seen(teacher, there["id"]))["version"]}
    refused(
        await teacher.put(f"/courses/{there['id']}/lesson-order", json=order), "order_incomplete"
    )
    assert [line["id"] for line in await listed(teacher, draft["id"])] == [mine["id"]]


async def test_taking_a_course_anew_many_times_at_once_is_taking_it_anew_once(
    as_: SignIn, cast: Cast
) -> None:
    shelved, father = await on_the_shelf(cast, lessons=1, valid_days=30), await as_("王立强")
    await watch(cast.id("王立强"), shelved.lessons[0])
    answers = await asyncio.gather(
        *[father.put(f"/courses/{shelved.id}/renewal") for _ in range(6)]
    )
    assert [ok(answer)["round"] for answer in answers] == [2] * 6
    assert (await CourseEnrolment.get(course_id=shelved.id)).round == 2
    # A round that is not done is not skipped, and nothing of the last one counts for it.
    assert ok(await father.put(f"/courses/{shelved.id}/renewal"))["round"] == 2
    assert await CourseCompletion.filter(course_id=shelved.id).count() == 1
    certificates = await fetch("SELECT 1 FROM certificates")
    assert len(certificates) == 1


async def test_crediting_does_not_tell_who_exists(as_: SignIn, cast: Cast) -> None:
    shelved, admin = await on_the_shelf(cast, delivery="both", lessons=1), await as_("许建安")
    said = set()
    for person in (cast.id("孙海燕"), cast.id("何清越"), cast.id("沈知微"), uuid4()):
        answer = await admin.put(f"/lessons/{shelved.lessons[0].id}/credits/{person}", json=REASON)
        problem = answer.json()
        said.add((answer.status_code, problem["code"], problem["detail"]))
    assert len(said) == 1


async def test_whoever_prepares_for_a_train_without_a_network_loses_nothing_by_it(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """The control of those who open everything and wait: the same, but really watched."""
    shelved, phone = await on_the_shelf(cast, lessons=4), await as_("王立强")
    hand = Hand(monkeypatch)
    viewings = []
    for lesson in shelved.lessons[:3]:
        viewings.append(await opened(phone, lesson))
        hand.forward(2)
    # Fifteen minutes in the tunnel, each lesson to its end, then the network is back.
    hand.forward(900)
    await _open(phone, cast.id("王立强"), settings)
    live_one = await opened(phone, shelved.lessons[3])
    hand.forward(30)
    assert (await live_one.tell((0, 30_000)))["refusedMs"] == 0
    for viewing in reversed(viewings):
        told = await viewing.tell((0, 300_000))
        assert (told["refusedMs"], told["coveredMs"]) == (0, 300_000)
    await live_one.watch(hand, 30_000, 300_000)
    # What did not fit at its time is sent again, as a phone does.
    told = await live_one.tell((30_000, 300_000))
    assert (told["refusedMs"], told["percent"]) == (0, 100)
    assert told["courseCompleted"]
    completion = await CourseCompletion.get(course_id=shelved.id)
    assert (await Course.get(id=shelved.id)).certifies
    assert completion.certificate_id is not None
    assert clock.now() - hand.began < timedelta(minutes=21)


async def test_a_school_certifies_in_nobody_elses_name(as_: SignIn, cast: Cast) -> None:
    """What it calls its parent school is its own choice; who certifies is not."""
    shelved, admin = await on_the_shelf(cast, lessons=1), await as_("许建安")
    url = f"/schools/{cast.schools['海湾'].id}/parent-school"
    for name in ("国家开放大学", "海湾实验小学阳光家长学校", "大" * 60):
        ok(await admin.put(url, json={"name": name, "openedOn": "2026-09-01"}))
        await execute("DELETE FROM course_completions")
        await execute("DELETE FROM certificates")
        await watch(cast.id("王立强"), shelved.lessons[0])
        [mine] = ok(await (await as_("王立强")).get("/me/certificates"))["items"]
        assert mine["issuer"].startswith("海湾实验小学"), mine["issuer"]
