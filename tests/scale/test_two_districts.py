"""Two districts, two databases: each phone's session belongs to one, and stays there."""

import json
import subprocess
import sys

import asyncpg
import pytest
import websockets

from tests import contract
from tests.openapi.walk import operations
from tests.scale.city import City, Phone, Shard, ask
from tests.scale.planting import PARENT, TEACHER
from tests.setup.processes import ROOT

ABSENT = "019ab3c4-0000-7000-8000-000000000000"


async def count(shard: Shard, table: str) -> int:
    connection = await asyncpg.connect(shard.dsn)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
    finally:
        await connection.close()


async def brought_to(shard: Shard, phone: Phone, method: str, path: str, **more: object):  # type: ignore[no-untyped-def]
    """Ask ``shard`` with a session of somewhere else."""
    base = f"http://127.0.0.1:{shard.port}"
    return await ask(base, "127.0.0.1", phone.token, method, path, **more)


async def published(teacher: Phone, title: str) -> str:
    """Let the class teacher publish a notice to the families; returns its id."""
    draft = await teacher.ask(
        "POST",
        "/v1/notices",
        json={
            "audiences": [{"nodeId": teacher.shard.class_id, "who": "families"}],
            "category": "class",
            "title": title,
            "blocks": [{"type": "paragraph", "text": f"{title}，请每家一位家长参加。"}],
        },
    )
    assert draft.status_code == 201, draft.text
    notice: str = draft.json()["id"]
    preview = await teacher.ask("GET", f"/v1/notices/{notice}/audience")
    done = await teacher.ask(
        "PUT",
        f"/v1/notices/{notice}/publication",
        json={"previewToken": preview.json()["previewToken"]},
    )
    assert done.json()["state"] == "published", done.text
    return notice


async def test_a_parent_with_children_in_two_districts_has_an_account_in_each(city: City) -> None:
    people = set()
    for name, shard in city.shards.items():
        phone = city.phone(name, PARENT)
        await phone.sign_in()
        assert phone.tokens["accessToken"].startswith(f"tx_a_{name}.")
        assert phone.tokens["refreshToken"].startswith(f"tx_r_{name}.")
        people.add((await phone.ask("GET", "/v1/me")).json()["personId"])
        [child] = (await phone.ask("GET", "/v1/me/children")).json()["items"]
        assert child["name"] == f"{shard.mark}的孩子"
        renewed = await phone.refresh()
        assert renewed.status_code == 200
        assert renewed.json()["accessToken"].startswith(f"tx_a_{name}.")
    assert len(people) == 2


async def test_the_directory_says_where_each_district_is(city: City) -> None:
    for name, shard in city.shards.items():
        listed = (await city.phone(name, PARENT).ask("GET", "/v1/districts")).json()["items"]
        assert {(one["code"], one["shard"], one["url"], one["isHere"]) for one in listed} == {
            (other.code, other.name, other.url, other is shard) for other in city.shards.values()
        }


async def test_a_token_brought_to_another_district_is_sent_home_and_lives_on(city: City) -> None:
    home, away = city.shards["xa"], city.shards["ta"]
    phone = city.phone("xa", TEACHER)
    await phone.sign_in()
    before = await count(away, "idempotency_keys")
    group = {"name": "合唱团家长", "studentIds": []}
    for method, path, body in (
        ("GET", "/v1/me", None),
        ("GET", f"/v1/notices/{ABSENT}", None),
        ("POST", "/v1/notices", group),
        ("PUT", "/v1/me/preferences", None),
        ("DELETE", "/v1/me/sessions", None),
    ):
        answer = await brought_to(away, phone, method, path, **({"json": body} if body else {}))
        assert answer.status_code == 421, (path, answer.text)
        assert answer.json()["code"] == "misdirected"
        assert answer.json()["facts"] == {"shard": "xa", "url": home.url}
    assert await count(away, "idempotency_keys") == before
    astray = await brought_to(
        away, phone, "POST", "/v1/auth/refresh",
        json={"refreshToken": phone.tokens["refreshToken"], "deviceId": phone.device},
    )  # fmt: skip
    assert (astray.status_code, astray.json()["facts"]["url"]) == (421, home.url)
    assert (await phone.ask("GET", "/v1/me")).status_code == 200
    assert (await phone.refresh()).status_code == 200


