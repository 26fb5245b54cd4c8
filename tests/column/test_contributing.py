"""Parents hand in what they have learnt: with consent, by a name they choose, and back again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.column.models import NamedAs
from backend.column.rules import items as rules
from backend.database import execute, fetch
from seed.cast import Cast
from tests.column.desk import (
    MONDAY,
    appear,
    approved,
    ok,
    reasons,
    refused,
    school,
    school_column,
    titles,
)
from tests.house import SignIn

STORY: dict[str, Any] = {
    "title": "我家的“九点熄灯”",
    "paragraphs": ["我们和孩子一起写下约定，大人先放下手机，坚持三周以后就成了习惯。"],
    "namedAs": "surname",
    "declaration": rules.DECLARATION,
    "namesNoPupil": True,
    "consents": True,
}


async def handed_in(as_: SignIn, cast: Cast, name: str = "王立强", **more: Any) -> dict[str, Any]:
    path = f"{school(cast)}/column/contributions"
    made: dict[str, Any] = await ok((await as_(name)).post(path, json={**STORY, **more}), 201)
    return made


async def test_a_parents_text_is_reviewed_and_then_read_under_the_name_they_chose(
    as_: SignIn, cast: Cast
) -> None:
    await school_column(as_, cast)
    father, admin = await as_("王立强"), await as_("许建安")
    terms = await ok(father.get("/column/declaration"))
    assert terms["version"] == rules.DECLARATION
    made = await handed_in(as_, cast)
    assert (made["state"], made["kind"], made["byline"]) == ("in_review", "experience", "王家长")
    assert await reasons("column.review_asked") == 2
    await refused((await as_("刘敏")).get(f"/column/items/{made['id']}"), 404, "not_found")
    seen = await ok(admin.get(f"/column/items/{made['id']}"))
    assert seen["work"]["contributed"]
    await approved(admin, seen)
    await appear()
    read = await ok((await as_("刘敏")).get(f"/column/items/{made['id']}"))
    assert (read["byline"], read["work"]) == ("王家长", None)
    assert await reasons("column.decided") == 1


@pytest.mark.parametrize(
    ("named_as", "byline"),
    [(NamedAs.FULL, "欧阳明月"), (NamedAs.SURNAME, "欧阳家长"), (NamedAs.ANONYMOUS, "一位家长")],
)
def test_a_byline_says_no_more_than_was_agreed(named_as: NamedAs, byline: str) -> None:
    assert rules.byline("欧阳明月", named_as) == byline


@pytest.mark.parametrize(
    "change", [{"consents": False}, {"namesNoPupil": False}, {"declaration": 999}]
)
async def test_without_each_consent_nothing_is_taken(
    as_: SignIn, cast: Cast, change: dict[str, Any]
) -> None:
    await school_column(as_, cast)
    father = await as_("王立强")
    path = f"{school(cast)}/column/contributions"
    await refused(father.post(path, json={**STORY, **change}), 400, "declaration_needed")
    assert await fetch("SELECT id FROM column_items") == []


async def test_only_guardians_of_the_school_contribute(as_: SignIn, cast: Cast) -> None:
    path = f"{school(cast)}/column/contributions"
    await refused((await as_("王立强")).post(path, json=STORY), 409, "no_column_here")
    await school_column(as_, cast)
    for name, status, code in (
        ("孙海燕", 404, "not_found"),
        ("钱进", 404, "not_found"),
        ("林晓岚", 403, "not_allowed"),
        ("许建安", 403, "not_allowed"),
    ):
        await refused((await as_(name)).post(path, json=STORY), status, code)
    await execute("UPDATE consents SET withdrawn_at = now() WHERE person_id = $1", cast.id("刘敏"))
    await refused((await as_("刘敏")).post(path, json=STORY), 409, "privacy_notice_first")
    await execute(
        "UPDATE guardianships SET restricted = true WHERE person_id = $1", cast.id("周婷")
    )
    answer = await (await as_("周婷")).post(path, json=STORY)
    assert answer.status_code in (403, 404)


async def test_three_contributions_a_day_and_a_repeated_request_counts_once(
    as_: SignIn, cast: Cast
) -> None:
    await school_column(as_, cast)
    father = await as_("王立强")
    path = f"{school(cast)}/column/contributions"
    key = {"Idempotency-Key": "the-same-key"}
    first = [await ok(father.post(path, json=STORY, headers=key), 201) for _ in range(5)]
    assert len({one["id"] for one in first}) == 1
    for _ in range(2):
        await handed_in(as_, cast)
    await refused(father.post(path, json=STORY), 429, "too_many_requests")
    assert len((await ok(father.get("/me/column/contributions")))["items"]) == 3


async def test_withdrawn_consent_takes_the_text_from_everybody_at_once(
    as_: SignIn, cast: Cast
) -> None:
    await school_column(as_, cast)
    made = await handed_in(as_, cast)
    admin, father, mother = await as_("许建安"), await as_("王立强"), await as_("刘敏")
    await approved(admin, made)
    await appear()
    assert await titles(mother) == [STORY["title"]]
    consent = f"/me/column/contributions/{made['id']}/consent"
    assert (await mother.delete(consent)).status_code == 404
    for _ in range(2):
        await ok(father.delete(consent), 204)
    assert await titles(mother) == []
    assert await titles(mother, q="熄灯") == []
    await refused(mother.get(f"/column/items/{made['id']}"), 404, "not_found")
    kept = await ok(admin.get(f"/column/items/{made['id']}"))
    assert (kept["state"], kept["paragraphs"]) == ("withdrawn", [])
    assert await reasons("column.consent_withdrawn") == 2
    text = {"title": "另一篇", "paragraphs": ["改写"], "kind": "experience"}
    await refused(admin.put(f"/column/items/{made['id']}", json=text), 409, "wrong_item_state")
    again = father.put(f"/me/column/contributions/{made['id']}", json=STORY)
    await refused(again, 409, "wrong_item_state")


@pytest.mark.parametrize("until", ["in_review", "queued"])
async def test_consent_can_be_withdrawn_before_anything_appears(
    as_: SignIn, cast: Cast, until: str
) -> None:
    column = await school_column(as_, cast)
    made = await handed_in(as_, cast)
    admin, father = await as_("许建安"), await as_("王立强")
    if until == "queued":
        await approved(admin, made)
    await ok(father.delete(f"/me/column/contributions/{made['id']}/consent"), 204)
    assert (await ok(admin.get(f"/column/series/{column}/queue")))["items"] == []
    decision = {"approved": True, "revision": 1}
    await refused(
        admin.put(f"/column/items/{made['id']}/review", json=decision), 409, "wrong_item_state"
    )
    await appear()
    assert await titles(await as_("刘敏")) == []


async def test_consent_can_be_withdrawn_after_the_child_has_left(as_: SignIn, cast: Cast) -> None:
    await school_column(as_, cast)
    made = await handed_in(as_, cast)
    await approved(await as_("许建安"), made)
    await appear()
    father = await as_("王立强")
    await execute(
        "UPDATE guardianships SET valid_until = now() - interval '1 day' WHERE person_id = $1",
        cast.id("王立强"),
    )
    await ok(father.delete(f"/me/column/contributions/{made['id']}/consent"), 204)
    assert await titles(await as_("刘敏")) == []


async def test_consent_can_be_withdrawn_where_the_function_is_off(as_: SignIn, cast: Cast) -> None:
    await school_column(as_, cast)
    made = await handed_in(as_, cast)
    await execute(
        "INSERT INTO feature_switches (id, school_id, function, is_on) "
        "VALUES (uuidv7(), $1, 'courses', false)",
        cast.schools["海湾"].id,
    )
    father = await as_("王立强")
    await ok(father.delete(f"/me/column/contributions/{made['id']}/consent"), 204)
    [row] = await fetch("SELECT state FROM column_items WHERE id = $1", UUID(made["id"]))
    assert row["state"] == "withdrawn"


async def test_a_parents_words_are_never_rewritten_by_others(as_: SignIn, cast: Cast) -> None:
    await school_column(as_, cast)
    made = await handed_in(as_, cast)
    admin, father = await as_("许建安"), await as_("王立强")
    path = f"/column/items/{made['id']}"
    text = {"title": "改写", "paragraphs": ["改写"], "kind": "experience"}
    await refused(admin.put(path, json=text), 409, "wrong_item_state")
    back = {"approved": False, "revision": 1, "reason": "请写得更具体些"}
    returned = await ok(admin.put(f"{path}/review", json=back))
    assert not returned["work"]["canRewrite"]
    await refused(admin.put(path, json=text), 409, "wrong_item_state")
    await refused(admin.put(f"{path}/submission"), 409, "wrong_item_state")
    await refused(admin.delete(path), 409, "wrong_item_state")
    mine = await ok(father.get(path))
    assert (mine["state"], mine["work"]["reason"]) == ("draft", "请写得更具体些")
    assert mine["work"]["canRewrite"]
    better = {**STORY, "title": "更具体的一篇", "namedAs": "anonymous"}
    again = await ok(father.put(f"/me/column/contributions/{made['id']}", json=better))
    assert (again["state"], again["byline"]) == ("in_review", "一位家长")
    await refused(
        admin.put(f"{path}/review", json={"approved": True, "revision": 1}), 409, "item_changed"
    )
    await approved(admin, again)
    await appear(MONDAY + timedelta(minutes=1))
    assert await titles(await as_("刘敏")) == ["更具体的一篇"]


async def test_a_head_who_is_also_a_parent_does_not_review_themselves(
    as_: SignIn, cast: Cast
) -> None:
    from backend import clock
    from backend.people.models import Relation
    from backend.people.operations import consents, ties

    child = cast.children["李沐阳"]
    await ties.bind(cast.id("周慕云"), child.id, Relation.OTHER)
    await consents.accept(cast.id("周慕云"), child.id, child.school_id, 1, clock.now())
    await school_column(as_, cast)
    made = await handed_in(as_, cast, "周慕云")
    head = await as_("周慕云")
    body = {"approved": True, "revision": 1}
    await refused(head.put(f"/column/items/{made['id']}/review", json=body), 403, "own_review")
