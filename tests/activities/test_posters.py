"""A poster for the school's wall: what anybody may read there, and a code that leads to it."""

import io
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import zxingcpp
from PIL import Image

from backend import clock
from backend.activities.models import Activity
from backend.activities.operations import posters
from backend.activities.rules import posters as rules
from backend.bookings.operations import slots
from backend.database import execute
from backend.media.paper.poster import Poster
from backend.settings import Settings
from seed.cast import Cast
from tests.activities.lessons import lesson, speaker
from tests.activities.stories import named, open_day, opened, session, written
from tests.house import SignIn, Visitor

ROOM = "https://meeting.example.edu.cn/j/48213907?pwd=k3"
NINE = datetime(2026, 12, 3, 9, 0, tzinfo=clock.CHINA)


def url(activity: dict[str, Any], form: str = "image") -> str:
    return f"/activities/{activity['id']}/poster/{form}"


async def composed(activity: dict[str, Any]) -> Poster:
    """Return what stands on the poster, before it is drawn."""
    return await posters.poster_of(await Activity.get(id=activity["id"]), "https://x.example")


async def drawn(visitor: Visitor, activity: dict[str, Any], **headers: str) -> httpx.Response:
    return await visitor.get(url(activity), headers=headers)


async def test_the_code_leads_to_the_activity_in_the_app(
    as_: SignIn, cast: Cast, settings: Settings
) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, open_day(cast))
    answer = await drawn(admin, activity)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["content-disposition"].startswith("inline; ")
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (1240, 1754)
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == f"{settings.site}/activities/{activity['id']}"
    path = code.text.removeprefix(settings.site)
    parent = await as_("刘敏")
    assert (await parent.get(path)).json()["title"] == activity["title"]
    document = await admin.get(url(activity, "document"))
    assert document.headers["content-type"] == "application/pdf"
    assert document.headers["content-disposition"].startswith("attachment; ")
    assert document.content.count(b"/Type /Page\n") == 1


async def test_it_says_what_when_where_and_who_and_nothing_meant_for_few(
    as_: SignIn, cast: Cast
) -> None:
    person = str(cast.id("周婷"))
    body = lesson(
        cast, delivery="both", link=ROOM, hostIds=[str(cast.id("吴思远"))],
        speakers=[speaker("周婷", "excellent_parent", personId=person)],
    ) | {"paragraphs": ["请带孩子的成长手册，教室门密码另行通知。"]}  # fmt: skip
    activity = await opened(await as_("许建安"), cast, body)
    poster = await composed(activity)
    facts = dict(poster.facts)
    assert (poster.kicker, poster.title) == ("家长课堂", "和孩子谈时间")
    assert poster.host == cast.schools["海湾"].name
    assert facts["地点"] == "家长课堂的教室（可线上参加）"
    assert facts["主讲"] == "周婷（讲师团成员）"
    assert facts["对象"] == "全校家长"
    assert "09:00–09:40" in facts["时间"]
    said = repr(poster)
    for private in (ROOM, person, "密码", "吴思远"):
        assert private not in said


async def test_several_sessions_are_listed_and_one_called_off_is_not(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    body = open_day(cast, *(session(f"公开课{n}", 60 * n) for n in range(3)))
    activity = await opened(admin, cast, body)
    first = await drawn(admin, activity)
    [counted] = (await composed(activity)).lines
    assert counted.startswith("共3场")
    await slots.call_off(UUID(named(activity, "公开课1")), "教师生病", by=cast.id("许建安"))
    lines = (await composed(activity)).lines
    assert [line.split("　")[1:] for line in lines] == [
        [f"公开课{n}", f"公开课{n}的教室"] for n in (0, 2)
    ]
    again = await drawn(admin, activity, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content != first.content) == (200, True)


async def test_a_phone_that_has_the_poster_is_not_sent_it_again(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, open_day(cast))
    answer = await drawn(admin, activity)
    tag = answer.headers["etag"]
    kept = await drawn(admin, activity, **{"If-None-Match": tag})
    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", tag)
    document = await admin.get(url(activity, "document"))
    assert document.headers["etag"] != tag
    assert (await drawn(await as_("吴思远"), activity)).content == answer.content


async def test_posters_are_for_the_staff_of_the_school(
    as_: SignIn, cast: Cast, anyone: Visitor
) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast))
    for name, status in (
        ("周慕云", 200), ("林晓岚", 200), ("吴思远", 200),
        ("何清越", 404), ("沈知微", 404), ("刘敏", 404), ("周婷", 404), ("孙海燕", 404),
    ):  # fmt: skip
        for form in ("image", "document"):
            answer = await (await as_(name)).get(url(activity, form))
            assert answer.status_code == status, name
    assert (await drawn(anyone, activity)).status_code == 401


