"""Kinds of duty: six built in, the school's own beside them, and what nobody can loosen."""

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from backend.database import execute
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.stories import a_shift, next_weekday, shift_body

BUILT_IN = ["canteen", "patrol", "after_school", "guidance", "mediation", "guard"]


async def test_six_are_there_without_anybodys_doing(as_: SignIn, cast: Cast) -> None:
    url = f"/schools/{cast.schools['莲塘'].id}/duty-kinds"
    kinds = (await (await as_("孙海燕")).get(url)).json()["items"]
    assert [kind["key"] for kind in kinds] == BUILT_IN
    assert [kind["key"] for kind in kinds if kind["needsApproval"]] == ["guidance", "mediation"]
    assert all(kind["builtIn"] and kind["isOffered"] and kind["briefing"] for kind in kinds)
    assert (await (await as_("王立强")).get(url)).status_code == 404


async def test_a_school_adds_its_own_and_others_know_nothing_of_it(as_: SignIn, cast: Cast) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/duty-kinds"
    body = {"name": "图书整理", "briefing": "请先看分类表。", "courses": ["course:library"]}
    for _ in range(2):
        made = (await admin.put(f"{url}/library", json=body)).json()
        assert (made["name"], made["builtIn"]) == ("图书整理", False)
    kinds = (await admin.get(url)).json()["items"]
    assert [kind["key"] for kind in kinds] == [*BUILT_IN, "library"]
    shift = await a_shift(admin, cast, "library")
    assert (shift["slot"]["title"], shift["briefing"]) == ("图书整理", "请先看分类表。")
    there = await (await as_("何清越")).post(
        f"/schools/{cast.schools['莲塘'].id}/shifts", json=shift_body("library")
    )
    assert (there.status_code, there.json()["code"]) == (422, "unknown_duty")
    assert (await (await as_("林晓岚")).put(f"{url}/chess", json={"name": "棋"})).status_code == 403
    assert (await (await as_("何清越")).put(f"{url}/chess", json={"name": "棋"})).status_code == 404


async def test_a_built_in_duty_takes_the_schools_words_and_keeps_its_safeguards(
    as_: SignIn, cast: Cast
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/duty-kinds"
    own = await admin.put(
        f"{url}/canteen", json={"name": "食堂管理", "briefing": "从北门进。", "needsApproval": True}
    )
    assert own.json()["builtIn"] is True
    shift = await a_shift(admin, cast, "canteen")
    assert (shift["briefing"], shift["slot"]["needsApproval"]) == ("从北门进。", True)
    for key, body in (
        ("canteen", {"name": "后厨参观"}),
        ("guidance", {"name": "家庭教育指导", "needsSkill": True}),
        ("mediation", {"name": "学生矛盾调解", "needsApproval": True}),
        ("after_school", {"name": "课后服务"}),
    ):
        answer = await admin.put(f"{url}/{key}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "duty_fixed"), key


@pytest.mark.parametrize("key", ["A", "Canteen", "x", "9lives", "食堂", "a" * 21, "a-b"])
async def test_a_key_is_a_short_plain_word(as_: SignIn, cast: Cast, key: str) -> None:
    answer = await (await as_("许建安")).put(
        f"/schools/{cast.schools['海湾'].id}/duty-kinds/{key}", json={"name": "某岗位"}
    )
    assert answer.status_code in (400, 404, 422), answer.text


async def test_a_duty_switched_off_is_not_offered(as_: SignIn, cast: Cast) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    settings = f"/schools/{school}/volunteering-settings"
    assert (await admin.get(settings)).json()["cancelHours"] == 24
    body = {"closedKinds": ["guard"], "capacity": 3, "cancelHours": 48, "shiftMinutes": 90}
    assert (await admin.put(settings, json=body)).json()["capacity"] == 3
    refused = await admin.post(f"/schools/{school}/shifts", json=shift_body("guard"))
    assert (refused.status_code, refused.json()["code"]) == (409, "duty_off")
    slot = (await a_shift(admin, cast, starts_at=next_weekday(6)))["slot"]
    assert (slot["capacity"], slot["endsAt"] > slot["startsAt"]) == (3, True)
    unknown = await admin.put(settings, json={"closedKinds": ["gossip"]})
    assert unknown.json()["code"] == "unknown_duty"
    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404)):
        assert (await (await as_(name)).get(settings)).status_code == status


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE duty_kinds SET needs_approval = false WHERE key = 'mediation'",
        "UPDATE duty_kinds SET needs_skill = false WHERE key = 'guidance'",
        "UPDATE duty_kinds SET needs_teacher = false WHERE key = 'after_school'",
        "UPDATE duty_kinds SET is_discreet = false WHERE key = 'mediation'",
    ],
)
async def test_the_database_itself_keeps_the_safeguards(db: None, change: str) -> None:
    with pytest.raises((IntegrityError, asyncpg.CheckViolationError)):
        await execute(change)
