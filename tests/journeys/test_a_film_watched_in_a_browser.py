"""A film drawn here, handed in in parts, prepared by the worker, watched in Chromium.

The phone plays, pauses, jumps, loses the network and finds it again; its learner goes on on
another one. What the server counts is held against what the browser itself says it played.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from playwright.async_api import Page

from tests.conftest import Clone
from tests.journeys.browser import chromium, length, phone
from tests.journeys.town import ready, town, until
from tests.journeys.village import PARENTS, STAFF, Village, Villager
from tests.media.films import film

LEARNER, AUTHOR, REVIEWER = "王立强", "林晓岚", "许建安"
SECONDS = 40
NEAR = 2_000
"""Milliseconds by which the server's count may differ from the player's own."""


@pytest.fixture(scope="module")
async def village(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Village]:
    dsn = await clone("films")
    with town(dsn, tmp_path_factory.mktemp("films")) as built:
        built.start_provider()
        built.start("api", "backend.cli", "serve", "--processes", "2")
        built.start("worker-1", "backend.cli", "worker")
        built.run("backend.cli", "seed")
        until(lambda: ready(built))
        peopled = Village(built, dsn)
        for name in (LEARNER, AUTHOR, REVIEWER):
            peopled.people[name] = Villager(built, name, (PARENTS | STAFF)[name])
            await peopled[name].move_in()
        peopled.school = (await peopled[LEARNER].get("/me/children"))["items"][0]["schoolId"]
        yield peopled
        await built.hang_up()


async def test_a_film_is_watched_and_earns_its_certificate(
    village: Village, tmp_path: Path
) -> None:
    path = film(tmp_path / "课.mp4", seconds=SECONDS)
    medium = await _handed_in(village, path.name, path.read_bytes())
    course, lesson = await _published(village, medium)
    learner, origin = village[LEARNER], village.town.base.removesuffix("/v1")
    async with chromium() as browser:
        async with phone(browser, origin, _token(learner)) as page:
            await page.evaluate("id => begin(id)", lesson)
            first = await _watch_on_a_bad_network(page, village, lesson)
        assert (await learner.get("/me/certificates"))["items"] == []
        async with phone(browser, origin, _token(learner)) as page:
            opened = await page.evaluate("id => begin(id)", lesson)
            assert abs(opened["positionMs"] - first["at"]) <= NEAR, "goes on where the other left"
            whole = first["played"] + await _watch_to_the_end(page)
            await page.screenshot(path=tmp_path / "watched.png")
    covered, is_completed = await _counted(village, lesson)
    assert abs(covered - length(whole)) <= NEAR, (covered, whole)
    assert is_completed
    [mine] = (await learner.get("/me/certificates"))["items"]
    assert mine["kind"] == "course"
    taken = (await learner.get("/me/courses"))["items"]
    assert [one["percent"] for one in taken if one["courseId"] == course] == [100]
    picture = await learner.http.get(f"/me/certificates/{mine['id']}/image")
    assert picture.content.startswith(b"\x89PNG")
    checked = await learner.http.get(f"/certificates/{mine['url'].rpartition('/')[2]}")
    assert checked.json()["holder"] == "王**"


async def _watch_on_a_bad_network(page: Page, village: Village, lesson: str) -> dict[str, Any]:
    await page.evaluate("film.play()")
    await asyncio.sleep(4)
    await page.evaluate("film.pause()")
    await asyncio.sleep(1)
    await page.evaluate("seek(20)")
    await page.evaluate("film.play()")
    await asyncio.sleep(2)
    await page.context.set_offline(True)
    await asyncio.sleep(5)
    await page.evaluate("film.pause()")
    unsaid = length(await page.evaluate("played()")) - (await _counted(village, lesson))[0]
    assert unsaid > 3_000, "what was played without a network waits on the phone"
    await page.context.set_offline(False)
    await page.evaluate("seek(9)")
    await page.evaluate("film.play()")
    await asyncio.sleep(2)
    await page.evaluate("film.pause()")
    await page.evaluate("play.close()")
    played = await page.evaluate("played()")
    covered, is_completed = await _counted(village, lesson)
    assert abs(covered - length(played)) <= NEAR, (covered, played)
    assert not is_completed
    return {"played": played, "at": await page.evaluate("film.currentTime * 1000")}


async def _watch_to_the_end(page: Page) -> list[Any]:
    await page.evaluate("film.pause()")
    await page.evaluate("seek(0)")
    await page.evaluate("film.playbackRate = 2; film.play()")
    await page.evaluate("finished()")
    await page.evaluate("play.close()")
    played: list[Any] = await page.evaluate("played()")
    return played


async def _handed_in(village: Village, name: str, data: bytes) -> str:
    """Upload a film in two goes, over a network that breaks in between."""
    author = village[AUTHOR]
    declared = {
        "filename": name,
        "byteSize": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "schoolId": village.school,
    }
    upload = await author.made("/uploads", declared)
    size = upload["partBytes"]
    while missing := _missing(upload):
        number = missing[0]
        part = data[(number - 1) * size : number * size]
        answer = await author.http.put(
            f"/uploads/{upload['id']}/parts/{number}",
            content=part,
            headers={"content-type": "application/octet-stream"},
        )
        assert answer.is_success, answer.text
        upload = await author.get(f"/uploads/{upload['id']}")
    made = await author.put(f"/uploads/{upload['id']}/completion")
    identity: str = made["id"]
    return identity


def _missing(upload: dict[str, Any]) -> list[int]:
    return sorted(set(range(1, upload["parts"] + 1)) - set(upload["received"]))


async def _published(village: Village, medium: str) -> tuple[str, str]:
    """Write a course with one film and let somebody else look at it once it is prepared."""
    author = village[AUTHOR]
    course = await author.made(
        f"/schools/{village.school}/courses",
        {"title": "会倾听的父母", "topic": "parenting", "stages": ["primary"]},
    )
    lesson = await author.made(
        f"/courses/{course['id']}/lessons",
        {"kind": "video", "title": "第一课", "attachmentId": medium},
    )

    async def prepared() -> bool:
        answer = await author.http.put(f"/courses/{course['id']}/submission", json={})
        return answer.is_success

    for _ in range(300):
        if await prepared():
            break
        await asyncio.sleep(0.2)
    else:
        raise AssertionError("the film was not prepared within a minute")
    await village[REVIEWER].put(f"/courses/{course['id']}/review", {"approved": True})
    return course["id"], lesson["id"]


async def _counted(village: Village, lesson: str) -> tuple[int, bool]:
    """Return what the server counts: milliseconds watched, and whether the lesson is done."""
    connection = await asyncpg.connect(village.dsn)
    try:
        row = await connection.fetchrow(
            """
            SELECT w.covered_ms, EXISTS (SELECT 1 FROM lesson_completions c
                WHERE c.lesson_id = w.lesson_id AND c.person_id = w.person_id) AS done
            FROM watches w WHERE w.lesson_id = $1
            """,
            UUID(lesson),
        )
        return row["covered_ms"], row["done"]
    finally:
        await connection.close()


def _token(person: Villager) -> str:
    return person.http.headers["Authorization"].removeprefix("Bearer ")
