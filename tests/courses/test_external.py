"""Courses of outside platforms: imported, linked, credited by hand; nothing is fetched."""

import asyncio
from typing import Any

import pytest

from backend.courses.models import Course
from backend.courses.rules import importing as rules
from backend.courses.rules.importing import Entry, ImportOutcome
from backend.database import fetch
from seed.cast import Cast
from tests.courses.shelf import host_of
from tests.courses.stories import ok
from tests.house import SignIn, Visitor

NAME = "爱宝行"


def entry(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "externalId": f"abx-{number}",
        "title": f"亲子沟通第{number}讲",
        "summary": "怎样说，孩子才会听。",
        "url": f"https://learn.example.edu.cn/c/{number}?from=school",
        "topic": "parenting",
        "stages": ["primary"],
        "minutes": 25,
        **more,
    }


async def imported(
    visitor: Visitor,
    cast: Cast,
    *entries: dict[str, Any],
    school: str | None = "海湾",
    platform: str = "aibaoxing",
    **more: Any,
) -> dict[str, Any]:
    host = await host_of(cast, school)
    path = f"/parent-schools/{host.id}/catalogue/{platform}"
    return ok(await visitor.put(path, json={"name": NAME, "entries": list(entries), **more}))


def counts(told: dict[str, Any]) -> dict[str, int]:
    """Return what happened, without what did not."""
    return {str(one): told[str(one)] for one in ImportOutcome if told[str(one)]}


