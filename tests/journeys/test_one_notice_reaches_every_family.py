"""From a spreadsheet to the last family: real files, real processes, real sockets.

Three schools are imported from workbooks by the command; a class teacher writes to a
class of 48; every phone gets one push; households confirm; the funnel adds up. Then a
worker is killed in the middle of a batch, and nothing is lost.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websockets

from seed.rosters import Composition, write_school
from tests.conftest import Clone
from tests.journeys.town import Phone, Town, ready, slow_provider, town, until, until_async

CLASS = 48
SCHOOLS = [("XA-HW", "海湾实验小学", ("四年级",), 96), ("XA-LT", "莲塘中学", ("七年级",), 48),
           ("XA-XX", "新圩中心幼儿园", ("大班",), 24)]  # fmt: skip


@pytest.fixture(scope="module")
async def place(
    clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Town, Composition]]:
    folder = tmp_path_factory.mktemp("journey")
    with town(await clone("journey"), folder) as built:
        built.start_provider()
        built.run("seed")
        composed = []
        for number, (code, name, grades, pupils) in enumerate(SCHOOLS):
            path = folder / f"{code}.xlsx"
            composed.append(
                write_school(path, name, pupils, seed=number, grades=grades, class_size=CLASS,
                             first_phone=19_900_200_000 + number * 1_000)
            )  # fmt: skip
            built.run("backend.cli", "roster", "import", str(path), "--school", code, "--apply")
        built.start("api", "backend.cli", "serve")
        built.start("worker-1", "backend.cli", "worker")
        built.start("worker-2", "backend.cli", "worker")
        until(lambda: ready(built))
        yield built, composed[0]
        await built.hang_up()


def guardians_of(school: Composition, grade: str, name: str) -> dict[str, list[str]]:
    """Return each child's guardians' phones in one class of the workbook."""
    pupils = {line[0] for line in school.pupils if line[2:4] == [grade, name]}
    phones: dict[str, list[str]] = {}
    for number, _, _, _, phone in school.guardians:
        if number in pupils:
            phones.setdefault(number, []).append(phone)
    return phones


def class_teacher(school: Composition, grade: str, name: str) -> str:
    return next(line[3] for line in school.classes if line[:2] == [grade, name])


async def signed_in(built: Town, numbers: list[str]) -> dict[str, Phone]:
    phones = {number: Phone(built, number) for number in numbers}
    gate = asyncio.Semaphore(12)

    async def one(phone: Phone) -> None:
        async with gate:
            await phone.sign_in()
            await phone.register()
            await phone.consent()

    await asyncio.gather(*(one(phone) for phone in phones.values()))
    return phones


async def published(teacher: Phone, **more: Any) -> str:
    [seat] = [
        seat
        for seat in (await teacher.http.get("/me")).json()["seats"]
        if seat["role"] == "class_teacher"
    ]
    draft = await teacher.post(
        "/notices",
        {
            "audiences": [{"nodeId": seat["classId"], "who": "families"}],
            "category": "class",
            "title": "周五下午四点家长会",
            "blocks": [{"type": "paragraph", "text": "请每家一位家长到教室参加。"}],
            **more,
        },
    )
    assert draft.status_code == 201, draft.text
    notice: str = draft.json()["id"]
    preview = (await teacher.http.get(f"/notices/{notice}/audience")).json()
    assert preview["families"] == CLASS
    answer = await teacher.http.put(
        f"/notices/{notice}/publication", json={"previewToken": preview["previewToken"]}
    )
    assert answer.json()["state"] == "published", answer.text
    return notice


async def test_one_notice_reaches_every_family_and_survives_a_killed_worker(
    place: tuple[Town, Composition],
) -> None:
    built, school = place
    children = guardians_of(school, "四年级", "1班")
    assert len(children) == CLASS
    numbers = sorted({phone for phones in children.values() for phone in phones})
    phones = await signed_in(built, numbers)
    teacher = Phone(built, class_teacher(school, "四年级", "1班"))
    await teacher.sign_in()

    # A phone that is open hears of the notice without asking.
    listener = phones[numbers[0]]
    live = await websockets.connect(f"ws://127.0.0.1:{built.port}/v1/live")
    bearer = listener.http.headers["Authorization"].removeprefix("Bearer ")
    await live.send(json.dumps({"token": bearer}))
    assert json.loads(await live.recv())["type"] == "hello"

    notice = await published(teacher, confirmMode="tap")
    heard = json.loads(await asyncio.wait_for(live.recv(), 10))
    assert heard == {"type": "changed", "what": ["feed"]}
    await live.close()

    tokens = {phone.token for phone in phones.values()}
    await until_async(lambda: set(built.shown(notice)) == tokens)
    assert set(built.shown(notice).values()) == {1}
    said = json.dumps([push["message"] for push in built.pushes()], ensure_ascii=False)
    assert "家长会" not in said and "四年级" not in said

    # One guardian of each family of the first half confirms; that settles the household.
    settled = list(children.values())[: CLASS // 2]
    for family in settled:
        answer = await phones[family[0]].http.put(
            f"/notices/{notice}/confirmation", json={"revision": 1}
        )
        assert answer.status_code == 200, answer.text
    for family in settled:
        for number in family:
            [item] = (await phones[number].feed())["items"]
            assert item["settled"] is True
    await phones[children_left(children, settled)].http.put(
        f"/notices/{notice}/reading", json={"revision": 1}
    )
    reach = (await teacher.http.get(f"/notices/{notice}/reach")).json()
    assert sum(reach["families"].values()) == reach["familiesTotal"] == CLASS
    assert sum(reach["people"].values()) == reach["peopleTotal"] == len(numbers)
    assert reach["families"]["confirmed"] >= CLASS // 2
    assert reach["families"]["noAccount"] == reach["families"]["noDevice"] == 0

    await a_worker_is_killed_in_the_middle_of_a_batch(built, teacher, phones)


def children_left(children: dict[str, list[str]], settled: list[list[str]]) -> str:
    busy = {number for family in settled for number in family}
    return next(number for family in children.values() for number in family if number not in busy)


async def a_worker_is_killed_in_the_middle_of_a_batch(
    built: Town, teacher: Phone, phones: dict[str, Phone]
) -> None:
    """The batch's lease runs out and another worker carries the rest; at most one repeat each."""
    built.kill("worker-2")
    await slow_provider(built, 0.05)
    notice = await published(teacher)
    await until_async(lambda: len(built.shown(notice)) > 0)
    built.kill("worker-1")
    cut = built.shown(notice)
    assert len(cut) < len(phones), "the worker was not killed in the middle"
    await slow_provider(built, 0.0)
    built.start("worker-3", "backend.cli", "worker")
    tokens = {phone.token for phone in phones.values()}
    await until_async(lambda: set(built.shown(notice)) == tokens)
    await asyncio.sleep(5)
    assert max(built.shown(notice).values()) <= 2
    for phone in phones.values():
        items = (await phone.feed())["items"]
        assert [item["id"] for item in items].count(notice) == 1