async def test_there_is_no_poster_of_what_is_not_open_or_not_for_all(
    as_: SignIn, cast: Cast
) -> None:
    admin, teacher = await as_("许建安"), await as_("吴思远")
    draft = await written(admin, cast, open_day(cast))
    answer = await drawn(admin, draft)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_activity_state")
    assert (await drawn(teacher, draft)).status_code == 404
    guests = open_day(cast, mode="invited", inviteeIds=[str(cast.id("刘敏"))])
    invited = await opened(admin, cast, guests)
    answer = await drawn(teacher, invited)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_poster_of_invitation")
    activity = await opened(admin, cast, open_day(cast))
    reason = {"reason": "台风"}
    assert (await admin.put(f"/activities/{activity['id']}/cancellation", json=reason)).is_success
    answer = await drawn(admin, activity)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_activity_state")


async def test_a_drawing_hand_is_slowed_down(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    one = await opened(admin, cast, open_day(cast))
    await drawn(admin, one)
    # As if the rest of the ten minutes' drawings had been spent.
    await execute("UPDATE limits SET used = 30 WHERE name = 'poster_drawings'")
    assert (await drawn(admin, one)).status_code == 200
    other = await opened(admin, cast, open_day(cast))
    slowed = await drawn(admin, other)
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too_many_requests")


def row(start: str, end: str, room: str = "报告厅", **more: Any) -> dict[str, Any]:
    begins, ends = (datetime.fromisoformat(one).replace(tzinfo=clock.CHINA) for one in (start, end))
    plain = {"delivery": "on_site", "speakers": [], "called_off": False, "title": "一"}
    return plain | {"starts_at": begins, "ends_at": ends, "room": room, **more}


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        ([("2026-12-03T19:00", "2026-12-03T20:30")], "2026年12月3日（周四）19:00–20:30"),
        ([("2026-12-03T20:00", "2026-12-04T00:00")], "2026年12月3日（周四）20:00–00:00"),
        (
            [("2026-12-03T19:00", "2026-12-03T20:00"), ("2026-12-03T09:00", "2026-12-03T10:00")],
            "2026年12月3日（周四）09:00–20:00",
        ),
        (
            [("2026-12-03T19:00", "2026-12-03T20:00"), ("2026-12-05T09:00", "2026-12-05T10:00")],
            "2026年12月3日（周四）至12月5日（周六）",
        ),
        (
            [("2026-12-31T19:00", "2026-12-31T20:00"), ("2027-01-03T09:00", "2027-01-03T10:00")],
            "2026年12月31日（周四）至2027年1月3日（周日）",
        ),
        ([], ""),
    ],
)
def test_days_and_hours_are_those_of_the_districts_wall_clock(
    sessions: list[tuple[str, str]], said: str
) -> None:
    assert rules.when([row(*one) for one in sessions], "Asia/Shanghai") == said


@pytest.mark.parametrize(
    ("rooms", "ways", "said"),
    [
        (["报告厅"], ["on_site"], "报告厅"),
        (["一", "二", "一", "三", "四"], ["on_site"] * 5, "一、二、三等"),
        (["报告厅", ""], ["on_site", "online"], "报告厅（可线上参加）"),
        ([""], ["online"], "线上参加"),
        (["报告厅"], ["online"], "线上参加"),
        ([""], ["both"], "可线上参加"),
        ([""], ["on_site"], ""),
        ([], [], ""),
    ],
)
def test_rooms_are_named_and_online_says_no_more_than_that(
    rooms: list[str], ways: list[str], said: str
) -> None:
    hours = ("2026-12-03T19:00", "2026-12-03T20:30")
    both = zip(rooms, ways, strict=True)
    assert rules.where([row(*hours, room, delivery=way) for room, way in both]) == said
