"""What a body may decide, and by which rules: versions are adopted and never changed."""

from typing import Any
from uuid import UUID

import pytest

from backend import clock
from backend.ballots.rules import charter
from backend.ballots.rules.charter import RuleSet
from backend.committees.models import RuleKind, RuleSetVersion
from backend.committees.queries import charters as queries
from backend.committees.rules import charters
from backend.committees.rules.charters import rules_of
from backend.committees.schemas.charters import RuleSetIn, RuleSetOut
from backend.database import execute, fetch
from seed.cast import Cast
from tests.committees.standing_items import an_item
from tests.committees.stories import (
    ADMIN,
    active_committee,
    found,
    ok,
    refused,
    seat_of,
    term,
)
from tests.house import SignIn, Visitor

OFFICER = "沈知微"
RULES: dict[str, Any] = {
    "quorum": {"of": 4, "outOf": 5, "atLeast": True},
    "majority": {"of": 2, "outOf": 3, "atLeast": True},
    "base": "cast",
    "noticeDays": 5,
}


async def rules_in(visitor: Visitor, body: dict[str, Any]) -> list[tuple[str, int, bool, bool]]:
    """Return kind, version, whether it is the body's own, and whether it is in force."""
    items = ok(await visitor.get(f"/bodies/{body['id']}/rule-sets"))["items"]
    return [(i["kind"], i["version"], i["bodyId"] is not None, i["inForce"]) for i in items]


async def test_the_house_begins_with_the_rules_of_the_charter(db: None) -> None:
    """What the migration keeps is what the rules say."""
    defaults = {
        row.kind: rules_of(row) for row in await RuleSetVersion.filter(body_id=None, version=1)
    }
    assert defaults == {
        "ordinary": charter.ORDINARY,
        "personnel": charter.PERSONNEL,
        "charter": charter.CHARTER,
    }


async def test_a_body_may_table_everybodys_its_districts_and_its_schools_matters(
    as_: SignIn, cast: Cast
) -> None:
    body, admin = await active_committee(as_, cast, "周婷"), await as_(ADMIN)
    path = f"/bodies/{body['id']}/matters"
    shared = ok(await admin.get(path))["items"]
    assert len(shared) >= 10
    assert {one["ruleKind"] for one in shared} == {"ordinary", "personnel", "charter"}
    here = f"/schools/{cast.schools['海湾'].id}/matters"
    own = ok(await admin.post(here, json={"title": "校门口接送区改造"}), 201)
    refused(await admin.post(here, json={"title": "校门口接送区改造"}), "matter_exists")
    there = f"/districts/{cast.district.id}/matters"
    officer = await as_(OFFICER)
    wide = ok(await officer.post(there, json={"title": "课后服务收费听证"}), 201)
    refused(await officer.post(there, json={"title": "课后服务收费听证"}), "matter_exists")
    names = [one["title"] for one in ok(await (await as_("李建国")).get(path))["items"]]
    assert names[-2:] == ["课后服务收费听证", "校门口接送区改造"]
    ok(await admin.delete(f"/matters/{own['id']}"), 204)
    ok(await admin.delete(f"/matters/{own['id']}"), 204)
    ok(await officer.delete(f"/matters/{wide['id']}"), 204)
    assert ok(await admin.get(path))["items"] == shared
    # The title is free again.
    ok(await admin.post(here, json={"title": "校门口接送区改造"}), 201)


async def test_matters_are_their_owners(as_: SignIn, cast: Cast) -> None:
    body, admin = await active_committee(as_, cast, "周婷"), await as_(ADMIN)
    here, there = f"/schools/{cast.schools['海湾'].id}", f"/districts/{cast.district.id}"
    own = ok(await admin.post(f"{here}/matters", json={"title": "校门口接送区改造"}), 201)
    wide = ok(await (await as_(OFFICER)).post(f"{there}/matters", json={"title": "听证"}), 201)
    [shared] = await fetch("SELECT id FROM matters WHERE rule_kind = 'charter'")
    new = {"title": "另一件事"}
    #        name, add to school, add to district, retire own, wide, shared
    table = [
        ("林晓岚", 403, 403, 403, 403, 403),
        (OFFICER, 403, 201, 403, 204, 403),
        ("何清越", 404, 403, 404, 403, 403),
        ("曹望舒", 404, 404, 404, 404, 403),
        ("周婷", 404, 404, 404, 404, 404),
    ]
    for name, *expected in table:
        client = await as_(name)
        answers = [
            await client.post(f"{here}/matters", json=new),
            await client.post(f"{there}/matters", json=new),
            await client.delete(f"/matters/{own['id']}"),
            await client.delete(f"/matters/{wide['id']}"),
            await client.delete(f"/matters/{shared['id']}"),
        ]
        assert [answer.status_code for answer in answers] == expected, name
    for name, status in (("李建国", 200), ("林晓岚", 200), ("赵德胜", 404), ("何清越", 404)):
        for what in ("matters", "rule-sets"):
            answer = await (await as_(name)).get(f"/bodies/{body['id']}/{what}")
            assert answer.status_code == status, (name, what)


