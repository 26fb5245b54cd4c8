"""What many answered: for those who wrote the questions, and about nobody."""

import json

from seed.cast import Cast
from tests.courses.quizzing import RIGHT, WRONG, a_minute_later, ask, hand_in, order, single
from tests.courses.shelf import on_the_shelf
from tests.house import SignIn


async def test_statistics_speak_of_many_and_name_nobody(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast, lessons=1)
    [lesson] = course.lessons
    await ask(lesson, single(), order(), most_attempts=3)
    admin, url = await as_("许建安"), f"/lessons/{lesson.id}/quiz/statistics"
    learners = ["王立强", "刘敏", "李建国", "周婷", "赵德胜"]
    for name in learners[:4]:
        await hand_in(await as_(name), lesson, RIGHT)
    few = (await admin.get(url)).json()
    assert few["suppressed"]
    assert (few["learners"], few["attempts"], few["distribution"]) == (None, None, [])
    assert all(question["tries"] is None for question in few["questions"])

    await hand_in(await as_(learners[4]), lesson, {**RIGHT, "order": ["倾听", "停下", "商量"]})
    await a_minute_later(lesson)
    await hand_in(await as_(learners[4]), lesson, {**WRONG, "order": RIGHT["order"]})
    found = (await admin.get(url)).json()
    assert not found["suppressed"]
    assert (found["learners"], found["passed"], found["attempts"]) == (5, 4, 6)
    one, two = found["questions"]
    assert (one["tries"], one["rightPercent"]) == (6, 83)
    assert {o["key"]: o["chosen"] for o in one["options"]} == {"a": 5, "b": 1, "c": 0}
    assert [o["isAnswer"] for o in one["options"]] == [True, False, False]
    assert {o["key"]: o["chosen"] for o in two["options"]} == {"a": 5, "b": 5, "c": 6}
    assert found["distribution"] == [{"attempts": 1, "learners": 4}, {"attempts": 2, "learners": 1}]
    text = json.dumps(found, ensure_ascii=False)
    assert not any(name in text or str(cast.id(name)) in text for name in learners)

    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404), ("沈知微", 404)):
        assert (await (await as_(name)).get(url)).status_code == status, name
