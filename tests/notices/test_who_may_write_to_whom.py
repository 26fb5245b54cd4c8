"""Who may reach whom with one tap (Q38), and the second pair of eyes."""

from uuid import UUID

import pytest

from backend.people.models import Guardianship, Standing
from backend.people.operations import ties
from backend.schools.models import School
from seed.cast import Cast
from tests.house import SignIn
from tests.notices.stories import draft, feed_of, publish, published, reach_of, written


def to(node: UUID, who: str = "families") -> dict[str, object]:
    return {"audiences": [{"nodeId": str(node), "who": who}]}


WRITERS = [
    # who, node, audience, expected
    ("林晓岚", "海湾/三年级/1班", "families", 201),
    ("林晓岚", "海湾/三年级/2班", "families", 403),
    ("林晓岚", "海湾/三年级", "families", 403),
    ("林晓岚", "海湾", "families", 403),
    ("林晓岚", "莲塘/七年级/1班", "families", 404),
    ("林晓岚", "翔安", "staff", 404),
    ("吴思远", "海湾/三年级/1班", "families", 201),
    ("郑佩文", "海湾/三年级", "families", 201),
    ("郑佩文", "海湾/三年级/2班", "families", 201),
    ("郑佩文", "海湾/一年级/1班", "families", 403),
    ("许建安", "海湾", "families", 201),
    ("许建安", "海湾", "class_teacher", 201),
    ("许建安", "莲塘", "families", 404),
    ("周慕云", "海湾", "staff", 201),
    ("沈知微", "翔安", "staff", 201),
    ("沈知微", "海湾", "families", 201),
    ("沈知微", "海湾/三年级/1班", "families", 403),
    ("沈知微", "远山小学", "families", 404),
    ("周婷", "海湾/三年级/1班", "committee_member", 201),
    ("周婷", "海湾/三年级/1班", "families", 201),
    ("周婷", "海湾/三年级/1班", "staff", 403),
    ("周婷", "海湾", "families", 403),
    ("王立强", "海湾/三年级/1班", "families", 403),
    ("赵德胜", "海湾/三年级/1班", "families", 403),
    ("孙海燕", "海湾/三年级/1班", "families", 404),
]


@pytest.mark.parametrize(("who", "node", "audience", "expected"), WRITERS)
async def test_each_writer_reaches_their_own_circle_only(
    as_: SignIn, cast: Cast, who: str, node: str, audience: str, expected: int
) -> None:
    nodes = {**cast.classes, **cast.grades, **cast.schools, "翔安": cast.district}
    shelf = "committee" if who == "周婷" else "class"
    answer = await (await as_(who)).post(
        "/notices", json=draft(cast, category=shelf, **to(nodes[node].id, audience))
    )
    assert answer.status_code == expected, answer.text


async def test_a_teacher_whose_standing_ended_has_left_their_notices(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast))
    standing = await Standing.get(person_id=cast.id("林晓岚"))
    await ties.dismiss(standing.id)
    assert (await teacher.get(f"/notices/{notice}/reach")).status_code == 404
    assert (await teacher.post("/notices", json=draft(cast))).status_code == 404
    assert (await (await as_("许建安")).get(f"/notices/{notice}/reach")).status_code == 200


async def test_a_restricted_guardian_gets_nothing_and_the_other_cannot_tell(
    as_: SignIn, cast: Cast
) -> None:
    notice = await published(await as_("林晓岚"), draft(cast, confirmMode="both"))
    father, mother = await as_("高远"), await as_("马静")
    before = await feed_of(mother)
    tie = await Guardianship.get(person_id=cast.id("高远"))
    await ties.restrict(tie.id, restricted=True, by=None, reason="保护令")
    assert await feed_of(father) == []
    assert (await father.get(f"/notices/{notice}")).status_code == 404
    assert await feed_of(mother) == before


async def test_withdrawn_consent_closes_the_view_in_the_same_moment(
    as_: SignIn, cast: Cast
) -> None:
    notice = await published(await as_("林晓岚"), draft(cast))
    father = await as_("李建国")
    child = cast.children["李沐阳"].id
    assert (await father.get(f"/notices/{notice}")).status_code == 200
    assert (await father.delete(f"/me/children/{child}/consent")).status_code == 204
    assert (await father.get(f"/notices/{notice}")).status_code == 404
    assert await feed_of(father) == []
    back = await father.put(f"/me/children/{child}/consent", json={"version": 1})
    assert back.status_code == 200, back.text
    assert len(await feed_of(father)) == 1