async def test_who_runs_a_draft_sets_its_rules(as_: SignIn, cast: Cast) -> None:
    body = await found(as_, ADMIN, cast.schools["海湾"].id, level="school")
    admin, path = await as_(ADMIN), f"/bodies/{body['id']}/rule-sets"
    before = await rules_in(admin, body)
    assert before == [(kind, 1, False, True) for kind in ("charter", "ordinary", "personnel")]
    made = ok(await admin.post(path, json={"kind": "ordinary", "rules": RULES}), 201)
    assert (made["version"], made["inForce"], made["rules"]["base"]) == (1, True, "cast")
    ok(await admin.post(path, json={"kind": "ordinary", "rules": RULES, "note": "再改"}), 201)
    assert await rules_in(admin, body) == [
        ("charter", 1, False, True),
        ("ordinary", 2, True, True),
        ("ordinary", 1, True, False),
        ("ordinary", 1, False, False),
        ("personnel", 1, False, True),
    ]
    kept = await in_force(UUID(body["id"]), RuleKind.ORDINARY)
    assert (kept.version, rules_of(kept).notice_days) == (2, 5)
    # The first is readable still, and says what it said.
    assert ok(await admin.get(f"/rule-sets/{made['id']}")) == made | {"inForce": False}


async def test_a_body_that_has_begun_passes_its_rules_first(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "王立强")
    chair, path = await as_("周婷"), f"/bodies/{body['id']}/rule-sets"
    said = {"kind": "personnel", "rules": RULES}
    refused(await chair.post(path, json=said), "charter_item_needed")
    for state, outcome, kind in (
        ("decided", "failed", "charter"),
        ("decided", "passed", "ordinary"),
        ("voting", "", "charter"),
        ("scheduled", "", "charter"),
    ):
        item = await an_item(cast, body, state=state, outcome=outcome, kind=kind)
        answer = await chair.post(path, json=said | {"itemId": str(item)})
        refused(answer, "charter_item_needed")
    other = await active_committee(as_, cast, "赵德胜", class_="海湾/三年级/2班")
    foreign = await an_item(cast, other, state="decided", outcome="passed", by="赵德胜")
    refused(await chair.post(path, json=said | {"itemId": str(foreign)}), "charter_item_needed")
    item = await an_item(cast, body, state="decided", outcome="passed")
    said |= {"itemId": str(item)}
    for name, status in ((ADMIN, 403), ("王立强", 403), ("林晓岚", 403), ("何清越", 404)):
        assert (await (await as_(name)).post(path, json=said)).status_code == status, name
    made = ok(await chair.post(path, json=said), 201)
    assert (made["version"], made["itemId"]) == (1, str(item))
    refused(await chair.post(path, json=said), "item_used")
    # One item may pass rules for several kinds.
    ok(await chair.post(path, json=said | {"kind": "ordinary"}), 201)
    await execute("UPDATE agenda_items SET state = 'withdrawn' WHERE state = 'voting'")
    ok(await (await as_(ADMIN)).put(f"/bodies/{body['id']}/ending", json={"reason": "班级合并"}))
    # Nobody chairs what has ended.
    assert (await chair.post(path, json=said | {"kind": "charter"})).status_code == 403
    ended = {"kind": "charter", "rules": RULES, "itemId": str(item)}
    assert (await (await as_(ADMIN)).post(path, json=ended)).status_code == 403


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("ordinary", {"quorum": {"of": 1, "outOf": 4}}, "quorum"),
        ("charter", {"quorum": {"of": 1, "outOf": 3}}, "quorum"),
        ("ordinary", {"quorum": {"of": 1, "outOf": 1}}, "quorum"),
        ("ordinary", {"quorum": {"of": 3, "outOf": 2, "atLeast": True}}, "quorum"),
        ("ordinary", {"majority": {"of": 1, "outOf": 2, "atLeast": True}}, "majority"),
        ("ordinary", {"majority": {"of": 1, "outOf": 3}}, "majority"),
        ("ordinary", {"majority": {"of": 1, "outOf": 1}}, "majority"),
        ("charter", {"majority": None}, "majority"),
    ],
)
async def test_rules_that_make_no_sense_are_refused(
    as_: SignIn, cast: Cast, kind: str, change: dict[str, Any], field: str
) -> None:
    body = await found(as_, ADMIN, cast.schools["海湾"].id, level="school")
    said = {"kind": kind, "rules": RULES | change}
    answer = await (await as_(ADMIN)).post(f"/bodies/{body['id']}/rule-sets", json=said)
    assert refused(answer, "unsound_rules", 422)["facts"]["field"] == field


