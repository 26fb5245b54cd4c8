"""What the demo's parents find to learn."""

from backend.settings import Settings
from seed import column, courses
from seed.cast import Cast
from tests.courses.stories import letters_to, listed, ok
from tests.house import SignIn
from tests.volunteering.stories import volunteers


async def test_the_demo_has_something_to_learn_for_everybody(
    as_: SignIn, cast: Cast, settings: Settings
) -> None:
    await column.plant(cast)
    for _ in range(2):
        await courses.plant(cast, settings)
    mother, teacher = await as_("刘敏"), await as_("林晓岚")
    cards = {card["title"]: card for card in ok(await mother.get("/courses"))["items"]}
    assert set(cards) == {"先慢下来", "图书角志愿者须知", "晚饭后的一小时", "亲子沟通公开课"}
    assert cards["亲子沟通公开课"]["externalUrl"].startswith("https://")
    calm = cards["先慢下来"]["courseId"]
    lines = await listed(mother, calm)
    assert [line["kind"] for line in lines] == ["video", "article", "quiz"]
    assert lines[0]["durationMs"] == 1000 * courses.FILM_SECONDS
    [mine] = ok(await mother.get("/me/courses"))["items"]
    assert (mine["done"], mine["total"], mine["standing"]) == (1, 3, "in_progress")
    assert mine["dueOn"] is not None
    assert len(await letters_to(cast, "刘敏", "courses.assigned")) == 1
    [track] = ok(await mother.get(f"/schools/{cast.schools['海湾'].id}/tracks"))["items"]
    assert [place["required"] for place in track["courses"]] == [True, True, False]
    [row] = ok(await teacher.get(f"/courses/{calm}/completion"))["rows"]
    assert (row["total"], row["started"], row["completed"]) == (3, 1, 0)
    adopted = ok(await teacher.get("/library", params={"adopted": True}))["items"]
    assert [line["title"] for line in adopted] == ["晚饭后的一小时"]


async def test_the_demos_library_is_kept_by_those_who_have_read_how(
    as_: SignIn, cast: Cast, settings: Settings
) -> None:
    await column.plant(cast)
    await courses.plant(cast, settings)
    await volunteers(as_, cast, "王立强")
    father = await as_("王立强")
    shifts = ok(await father.get(f"/schools/{cast.schools['海湾'].id}/shifts"))["items"]
    [shift] = [one for one in shifts if one["duty"] == "library"]
    answer = await father.put(f"/slots/{shift['slot']['id']}/booking", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "needs")
