"""The same key twice does it once, however the second comes."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from backend.database import fetch, transaction
from backend.errors import NotAllowed
from backend.web.idempotency import KeyNeeded, KeyReused, once
from seed.cast import Cast
from tests.house import SignIn
from tests.notices.stories import draft

SECRET = "a secret of this house"
KEY = "b7c1d2e3f4a59687"
FATHER, MOTHER = UUID(int=1), UUID(int=2)


class Made(msgspec.Struct):
    number: int


class Work:
    """Counts how often it was done, and takes a moment."""

    def __init__(self) -> None:
        self.done = 0

    async def __call__(self) -> Made:
        await asyncio.sleep(0.02)
        self.done += 1
        return Made(self.done)


async def ask(
    work: Work, key: str | None = KEY, person: UUID = FATHER, request: object = "a"
) -> Made:
    return await once(person, "make", key, request, Made, work, secret=SECRET)


async def test_a_repeated_request_reads_the_first_answer(db: None) -> None:
    work = Work()
    assert await ask(work) == await ask(work) == Made(1)
    assert work.done == 1


async def test_copies_in_flight_wait_for_each_other(db: None) -> None:
    work = Work()
    answers = await asyncio.gather(*(ask(work) for _ in range(6)))
    assert answers == [Made(1)] * 6
    assert work.done == 1


async def test_another_request_under_the_same_key_is_refused(db: None) -> None:
    work = Work()
    await ask(work)
    with pytest.raises(KeyReused):
        await ask(work, request="b")
    assert work.done == 1


async def test_keys_belong_to_a_person(db: None) -> None:
    work = Work()
    assert await ask(work) == Made(1)
    assert await ask(work, person=MOTHER) == Made(2)


async def test_a_refused_act_leaves_the_key_free(db: None) -> None:
    async def refused() -> Made:
        raise NotAllowed

    with pytest.raises(NotAllowed):
        await once(FATHER, "make", KEY, "a", Made, refused, secret=SECRET)
    assert await fetch("SELECT 1 FROM idempotency_keys") == []
    assert await ask(Work()) == Made(1)


async def test_a_rolled_back_act_leaves_the_key_free(db: None) -> None:
    with pytest.raises(RuntimeError):
        async with transaction():
            await ask(Work())
            raise RuntimeError("the caller changes its mind")
    assert await fetch("SELECT 1 FROM idempotency_keys") == []


@pytest.mark.parametrize("key", [None, "", "short", "x" * 81, " " * 12, "钥" * 10, "a\tb" * 4])
async def test_a_key_must_be_a_key(db: None, key: str | None) -> None:
    with pytest.raises(KeyNeeded):
        await ask(Work(), key)


async def test_what_was_asked_is_kept_as_a_keyed_digest_only(db: None) -> None:
    await ask(Work(), request="13800138000")
    [row] = await fetch("SELECT fingerprint FROM idempotency_keys")
    assert "13800138000" not in str(row)
    assert len(row["fingerprint"]) == 64


async def test_a_lost_reply_costs_no_second_draft(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    headers = {"Idempotency-Key": KEY}
    first = await teacher.post("/notices", json=draft(cast), headers=headers)
    again = await teacher.post("/notices", json=draft(cast), headers=headers)
    other = await teacher.post("/notices", json=draft(cast, pinned=True), headers=headers)
    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await teacher.get("/notices")).json()["items"]) == 1