async def test_figures_out_of_bounds_do_not_fit(as_: SignIn, cast: Cast) -> None:
    body = await found(as_, ADMIN, cast.schools["海湾"].id, level="school")
    path = f"/bodies/{body['id']}/rule-sets"
    for change in (
        {"noticeDays": 61},
        {"noticeDays": -1},
        {"retables": 4},
        {"certifyDays": 0},
        {"objectionDays": 31},
        {"quorum": {"of": 0, "outOf": 2}},
        {"quorum": {"of": 1, "outOf": 101}},
        {"base": "everybody"},
        {"proxies": 3},
    ):
        said = {"kind": "ordinary", "rules": RULES | change}
        assert (await (await as_(ADMIN)).post(path, json=said)).status_code == 400, change


async def test_households_vote_in_parent_committees_alone(as_: SignIn, cast: Cast) -> None:
    admin, school = await as_(ADMIN), cast.schools["海湾"].id
    families = await found(as_, ADMIN, school, level="school")
    alliance = await found(as_, ADMIN, school, kind="alliance", level="school")
    said = {"kind": "ordinary", "rules": RULES | {"unit": "household", "mode": "secret"}}
    made = ok(await admin.post(f"/bodies/{families['id']}/rule-sets", json=said), 201)
    assert (made["rules"]["unit"], made["rules"]["mode"]) == ("household", "secret")
    refused(
        await admin.post(f"/bodies/{alliance['id']}/rule-sets", json=said), "unsound_rules", 422
    )


async def test_a_version_is_never_changed(as_: SignIn, cast: Cast) -> None:
    body = await found(as_, ADMIN, cast.schools["海湾"].id, level="school")
    made = ok(
        await (await as_(ADMIN)).post(
            f"/bodies/{body['id']}/rule-sets", json={"kind": "ordinary", "rules": RULES}
        ),
        201,
    )
    for act in ("UPDATE rule_set_versions SET note = 'x'", "DELETE FROM rule_set_versions"):
        with pytest.raises(Exception, match="never changed"):
            await execute(f"{act} WHERE id = $1", UUID(made["id"]))


async def test_a_version_is_read_by_whoever_sees_its_body(as_: SignIn, cast: Cast) -> None:
    body = await found(
        as_, ADMIN, cast.schools["海湾"].id, class_id=cast.classes["海湾/三年级/1班"].id
    )
    said = {"kind": "ordinary", "rules": RULES}
    made = ok(await (await as_(ADMIN)).post(f"/bodies/{body['id']}/rule-sets", json=said), 201)
    [shared] = await fetch(
        "SELECT id FROM rule_set_versions WHERE body_id IS NULL AND kind = 'charter'"
    )
    for name, status in ((ADMIN, 200), ("李建国", 404), ("林晓岚", 404), ("何清越", 404)):
        client = await as_(name)
        assert (await client.get(f"/rule-sets/{made['id']}")).status_code == status, name
        assert (await client.get(f"/rule-sets/{shared['id']}")).status_code == 200, name


async def test_the_next_term_keeps_the_rules(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷")
    chair, admin = await as_("周婷"), await as_(ADMIN)
    item = await an_item(cast, body, state="done", outcome="passed")
    said = {"kind": "personnel", "rules": RULES, "itemId": str(item)}
    ok(await chair.post(f"/bodies/{body['id']}/rule-sets", json=said), 201)
    anew = ok(await admin.post(f"/bodies/{body['id']}/next-term", json=term(begins=336)), 201)
    rules = await in_force(UUID(anew["id"]), RuleKind.PERSONNEL)
    assert (rules.body_id, rules.version, rules_of(rules).notice_days) == (UUID(anew["id"]), 1, 5)
    assert seat_of(body, "周婷")["role"] == "chair"


def test_every_rule_goes_over_the_wire() -> None:
    """A rule that a body could not set, or not read, would be nobody's."""
    fields = set(RuleSet.__struct_fields__)
    assert set(RuleSetIn.__struct_fields__) == fields == set(RuleSetOut.__struct_fields__)


async def in_force(body_id: UUID, kind: RuleKind) -> RuleSetVersion:
    """Return the version by which a body decides matters of a kind now."""
    found = charters.in_force(await queries.versions_of(body_id), body_id, kind, clock.now())
    assert found is not None
    return found