async def test_a_session_in_one_district_keeps_nobody_from_coming_in_at_another(
    city: City,
) -> None:
    phone = city.phone("xa", PARENT)
    await phone.sign_in()
    for path in ("/v1/privacy-notice", "/v1/districts", "/health/ready"):
        assert (await brought_to(city.shards["ta"], phone, "GET", path)).status_code == 200
    asked = await brought_to(
        city.shards["ta"], phone, "POST", "/v1/auth/codes",
        json={"phone": "13800138077", "deviceId": "a-new-device"},
    )  # fmt: skip
    assert asked.status_code == 202


async def test_a_live_connection_with_another_districts_token_is_told_where_to_go(
    city: City,
) -> None:
    phone = city.phone("xa", PARENT)
    await phone.sign_in()
    assert phone.token is not None
    bearer = {"Authorization": f"Bearer {phone.token}"}
    for shard in city.shards.values():
        for headers in (None, bearer):
            url = f"ws://127.0.0.1:{shard.port}/v1/live"
            async with websockets.connect(url, additional_headers=headers) as live:
                if headers is None:
                    await live.send(json.dumps({"token": phone.token}))
                if shard.name == "xa":
                    assert json.loads(await live.recv()) == {"type": "hello"}
                    continue
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await live.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4421
                assert closed.value.rcvd.reason == city.shards["xa"].url


async def test_nothing_of_one_district_can_be_seen_in_the_other(city: City) -> None:
    phones = {}
    for name in city.shards:
        for number in (PARENT, TEACHER):
            phones[name, number] = city.phone(name, number)
            await phones[name, number].sign_in()
    theirs = city.shards["xa"].mark
    notice = await published(phones["xa", TEACHER], f"{theirs}家长会")
    [item] = (await phones["xa", PARENT].ask("GET", "/v1/feed")).json()["items"]
    assert item["title"] == f"{theirs}家长会"

    school = (await phones["xa", TEACHER].ask("GET", "/v1/me")).json()["seats"][0]["schoolId"]
    for path in (f"/v1/notices/{notice}", f"/v1/schools/{school}", f"/v1/schools/{school}/classes"):
        assert (await phones["xa", TEACHER].ask("GET", path)).status_code == 200
        told = [
            await phones["ta", TEACHER].ask("GET", place)
            for place in (path, path.replace(notice, ABSENT).replace(school, ABSENT))
        ]
        assert [answer.status_code for answer in told] == [404, 404]
        for answer in told:
            assert theirs not in answer.text
        assert _bare(told[0].json()) == _bare(told[1].json())

    document = contract.load(contract.DOCUMENT)
    lists = sorted({where.split()[1] for where, _ in operations(document) if _is_list(where)})
    assert len(lists) > 25
    seen = 0
    for number in (PARENT, TEACHER):
        for path in lists:
            answer = await phones["ta", number].ask("GET", path)
            assert theirs not in answer.text, path
            seen += city.shards["ta"].mark in answer.text
    assert seen >= 3, "the sweep looked at nothing"


async def test_a_link_of_one_district_opens_nothing_in_the_other(city: City) -> None:
    phone = city.phone("xa", PARENT)
    await phone.sign_in()
    link = (await phone.ask("PUT", "/v1/me/calendar-feed")).json()["url"]
    phone.tokens = {}
    assert (await phone.ask("GET", link)).status_code == 200
    there = city.phone("ta", PARENT)
    absent = await there.ask("GET", f"{link[:-8]}AAAA.ics")
    other = await there.ask("GET", link)
    assert (other.status_code, absent.status_code) == (404, 404)


async def test_a_district_is_founded_only_where_the_directory_puts_it(city: City) -> None:
    def tongxing(shard: Shard, code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", "found", "district", code, "某区"],
            cwd=ROOT, env={"PATH": "/usr/bin:/bin", **shard.environ},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    home, away = city.shards["xa"], city.shards["ta"]
    astray = tongxing(away, home.code)
    assert astray.returncode == 1 and home.url in astray.stderr
    unlisted = tongxing(away, "359999")
    assert unlisted.returncode == 1 and "359999" in unlisted.stderr
    assert await count(away, "districts") == 1
    assert tongxing(home, home.code).returncode == 0


def _is_list(where: str) -> bool:
    method, path = where.split()[:2]
    return (
        method == "GET" and "{" not in path and path.startswith("/v1/") and path != "/v1/districts"
    )


def _bare(problem: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in problem.items() if key not in ("requestId", "instance")}