async def test_a_family_that_joins_late_sees_what_is_still_current(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    current = await published(teacher, draft(cast))
    gone = await published(teacher, draft(cast))
    await teacher.put(f"/notices/{gone}/withdrawal", json={"reason": "发错了"})
    from backend import clock
    from backend.people.models import Relation
    from backend.people.operations import consents

    child = cast.children["李沐阳"]
    await ties.bind(cast.id("赵德胜"), child.id, Relation.GRANDPARENT)
    await consents.accept(cast.id("赵德胜"), child.id, child.school_id, 1, clock.now())
    assert [item["id"] for item in await feed_of(await as_("赵德胜"))] == [current]


async def test_a_school_that_wants_a_second_pair_of_eyes_gets_it(as_: SignIn, cast: Cast) -> None:
    await School.filter(id=cast.schools["海湾"].id).update(notice_approval="all")
    teacher, principal, father = await as_("林晓岚"), await as_("周慕云"), await as_("李建国")
    notice = await written(teacher, draft(cast))
    assert (await publish(teacher, notice)).json()["state"] == "pending"
    assert await feed_of(father) == []
    assert (
        await teacher.put(f"/notices/{notice}/approval", json={"revision": 2})
    ).status_code == 403
    returned = await principal.put(f"/notices/{notice}/return", json={"reason": "请写明时间"})
    assert returned.json()["state"] == "returned"
    assert (await teacher.get(f"/notices/{notice}")).json()["reason"] == "请写明时间"
    rewritten = await teacher.put(f"/notices/{notice}", json=draft(cast, title="周五四点家长会"))
    assert rewritten.status_code == 200, rewritten.text
    assert (await publish(teacher, notice)).json()["state"] == "pending"
    for _ in range(2):
        approved = await principal.put(f"/notices/{notice}/approval", json={"revision": 2})
        assert approved.json()["state"] == "published"
    assert [item["title"] for item in await feed_of(father)] == ["周五四点家长会"]


async def test_the_district_reaches_families_only_through_their_school(
    as_: SignIn, cast: Cast
) -> None:
    officer, admin, father = await as_("沈知微"), await as_("许建安"), await as_("李建国")
    school = cast.schools["海湾"].id
    body = draft(
        cast,
        category="district",
        audiences=[
            {"nodeId": str(cast.district.id), "who": "staff"},
            {"nodeId": str(school), "who": "families"},
        ],
    )
    notice = await published(officer, body)
    assert [item["id"] for item in await feed_of(await as_("林晓岚"))] == [notice]
    assert await feed_of(father) == []
    url = f"/schools/{school}/district-notices/{notice}/decision"
    assert (await (await as_("何清越")).put(url, json={"approved": True})).status_code == 404
    assert (await (await as_("林晓岚")).put(url, json={"approved": True})).status_code == 404
    for _ in range(2):
        decided = await admin.put(url, json={"approved": True})
        assert (decided.status_code, decided.json()["state"]) == (200, "approved")
    assert [item["id"] for item in await feed_of(father)] == [notice]


async def test_the_funnel_gives_reasons_and_adds_up(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast, confirmMode="tap"))
    reader, confirmer = await as_("李建国"), await as_("王立强")
    await reader.put(f"/notices/{notice}/reading", json={"revision": 1})
    await confirmer.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    reach = await reach_of(teacher, notice)
    assert reach["families"] == {
        "noAccount": 1, "noDevice": 0, "refused": 0, "unread": 0, "read": 1, "confirmed": 1,
    }  # fmt: skip
    assert sum(reach["people"].values()) == reach["peopleTotal"] == 6
    calls = (await teacher.get(f"/notices/{notice}/call-list")).json()["items"]
    assert [(call["student"], call["stage"]) for call in calls] == [
        ("高星辰", "no_account"),
        ("李沐阳", "read"),
    ]
    assert calls[0]["guardians"][0]["phone"].startswith("+86199")
    admin = await as_("许建安")
    assert (await admin.get(f"/notices/{notice}/reach")).status_code == 200
    assert (await admin.get(f"/notices/{notice}/call-list")).status_code == 403


async def test_a_reminder_goes_out_once_a_day_at_most(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast, confirmMode="tap"))
    first = await teacher.put(f"/notices/{notice}/nudge")
    assert (first.status_code, first.json()["nudges"]) == (200, 1)
    second = await teacher.put(f"/notices/{notice}/nudge")
    assert (second.status_code, second.json()["code"]) == (429, "nudged_recently")
    assert 0 < int(second.headers["retry-after"]) <= 24 * 3600 + 1
