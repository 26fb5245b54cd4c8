"""The catalogue: what is offered, found in Chinese, and recommended."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.courses.models import Adoption, Track, TrackCourse
from backend.courses.rules.recommending import Reason
from backend.database import execute, fetch
from backend.search import index_text
from seed.cast import Cast
from tests.bench.counting import Statements, counted
from tests.courses.shelf import Shelved, assign, host_of, on_the_shelf, watch
from tests.house import SignIn, Visitor


async def found(visitor: Visitor, **wanted: Any) -> list[str]:
    answer = await visitor.get("/courses", params=wanted)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def recommended(visitor: Visitor, **headers: str) -> dict[str, str]:
    answer = await visitor.get("/me/courses/recommended", headers=headers)
    assert answer.status_code == 200, answer.text
    return {item["course"]["title"]: item["reason"] for item in answer.json()["items"]}


async def test_a_course_is_offered_by_ones_own_schools_and_their_district(
    as_: SignIn, cast: Cast
) -> None:
    await on_the_shelf(cast, "海湾的课")
    await on_the_shelf(cast, "翔安的课", school=None)
    shared = await on_the_shelf(cast, "莲塘的课", school="莲塘")
    await on_the_shelf(cast, "远山的课", school="远山小学")
    draft = await on_the_shelf(cast, "还没写完的课")
    await execute("UPDATE courses SET state = 'draft' WHERE id = $1", draft.id)
    assert await found(await as_("王立强")) == ["翔安的课", "海湾的课"]
    assert await found(await as_("林晓岚")) == ["翔安的课", "海湾的课"]
    assert await found(await as_("孙海燕")) == ["莲塘的课", "翔安的课"]
    assert await found(await as_("钱进")) == ["远山的课"]
    assert await found(await as_("沈知微")) == []
    await Adoption.create(
        course_id=shared.id, school_id=cast.schools["海湾"].id,
        adopted_by=cast.id("许建安"), adopted_at=clock.now(),
    )  # fmt: skip
    assert await found(await as_("王立强")) == ["莲塘的课", "翔安的课", "海湾的课"]
    # Where courses are switched off there are none, and nothing tells that there were.
    await execute(
        "INSERT INTO feature_switches (id, school_id, function, is_on) "
        "VALUES (gen_random_uuid(), $1, 'courses', false)",
        cast.schools["海湾"].id,
    )
    assert (await (await as_("王立强")).get("/courses")).status_code == 404


async def test_a_card_says_how_much_there_is_and_how_far_i_am(as_: SignIn, cast: Cast) -> None:
    father, course = await as_("王立强"), await on_the_shelf(cast, lessons=2)

    async def card() -> dict[str, Any]:
        [one] = (await father.get("/courses")).json()["items"]
        return dict(one)

    first = await card()
    assert (first["lessons"], first["durationMs"]) == (2, 600_000)
    assert (first["host"], first["enrolled"], first["completed"]) == ("海湾家长学校", False, False)
    for lesson in course.lessons:
        await watch(cast.id("王立强"), lesson)
    after = await card()
    assert (after["enrolled"], after["completed"]) == (True, True)


async def test_words_are_found_in_titles_first_and_only_where_they_stand_together(
    as_: SignIn, cast: Cast
) -> None:
    father = await as_("王立强")
    await on_the_shelf(cast, "亲子沟通", lesson_titles=["家庭会议怎么开"], lessons=1)
    await on_the_shelf(cast, "青春期", summary="学会亲子沟通，读懂孩子的情绪。")
    await on_the_shelf(cast, "学业规划", lesson_titles=["亲子沟通的三个误区"], lessons=1)
    await on_the_shelf(cast, "九龙好父母", brand="亲子沟通营")
    # All the pairs of characters stand here, but the words do not.
    await on_the_shelf(cast, "亲子阅读", summary="子沟渠，沟通桥。")
    titles = await found(father, q="亲子沟通")
    assert titles[0] == "亲子沟通"
    assert titles[1:] == ["九龙好父母", "学业规划", "青春期"]
    assert await found(father, q="家庭会议") == ["亲子沟通"]
    assert await found(father, q="父母") == ["九龙好父母"]
    assert await found(father, q="天文") == []
    assert await found(father, q="？！") == []
    assert await found(father, q="亲子沟通", brand="亲子沟通营") == ["九龙好父母"]


async def test_latin_words_and_width_do_not_matter(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    await on_the_shelf(cast, "STEM 课程入门", topic="science")
    for words in ("stem", "STEM课程", "ｓｔｅｍ", "课程入门", "ste"):
        assert await found(father, q=words) == ["STEM 课程入门"], words


async def test_the_catalogue_is_narrowed_by_what_a_course_is(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    await on_the_shelf(cast, "法律课", topic="law", stages=["junior"])
    health = await on_the_shelf(cast, "健康课", topic="health", stages=["primary"], brand="健康行")
    await on_the_shelf(cast, "都合适", topic="mind")
    assert await found(father, topic="law") == ["法律课"]
    assert await found(father, stage="primary") == ["都合适", "健康课"]
    assert await found(father, brand="健康行") == ["健康课"]
    assert await found(father, kind="external") == []
    assert len(await found(father, kind="course")) == 3
    track = await a_track(cast, health)
    assert await found(father, track=str(track.id)) == ["健康课"]
    assert (await father.get("/courses", params={"topic": "cooking"})).status_code == 400


async def test_pages_of_hits_hold_each_course_once(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    for number in range(7):
        title = f"家庭教育{number}" if number % 2 else f"成长{number}"
        await on_the_shelf(cast, title, lessons=0, summary="家庭教育公开课")
    for wanted in ({"q": "家庭教育"}, {}):
        whole = await found(father, **wanted)
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            asked = {"limit": 2, **wanted, **cursor}
            page = (await father.get("/courses", params=asked)).json()
            seen += [item["title"] for item in page["items"]]
            if page["nextCursor"] is None:
                break
            cursor = {"cursor": page["nextCursor"]}
        assert seen == whole
        assert len(set(seen)) == 7
    elsewhere = await father.get("/courses", params={"topic": "law", **cursor})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "bad_cursor")
    assert (await found(father, q="家庭教育"))[:3] == ["家庭教育5", "家庭教育3", "家庭教育1"]


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    async with counted(dsn) as statements:
        yield statements


async def test_the_search_walks_its_index(as_: SignIn, cast: Cast, sent: Statements) -> None:
    course = await on_the_shelf(cast, "亲子沟通", lessons=0)
    filler = [index_text(f"普通课程{number}号，讲讲家常小事") for number in range(400)]
    await execute(
        """
        INSERT INTO courses (id, host_id, district_id, school_id, state, title, topic, author_id,
            reviewer_id, published_at, created_at, search_text, stages, grades, writer_ids)
        SELECT gen_random_uuid(), c.host_id, c.district_id, c.school_id, c.state, 'x', c.topic,
            c.author_id, c.reviewer_id, now(), now(), words, '{}', '{}', '{}'
        FROM courses c, unnest($2::text[]) words WHERE c.id = $1
        """,
        course.id,
        filler * 10,
    )
    # What was written last waits beside the index until the table is vacuumed.
    await execute("VACUUM ANALYZE courses")
    sent.clear()
    assert await found(await as_("王立强"), q="亲子沟通") == ["亲子沟通"]
    await sent.count()
    [asked] = [one for one in sent.sent if "tsv @@" in one.sql]
    plan = await fetch(f"EXPLAIN {asked.sql}", *asked.values)
    said = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "courses_found" in said, said


async def a_track(cast: Cast, *courses: Shelved, stage: str = "primary") -> Track:
    host = await host_of(cast)
    track = await Track.create(
        host_id=host.id, stage=stage, topic="health", title="必修", created_at=clock.now()
    )
    for place, course in enumerate(courses, 1):
        await TrackCourse.create(track_id=track.id, course_id=course.id, position=place)
    return track


async def test_courses_are_recommended_by_my_childrens_grades(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    # 王子墨 is in 三年级 (the second grade here), 王子萱 in 一年级.
    await on_the_shelf(cast, "三年级的课", stages=["primary"], grades=[2])
    await on_the_shelf(cast, "一年级到三年级", stages=["primary"], grades=[1, 2])
    await on_the_shelf(cast, "小学的课", stages=["primary"])
    await on_the_shelf(cast, "初中的课", stages=["junior"])
    await on_the_shelf(cast, "六年级的课", stages=["primary"], grades=[6])
    await on_the_shelf(cast, "大家的课")
    assert await recommended(father) == {
        "大家的课": "适合各学段",
        "小学的课": "适合小学",
        "一年级到三年级": "适合一年级、三年级",
        "三年级的课": "适合三年级",
    }
    english = await recommended(father, **{"Accept-Language": "en"})
    assert english["小学的课"] == "for primary school"
    grandfather = await recommended(await as_("李建国"))
    assert grandfather["一年级到三年级"] == "适合三年级"
    assert list(await recommended(await as_("孙海燕"))) == []
    # Staff without a child here are recommended nothing.
    assert await recommended(await as_("林晓岚")) == {}


async def test_what_is_asked_for_comes_first_then_what_a_track_requires(
    as_: SignIn, cast: Cast
) -> None:
    father = await as_("王立强")
    long_ago = clock.now() - timedelta(days=90)
    asked = await on_the_shelf(cast, "班级要求", published_at=long_ago)
    needed = await on_the_shelf(cast, "系列必修", published_at=long_ago)
    await on_the_shelf(cast, "新课")
    await a_track(cast, needed)
    due = await assign(asked, cast, cast.classes["海湾/三年级/1班"].id, due_in=5)
    found = await recommended(father)
    assert list(found) == ["班级要求", "系列必修", "新课"]
    day = f"{due.due_on.month}月{due.due_on.day}日"
    assert found["班级要求"] == f"学校要求学习，{day}前完成；适合各学段"
    assert found["系列必修"] == "适合各学段；系列必修"
    assert "班级要求" in await recommended(await as_("李建国"))
    other_class = await recommended(await as_("赵德胜"))
    assert list(other_class) == ["系列必修", "新课", "班级要求"]


async def test_what_was_taken_up_left_or_finished_is_not_recommended(
    as_: SignIn, cast: Cast
) -> None:
    father, mother = await as_("王立强"), await as_("刘敏")
    begun, left, done, family = [
        await on_the_shelf(cast, title, lessons=1, family_counts=title == "全家")
        for title in ("在学", "退出", "学完", "全家")
    ]
    for course in (begun, left):
        await father.put(f"/me/courses/{course.id}")
    await father.delete(f"/me/courses/{left.id}")
    await watch(cast.id("王立强"), done.lessons[0])
    await watch(cast.id("刘敏"), family.lessons[0])
    assert await recommended(father) == {}
    assert list(await recommended(mother)) == ["学完", "退出", "在学"]


@pytest.mark.parametrize("loss", ["consent", "restricted"])
async def test_without_consent_or_kept_apart_a_child_recommends_nothing(
    as_: SignIn, cast: Cast, loss: str
) -> None:
    mother = await as_("孙海燕")
    await on_the_shelf(cast, "七年级的课", school="莲塘", stages=["junior"], grades=[1])
    assert await recommended(mother) == {"七年级的课": "适合七年级"}
    if loss == "consent":
        await execute("UPDATE consents SET withdrawn_at = now()")
        assert await recommended(mother) == {}
    else:
        await execute("UPDATE guardianships SET restricted = true")
        assert await recommended(mother) == {}
        assert await found(mother) == []


def test_a_reason_is_one_sentence_and_names_no_child() -> None:
    assert Reason().sentence("zh") == "适合各学段"
    assert Reason(grades=["三年级"], required=True).sentence("zh") == "适合三年级；系列必修"
    assert Reason(stages=["junior"], assigned=True, required=True).sentence("zh") == (
        "学校要求学习；适合初中"
    )
    assert Reason(grades=["三年级"], assigned=True).sentence("en") == (
        "asked for by the school; for 三年级"
    )
