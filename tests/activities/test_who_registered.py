"""The list of who registered: whole for the organiser, one class for its teacher."""

from typing import Any

from seed.cast import Cast
from tests.activities.stories import (
    named,
    open_day,
    opened,
    register,
    session,
)
from tests.house import SignIn, Visitor

QUESTIONS = [
    {"key": "lunch", "label": "是否用餐", "kind": "yes_no", "required": True},
    {"key": "topic", "label": "想了解什么"},
]


async def _names(visitor: Visitor, activity: dict[str, Any], **query: Any) -> list[Any]:
    answer = await visitor.get(f"/activities/{activity['id']}/registrations", params=query)
    assert answer.status_code == 200, answer.text
    return [
        (item["adult"], [child["name"] for child in item["children"]])
        for item in answer.json()["items"]
    ]


async def test_the_organiser_sees_everybody_a_class_teacher_their_own_class(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    body = open_day(cast, session("参观", capacity=9), questions=QUESTIONS)
    activity = await opened(admin, cast, body)
    only = activity["sessions"][0]["id"]
    for name, *children in (
        ("王立强", "王子墨", "王子萱"),
        ("李建国", "李沐阳"),
        ("赵德胜", "赵可心"),
    ):
        answers = {"lunch": "no", "topic": "阅读"}
        taken = await register(await as_(name), cast, only, *children, answers=answers)
        assert taken.status_code == 200, taken.text
    everybody = await _names(admin, activity)
    assert everybody == [
        ("王立强", ["王子墨", "王子萱"]),
        ("李建国", ["李沐阳"]),
        ("赵德胜", ["赵可心"]),
    ]
    assert await _names(await as_("林晓岚"), activity) == [
        ("王立强", ["王子墨"]),
        ("李建国", ["李沐阳"]),
    ]
    assert await _names(await as_("陈启明"), activity) == [("赵德胜", ["赵可心"])]
    assert await _names(await as_("黄若溪"), activity) == [("王立强", ["王子萱"])]
    path = f"/activities/{activity['id']}/registrations"
    for name, status in (
        ("吴思远", 403),
        ("王立强", 404),
        ("何清越", 404),
        ("沈知微", 404),
        ("罗以南", 404),
    ):
        assert (await (await as_(name)).get(path)).status_code == status, name
    item = (await admin.get(path)).json()["items"][0]
    assert [(one["label"], one["answer"]) for one in item["answers"]] == [
        ("是否用餐", "no"),
        ("想了解什么", "阅读"),
    ]
    assert "1990000" not in (await admin.get(path)).text, "no telephone numbers"


async def test_the_list_has_pages_and_sessions(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, open_day(cast, session("参观"), session("座谈", 60)))
    for name, child in (("高远", "高星辰"), ("李建国", "李沐阳")):
        for title in ("参观", "座谈"):
            await register(await as_(name), cast, named(activity, title), child)
    assert len(await _names(admin, activity, session_id=named(activity, "座谈"))) == 2
    path, seen_rows, cursor = f"/activities/{activity['id']}/registrations", [], None
    while True:
        page = (
            await admin.get(path, params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen_rows += [item["bookingId"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen_rows) == len(set(seen_rows)) == 4
