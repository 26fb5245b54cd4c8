"""A notice's way from the class teacher to the household, and back."""

from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.notices.stories import CORRECTION, draft, feed_of, publish, published, reach_of, written


async def test_a_class_notice_is_in_the_feed_of_that_class_and_of_nobody_else(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast))
    father = await as_("李建国")
    [item] = await feed_of(father)
    assert item["id"] == notice
    assert item["senderTitle"] == "三年级1班 班主任"
    assert [child["name"] for child in item["children"]] == ["李沐阳"]
    assert item["isRead"] is False
    for outsider in ("赵德胜", "孙海燕", "钱进"):
        stranger = await as_(outsider)
        assert await feed_of(stranger) == []
        assert (await stranger.get(f"/notices/{notice}")).status_code == 404


async def test_reading_clears_the_unread_count_and_looking_alone_does_not(
    as_: SignIn, cast: Cast
) -> None:
    notice = await published(await as_("林晓岚"), draft(cast))
    father = await as_("李建国")
    assert (await father.get(f"/notices/{notice}")).json()["isRead"] is False
    assert (await father.get("/feed")).json()["unread"] == 1
    for _ in range(2):
        assert (
            await father.put(f"/notices/{notice}/reading", json={"revision": 1})
        ).status_code == 204
    assert (await father.get("/feed")).json()["unread"] == 0
    assert (await feed_of(father))[0]["isRead"] is True
    assert (await feed_of(await as_("周婷")))[0]["isRead"] is False


async def test_siblings_see_one_item_and_one_confirmation_settles_both_classes(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    notice = await published(
        admin, draft(cast, "海湾/三年级/1班", "海湾/一年级/1班", confirmMode="tap")
    )
    father, mother = await as_("王立强"), await as_("刘敏")
    [item] = await feed_of(father)
    assert [child["name"] for child in item["children"]] == ["王子墨", "王子萱"]
    assert (await father.get("/feed")).json()["unread"] == 1
    answer = await father.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    assert answer.status_code == 200, answer.text
    [seen_by_mother] = await feed_of(mother)
    assert seen_by_mother["settled"] is True
    assert seen_by_mother["confirmedByMe"] is False
    assert [
        receipt["name"] for child in seen_by_mother["children"] for receipt in child["receipts"]
    ] == ["王立强", "王立强"]
    reach = await reach_of(admin, notice)
    assert reach["families"]["confirmed"] == 2
    assert sum(reach["families"].values()) == reach["familiesTotal"] == 4


async def test_both_guardians_must_confirm_where_the_notice_says_so(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast, confirmMode="both"))
    father, mother = await as_("李建国"), await as_("周婷")
    await father.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    [item] = await feed_of(father)
    assert (item["confirmedByMe"], item["settled"]) == (True, False)
    await mother.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    assert (await feed_of(father))[0]["settled"] is True


async def test_an_answer_is_given_for_each_child(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    body = draft(
        cast, "海湾/三年级/1班", "海湾/一年级/1班",
        confirmMode="per_child", choices=["参加", "不参加"],
    )  # fmt: skip
    notice = await published(admin, body)
    father = await as_("王立强")
    elder, younger = (str(cast.children[name].id) for name in ("王子墨", "王子萱"))
    url = f"/notices/{notice}/confirmation"
    for wrong in (
        {"revision": 1},
        {"revision": 1, "answers": [{"studentId": elder, "choice": "也许"}]},
        {
            "revision": 1,
            "answers": [{"studentId": str(cast.children["李沐阳"].id), "choice": "参加"}],
        },
    ):
        refused = await father.put(url, json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (400, "answer_needed")
    await father.put(url, json={"revision": 1, "answers": [{"studentId": elder, "choice": "参加"}]})
    [item] = await feed_of(father)
    assert [child["settled"] for child in item["children"]] == [True, False]
    await (await as_("刘敏")).put(
        url, json={"revision": 1, "answers": [{"studentId": younger, "choice": "不参加"}]}
    )
    assert (await feed_of(father))[0]["settled"] is True
    assert (await reach_of(admin, notice))["answers"] == {"参加": 1, "不参加": 1}


async def test_a_material_correction_reopens_only_older_confirmations(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast, confirmMode="tap"))
    early, late = await as_("李建国"), await as_("高远")
    await early.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    for _ in range(2):
        answer = await teacher.put(f"/notices/{notice}/correction", json=CORRECTION)
        assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    [item] = await feed_of(early)
    assert (item["settled"], item["isRead"], item["revision"]) == (False, False, 2)
    assert item["children"][0]["receipts"][0]["outdated"] is True
    stale = await late.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "notice_changed")
    await late.put(f"/notices/{notice}/reading", json={"revision": 1})
    assert (await feed_of(late))[0]["isRead"] is False
    await late.put(f"/notices/{notice}/confirmation", json={"revision": 2})
    small = {**CORRECTION, "revision": 2, "title": "周五家长会改到周四", "material": False}
    assert (await teacher.put(f"/notices/{notice}/correction", json=small)).status_code == 200
    assert (await feed_of(late))[0]["settled"] is True


async def test_a_withdrawn_notice_leaves_the_feed_but_says_why(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    notice = await published(teacher, draft(cast))
    father = await as_("李建国")
    await father.put(f"/notices/{notice}/reading", json={"revision": 1})
    gone = await teacher.put(f"/notices/{notice}/withdrawal", json={"reason": "发错班级"})
    assert gone.status_code == 200, gone.text
    assert await feed_of(father) == []
    assert (await father.get("/feed")).json()["unread"] == 0
    seen = (await father.get(f"/notices/{notice}")).json()
    assert (seen["state"], seen["reason"], seen["blocks"]) == ("withdrawn", "发错班级", [])
    assert (await (await as_("高远")).get(f"/notices/{notice}")).status_code == 404


async def test_publishing_needs_the_preview_and_the_same_audience(
    as_: SignIn, cast: Cast, anyone: Visitor
) -> None:
    teacher = await as_("林晓岚")
    notice = await written(teacher, draft(cast))
    url = f"/notices/{notice}/publication"
    blind = await teacher.put(url, json={"previewToken": "x" * 40})
    assert (blind.status_code, blind.json()["code"]) == (409, "preview_needed")
    preview = (await teacher.get(f"/notices/{notice}/audience")).json()
    assert (preview["families"], preview["people"]) == (3, 6)
    from backend.people.models import Relation
    from backend.people.operations import ties

    newcomer = await ties.open_account("新来的家长", "+8619900000999")
    await ties.bind(newcomer.id, cast.children["李沐阳"].id, Relation.OTHER)
    changed = await teacher.put(url, json={"previewToken": preview["previewToken"]})
    assert changed.json()["code"] == "audience_changed"
    assert changed.json()["facts"]["people"] == 7
    for _ in range(2):
        assert (await publish(teacher, notice)).status_code == 200
    assert len(await feed_of(await as_("李建国"))) == 1


async def test_offline_work_is_taken_in_one_request_and_may_be_sent_twice(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    plain = await published(teacher, draft(cast))
    asked = await published(teacher, draft(cast, confirmMode="tap"))
    father = await as_("李建国")
    batch = {
        "read": [{"noticeId": plain, "revision": 1}],
        "confirmed": [
            {"noticeId": asked, "revision": 1},
            {"noticeId": plain, "revision": 1},
        ],
    }
    for _ in range(2):
        answer = (await father.put("/feed/catch-up", json=batch)).json()
        assert answer["read"] == [plain]
        assert answer["confirmed"] == [asked]
        assert [refused["code"] for refused in answer["refused"]] == ["not_asked"]
        assert answer["unread"] == 0
