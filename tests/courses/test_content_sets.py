"""Content sets: so many numbered items, no more and no fewer, read one by one."""

import pytest

from backend.courses.models import Lesson
from seed.cast import Cast
from tests.courses.stories import (
    AUTHOR,
    REVIEWER,
    add,
    approved,
    article,
    handed_in,
    listed,
    ok,
    refused,
    written,
)
from tests.courses.viewing import Hand, seen
from tests.house import SignIn

ITEMS = 66


async def test_a_set_of_sixty_six_is_published_whole_and_read_to_its_end(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, father = await as_(AUTHOR), await as_("王立强")
    items = [article(f"第{number}条") for number in range(1, ITEMS)]
    draft = await written(
        author,
        cast,
        *items,
        title="健康素养66条",
        kind="content_set",
        setSize=ITEMS,
        topic="health",
    )
    submission = f"/courses/{draft['id']}/submission"
    facts = refused(await author.put(submission), "set_incomplete")
    assert (facts["size"], facts["lessons"]) == (ITEMS, ITEMS - 1)
    await add(author, draft["id"], article(f"第{ITEMS}条"))
    one_more = await add(author, draft["id"], article("多出来的一条"))
    facts = refused(await author.put(submission), "set_incomplete")
    assert facts["lessons"] == ITEMS + 1
    assert (await author.delete(f"/lessons/{one_more['id']}/draft")).status_code == 204
    await handed_in(author, draft["id"])
    await approved(await as_(REVIEWER), draft["id"])

    [card] = ok(await father.get("/courses", params={"kind": "content_set"}))["items"]
    assert (card["title"], card["lessons"]) == ("健康素养66条", ITEMS)
    lines = await listed(father, draft["id"])
    assert [line["title"] for line in lines] == [f"第{n}条" for n in range(1, ITEMS + 1)]
    hand = Hand(monkeypatch)
    for number, line in enumerate(lines, 1):
        told = await seen(father, hand, await Lesson.get(id=line["id"]))
        assert told["courseCompleted"] == (number == ITEMS), number
        if number in (1, 33, ITEMS):
            [mine] = ok(await father.get("/me/courses"))["items"]
            assert (mine["done"], mine["total"]) == (number, ITEMS)
            assert mine["percent"] == 100 * number // ITEMS
            following = mine["nextLesson"]
            assert (following["position"] if following else None) == (
                number + 1 if number < ITEMS else None
            )
    assert mine["standing"] == "completed"
    [certificate] = ok(await father.get("/me/certificates"))["items"]
    assert certificate["id"] == mine["certificateId"]