async def test_a_catalogue_is_shown_linked_found_and_credited(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    told = await imported(admin, cast, entry(1), entry(2, minutes=None, stages=[]))
    assert counts(told) == {"created": 2}
    course = told["items"][0]["courseId"]
    seen = ok(await father.get(f"/courses/{course}"))
    assert (seen["kind"], seen["state"], seen["externalPlatform"], seen["brand"]) == (
        "external", "published", "aibaoxing", NAME,
    )  # fmt: skip
    assert seen["externalUrl"] == entry(1)["url"]
    assert seen["durationMs"] == 1_500_000
    cards = ok(await father.get("/courses", params={"q": "亲子沟通", "kind": "external"}))["items"]
    assert [card["durationMs"] for card in cards] == [0, 1_500_000]
    assert (await (await as_("孙海燕")).get(f"/courses/{course}")).status_code == 404
    ok(await father.put(f"/me/courses/{course}"))
    url = f"/courses/{course}/credits/{cast.id('王立强')}"
    assert (
        await (await as_("林晓岚")).put(url, json={"reason": "交了学习截图"})
    ).status_code == 204
    [mine] = ok(await father.get("/me/courses"))["items"]
    assert (mine["standing"], mine["percent"]) == ("completed", 100)


async def test_importing_it_again_changes_what_has_changed(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    first = await imported(admin, cast, entry(1), entry(2), entry(3))
    assert counts(await imported(admin, cast, entry(1), entry(2), entry(3))) == {"unchanged": 3}
    told = await imported(admin, cast, entry(2), entry(1, title="换了名字"), entry(4))
    assert counts(told) == {"created": 1, "changed": 1, "unchanged": 1, "missing": 1}
    assert [line["externalId"] for line in told["items"]] == ["abx-2", "abx-1", "abx-4", "abx-3"]
    ids = {line["externalId"]: line["courseId"] for line in first["items"]}
    assert all(ids[line["externalId"]] == line["courseId"] for line in told["items"][:2])
    [card] = ok(await admin.get("/courses", params={"q": "换了名字"}))["items"]
    assert card["courseId"] == ids["abx-1"]
    assert await Course.all().count() == 4
    trail = await fetch(
        "SELECT facts ->> 'created' AS created, facts ->> 'platform' AS platform "
        "FROM audit_entries WHERE action = 'courses.catalogue_imported' ORDER BY at, id"
    )
    assert [row["created"] for row in trail] == ["3", "0", "1"]
    assert {row["platform"] for row in trail} == {"aibaoxing"}


async def test_a_dry_run_says_what_would_be_and_does_nothing(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    await imported(admin, cast, entry(1), entry(2))
    before = await fetch("SELECT id, title, state, version FROM courses ORDER BY id")
    told = await imported(
        admin, cast, entry(1, minutes=40), entry(3), retireMissing=True, dryRun=True
    )
    assert told["dryRun"]
    assert counts(told) == {"created": 1, "changed": 1, "retired": 1}
    assert [line["courseId"] is None for line in told["items"]] == [False, True, False]
    assert await fetch("SELECT id, title, state, version FROM courses ORDER BY id") == before


async def test_what_the_platform_dropped_is_retired_and_comes_back_with_it(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    first = await imported(admin, cast, entry(1), entry(2))
    gone = first["items"][1]["courseId"]
    assert counts(await imported(admin, cast, entry(1), retireMissing=True)) == {
        "unchanged": 1, "retired": 1,
    }  # fmt: skip
    assert (await father.get(f"/courses/{gone}")).status_code == 404
    assert ok(await admin.get(f"/courses/{gone}"))["retiredReason"] == rules.GONE
    # What is retired is not told again.
    assert counts(await imported(admin, cast, entry(1), retireMissing=True)) == {"unchanged": 1}
    assert counts(await imported(admin, cast, entry(2))) == {"changed": 1, "missing": 1}
    assert ok(await father.get(f"/courses/{gone}"))["state"] == "published"
    # A human's word stands against the next import.
    why = {"reason": "链接内容不合适"}
    ok(await admin.put(f"/courses/{gone}/retirement", json=why))
    assert counts(await imported(admin, cast, entry(1), entry(2, title="又来了"))) == {
        "unchanged": 1, "withheld": 1,
    }  # fmt: skip
    assert (await father.get(f"/courses/{gone}")).status_code == 404


async def test_platforms_and_hosts_do_not_meet(as_: SignIn, cast: Cast) -> None:
    admin, officer = await as_("许建安"), await as_("沈知微")
    await imported(admin, cast, entry(1))
    assert counts(await imported(admin, cast, entry(1), platform="national")) == {"created": 1}
    assert counts(await imported(officer, cast, entry(1), school=None)) == {"created": 1}
    assert counts(await imported(admin, cast, entry(1), retireMissing=True)) == {"unchanged": 1}
    assert await Course.filter(state="published").count() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://learn.example.edu.cn/1"},
        {"url": "javascript:alert(1)"},
        {"url": "https://user:secret@learn.example.edu.cn/1"},
        {"url": "https://learn.example.edu.cn/a b"},
        {"url": ""},
        {"minutes": 0},
        {"minutes": 6001},
        {"title": "长" * 61},
        {"externalId": ""},
        {"topic": "cooking"},
        {"stages": ["university"]},
        {"state": "published"},
    ],
)
async def test_an_entry_that_does_not_fit_is_refused(
    as_: SignIn, cast: Cast, change: dict[str, Any]
) -> None:
    admin, host = await as_("许建安"), await host_of(cast)
    path = f"/parent-schools/{host.id}/catalogue/aibaoxing"
    answer = await admin.put(path, json={"name": NAME, "entries": [entry(1), entry(2, **change)]})
    assert answer.status_code == 400
    assert await Course.all().count() == 0


async def test_a_catalogue_that_does_not_fit_is_refused(as_: SignIn, cast: Cast) -> None:
    admin, host = await as_("许建安"), await host_of(cast)
    path = f"/parent-schools/{host.id}/catalogue"
    for entries in ([], [entry(1), entry(1)], [entry(n, summary="") for n in range(401)]):
        answer = await admin.put(f"{path}/aibaoxing", json={"name": NAME, "entries": entries})
        assert answer.status_code == 400
    for platform in ("a" * 41, "Aibaoxing", "-a", "a-", "a_b", "a%20b", "爱宝行"):
        answer = await admin.put(f"{path}/{platform}", json={"name": NAME, "entries": [entry(1)]})
        assert answer.status_code == 400, platform
    for name in ("", "长" * 31, "a\u202eb"):
        answer = await admin.put(f"{path}/a", json={"name": name, "entries": [entry(1)]})
        assert answer.status_code == 400, name
    assert await Course.all().count() == 0


@pytest.mark.parametrize(
    ("who", "status"),
    [("周慕云", 200), ("林晓岚", 403), ("何清越", 403), ("沈知微", 403), ("王立强", 404),
     ("周婷", 404), ("唐一苇", 404), ("曹望舒", 404)],
)  # fmt: skip
async def test_only_those_who_run_the_host_import(
    as_: SignIn, cast: Cast, who: str, status: int
) -> None:
    host = await host_of(cast)
    path = f"/parent-schools/{host.id}/catalogue/aibaoxing"
    answer = await (await as_(who)).put(path, json={"name": NAME, "entries": [entry(1)]})
    assert answer.status_code == status
    assert await Course.all().count() == (status == 200)


async def test_the_longest_catalogue_goes_in_one_request(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    stages = ["kindergarten", "primary", "junior", "senior"]
    whole = [entry(number, stages=stages) for number in range(400)]
    assert counts(await imported(admin, cast, *whole)) == {"created": 400}
    assert counts(await imported(admin, cast, *whole)) == {"unchanged": 400}


async def test_two_imports_at_once_make_each_course_once(as_: SignIn, cast: Cast) -> None:
    visitors = [await as_("许建安"), await as_("周慕云")]
    await host_of(cast)
    whole = [entry(number) for number in range(20)]
    told = await asyncio.gather(*(imported(one, cast, *whole) for one in visitors))
    assert sorted(map(str, map(counts, told))) == ["{'created': 20}", "{'unchanged': 20}"]
    assert await Course.all().count() == 20


def test_comparing_keeps_the_order_of_the_catalogue() -> None:
    wanted = [
        Entry(
            external_id=str(number),
            brand=NAME,
            title="课",
            summary="",
            url="https://example.cn",
            topic="mind",
            stages=[],
            minutes=None,
        )
        for number in range(3)
    ]
    lines = rules.compare(wanted, [], retire=True)
    assert [(line.external_id, line.outcome) for line in lines] == [
        ("0", ImportOutcome.CREATED),
        ("1", ImportOutcome.CREATED),
        ("2", ImportOutcome.CREATED),
    ]
