"""Holes that were found and closed; each story is the attack."""

from uuid import UUID

import pytest

from backend.database import fetch
from backend.notices import jobs, rules
from backend.notices.operations import publication
from backend.people.models import Guardianship, Relation, Standing
from backend.people.operations import ties
from backend.schools.models import School
from backend.web.actor import Role
from seed.cast import Cast
from tests.house import SignIn
from tests.notices.stories import draft, feed_of, publish, published, reach_of, written

CLASS = "海湾/三年级/1班"
LATER = "2026-12-31T08:00:00+08:00"


async def due_now() -> None:
    await fetch("UPDATE notices SET publish_at = now() - interval '1 s' RETURNING id")


async def test_the_same_audience_twice_is_one_and_holds_nothing_up(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    notice = await written(teacher, draft(cast, CLASS, CLASS))
    assert (await publish(teacher, notice, publishAt=LATER)).status_code == 200
    await due_now()
    await jobs.release_due()
    assert len(await feed_of(await as_("李建国"))) == 1


async def test_a_notice_that_cannot_be_released_does_not_hold_up_the_others(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = await as_("林晓岚")
    broken, sound = [await written(teacher, draft(cast)) for _ in range(2)]
    for notice in (broken, sound):
        await publish(teacher, notice, publishAt=LATER)
    await due_now()
    release = publication.release_due

    async def breaking(notice_id: UUID) -> None:
        if notice_id == UUID(broken):
            raise RuntimeError("a broken row")
        await release(notice_id)

    monkeypatch.setattr(publication, "release_due", breaking)
    await jobs.release_due()
    assert [item["id"] for item in await feed_of(await as_("李建国"))] == [sound]


async def test_nobody_slips_a_new_text_past_the_second_pair_of_eyes(
    as_: SignIn, cast: Cast
) -> None:
    chair, admin = await as_("周婷"), await as_("许建安")
    notice = await written(chair, draft(cast, category="committee"))
    assert (await publish(chair, notice)).json()["state"] == "pending"
    await admin.put(f"/notices/{notice}/approval", json={"revision": 1})
    slipped = await chair.put(
        f"/notices/{notice}/correction",
        json={
            "revision": 1, "title": "请今天转账", "material": True, "explanation": "更正",
            "blocks": [{"type": "paragraph", "text": "请今天转账500元。"}],
        },
    )  # fmt: skip
    assert (slipped.status_code, slipped.json()["code"]) == (409, "approved_text")


async def test_approval_names_the_version_that_was_read(as_: SignIn, cast: Cast) -> None:
    await School.filter(id=cast.schools["海湾"].id).update(notice_approval="all")
    teacher, principal = await as_("林晓岚"), await as_("周慕云")
    notice = await written(teacher, draft(cast))
    await publish(teacher, notice)
    for round_ in (1, 2):
        await principal.put(f"/notices/{notice}/return", json={"reason": f"请修改{round_}"})
        await teacher.put(f"/notices/{notice}", json=draft(cast, title=f"第{round_}稿"))
        await publish(teacher, notice)
    blind = await principal.put(f"/notices/{notice}/approval", json={"revision": 1})
    assert (blind.status_code, blind.json()["code"]) == (409, "notice_changed")
    asked = await fetch(
        "SELECT count(*) AS n FROM post_letter WHERE occasion = 'notices.approval_asked'"
    )
    assert asked[0]["n"] == 3
    told = await fetch("SELECT count(*) AS n FROM post_letter WHERE occasion = 'notices.decided'")
    assert told[0]["n"] == 2


async def test_one_notice_speaks_with_one_voice(as_: SignIn, cast: Cast) -> None:
    await ties.appoint(cast.id("林晓岚"), Role.COMMITTEE_CHAIR, cast.classes["莲塘/七年级/1班"])
    teacher = await as_("林晓岚")
    mixed = await teacher.post("/notices", json=draft(cast, CLASS, "莲塘/七年级/1班"))
    assert mixed.status_code == 403
    notice = await written(teacher, draft(cast))
    moved = await teacher.put(
        f"/notices/{notice}", json=draft(cast, "莲塘/七年级/1班", category="committee")
    )
    assert moved.json()["senderTitle"] == "七年级1班 家委会主任"
    assert (await (await as_("许建安")).get(f"/notices/{notice}")).status_code == 404


async def test_a_scheduled_notice_does_not_outlive_its_authors_standing(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    notice = await written(teacher, draft(cast))
    await publish(teacher, notice, publishAt=LATER)
    await ties.dismiss((await Standing.get(person_id=cast.id("林晓岚"))).id)
    await due_now()
    await jobs.release_due()
    assert await feed_of(await as_("李建国")) == []
    [row] = await fetch("SELECT state FROM notices WHERE id = $1", UUID(notice))
    assert row["state"] == "returned"


async def test_a_seat_elsewhere_gives_no_power_over_old_notices(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast))
    await ties.appoint(cast.id("林晓岚"), Role.COMMITTEE_MEMBER, cast.classes["海湾/一年级/1班"])
    standing = await Standing.get(person_id=cast.id("林晓岚"), role=Role.CLASS_TEACHER)
    await ties.dismiss(standing.id)
    assert (await teacher.get(f"/notices/{notice}/reach")).status_code == 404


async def test_the_district_writes_to_staff_not_to_parents_seats(as_: SignIn, cast: Cast) -> None:
    officer = await as_("沈知微")
    for who in ("committee_member", "committee_chair", "families"):
        audience = [{"nodeId": str(cast.district.id), "who": who}]
        answer = await officer.post("/notices", json=draft(cast, audiences=audience))
        assert answer.status_code == 403, who


async def test_a_notice_to_many_audiences_can_be_published(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    everywhere = [name for name in cast.classes if name.startswith("海湾")]
    body = draft(cast, *everywhere)
    body["audiences"] += [
        {"nodeId": str(grade.id), "who": "families"}
        for name, grade in cast.grades.items()
        if name.startswith("海湾")
    ]
    assert len(body["audiences"]) >= 6
    assert await published(admin, body)


async def test_a_restricted_guardians_answer_no_longer_speaks_for_the_child(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    body = draft(cast, CLASS, confirmMode="per_child", choices=["参加", "不参加"])
    notice = await published(admin, body)
    child = str(cast.children["高星辰"].id)

    async def answers(name: str, choice: str) -> None:
        given = {"revision": 1, "answers": [{"studentId": child, "choice": choice}]}
        done = await (await as_(name)).put(f"/notices/{notice}/confirmation", json=given)
        assert done.status_code == 200, done.text

    await answers("高远", "参加")
    tie = await Guardianship.get(person_id=cast.id("高远"))
    await ties.restrict(tie.id, restricted=True, by=None, reason="保护令")
    [item] = await feed_of(await as_("马静"))
    assert item["settled"] is False
    await answers("马静", "不参加")
    assert (await reach_of(admin, notice))["answers"] == {"不参加": 1}


async def test_an_expired_notice_can_be_withdrawn_and_keeps_its_reach(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast, confirmMode="tap"))
    await (await as_("李建国")).put(f"/notices/{notice}/confirmation", json={"revision": 1})
    await fetch("UPDATE notices SET expires_at = now() RETURNING id")
    assert await jobs.expire_due() == 1
    assert (await reach_of(teacher, notice))["families"]["confirmed"] == 1
    withdrawn = await teacher.put(f"/notices/{notice}/withdrawal", json={"reason": "内容有误"})
    assert withdrawn.json()["state"] == "withdrawn"
    archive = await (await as_("李建国")).get("/feed/archive")
    assert archive.json()["items"] == []


async def test_a_chair_borrows_neither_the_districts_shelf_nor_its_alarm(
    as_: SignIn, cast: Cast
) -> None:
    chair = await as_("周婷")
    for wrong in ({"category": "district"}, {"category": "committee", "urgent": True}):
        refused = await chair.post("/notices", json=draft(cast, **wrong))
        assert (refused.status_code, refused.json()["code"]) == (403, "not_your_shelf")


async def test_a_district_notice_no_school_has_taken_yet_is_nudged_to_nobody(
    as_: SignIn, cast: Cast
) -> None:
    officer = await as_("沈知微")
    audience = [{"nodeId": str(cast.schools["海湾"].id), "who": "families"}]
    body = draft(cast, category="district", audiences=audience, confirmMode="tap", urgent=True)
    notice = await published(officer, body)
    refused = await officer.put(f"/notices/{notice}/nudge")
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody_there")
    await fetch("UPDATE notices SET published_at = now() - interval '2 days' RETURNING id")
    assert await jobs.nudge_owed() == 0


async def test_marking_a_withdrawn_notice_read_does_not_open_it(as_: SignIn, cast: Cast) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    notice = await published(teacher, draft(cast))
    await teacher.put(f"/notices/{notice}/withdrawal", json={"reason": "发错了"})
    assert (await father.put(f"/notices/{notice}/reading", json={"revision": 1})).status_code == 404
    assert (await father.get(f"/notices/{notice}")).status_code == 404


@pytest.mark.parametrize(("recounted", "expected"), [(2_000, 409), (5, 200)])
async def test_only_a_large_audience_may_have_changed_since_its_preview(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch, recounted: int, expected: int
) -> None:
    monkeypatch.setattr(rules, "RECOUNTED", recounted)
    teacher = await as_("林晓岚")
    notice = await written(teacher, draft(cast))
    preview = (await teacher.get(f"/notices/{notice}/audience")).json()
    assert preview["people"] == 6
    await ties.bind(cast.id("赵德胜"), cast.children["李沐阳"].id, Relation.GRANDPARENT)
    answer = await teacher.put(
        f"/notices/{notice}/publication", json={"previewToken": preview["previewToken"]}
    )
    assert answer.status_code == expected
