"""What notices leave in the post office, and when a push is still wanted."""

from uuid import UUID

from backend.database import fetch
from backend.notices import jobs, notify
from notifications import addresses
from seed.cast import Cast
from tests.house import SignIn
from tests.notices.stories import draft, feed_of, publish, published, written


async def letters() -> list[dict[str, object]]:
    return await fetch("SELECT occasion, priority, audiences, state FROM post_letter ORDER BY id")


async def test_publishing_leaves_one_letter_whatever_the_audience(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    body = draft(cast, "海湾/三年级/1班", "海湾/三年级/2班", "海湾/一年级/1班")
    notice = await written(admin, body)
    for _ in range(2):
        await publish(admin, notice)
    [letter] = await letters()
    assert letter["occasion"] == notify.PUBLISHED
    assert len(letter["audiences"]) == 3  # type: ignore[arg-type]
    assert await fetch("SELECT * FROM post_inbox_item") == []


async def test_a_push_is_dropped_once_the_household_has_acted(as_: SignIn, cast: Cast) -> None:
    notice = UUID(await published(await as_("林晓岚"), draft(cast, confirmMode="tap")))
    household = [cast.id("王立强"), cast.id("刘敏")]
    others = [cast.id("李建国"), cast.id("周婷")]
    wanted = await jobs.still_wanted(notify.PUBLISHED, notice, household + others)
    assert wanted == {*household, *others}
    await (await as_("王立强")).put(f"/notices/{notice}/confirmation", json={"revision": 1})
    wanted = await jobs.still_wanted(notify.PUBLISHED, notice, household + others)
    assert wanted == set(others)
    await (await as_("李建国")).put(f"/notices/{notice}/reading", json={"revision": 1})
    assert await jobs.still_wanted(notify.PUBLISHED, notice, others) == {cast.id("周婷")}
    assert await jobs.still_wanted(notify.NUDGED, notice, others) == set(others)


async def test_nobody_is_pushed_about_a_withdrawn_notice_but_its_readers(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    notice = UUID(await published(teacher, draft(cast)))
    await (await as_("李建国")).put(f"/notices/{notice}/reading", json={"revision": 1})
    await teacher.put(f"/notices/{notice}/withdrawal", json={"reason": "发错了"})
    people = [cast.id(name) for name in ("李建国", "周婷", "王立强")]
    assert await jobs.still_wanted(notify.PUBLISHED, notice, people) == set()
    assert await jobs.still_wanted(notify.WITHDRAWN, notice, people) == {cast.id("李建国")}


async def test_one_confirmation_takes_the_other_guardians_waiting_push_away(
    as_: SignIn, cast: Cast
) -> None:
    from backend import clock

    father, mother = await as_("王立强"), await as_("刘敏")
    for phone, name in ((father, "王立强"), (mother, "刘敏")):
        await addresses.register(
            cast.id(name), f"token-of-{name}", provider="console", platform="android",
            session_id=phone.session_id, now=clock.now(),
        )  # fmt: skip
    notice = await published(await as_("林晓岚"), draft(cast, confirmMode="tap"))
    from notifications.expansion import claim_letter, turn_page

    now = clock.now()
    letter = await claim_letter(now, now)
    assert letter is not None
    people = sorted([cast.id("王立强"), cast.id("刘敏")])
    assert await turn_page(letter, people, last=True, now=now) == 2
    await father.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    waiting = await fetch("SELECT person_id, silent FROM post_delivery WHERE NOT silent")
    assert waiting == []


async def test_a_scheduled_notice_goes_out_when_its_moment_comes_and_once(
    as_: SignIn, cast: Cast
) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    notice = await written(teacher, draft(cast))
    answer = await publish(teacher, notice, publishAt="2026-12-31T08:00:00+08:00")
    assert answer.json()["state"] == "scheduled", answer.text
    assert await jobs.release_due() == 0
    assert await feed_of(father) == []
    await fetch("UPDATE notices SET publish_at = now() - interval '1 s' RETURNING id")
    assert await jobs.release_due() == 1
    assert await jobs.release_due() == 0
    assert [item["id"] for item in await feed_of(father)] == [notice]
    assert len(await letters()) == 1


async def test_an_expired_notice_leaves_the_feed_at_once_and_the_board_by_the_sweep(
    as_: SignIn, cast: Cast
) -> None:
    father = await as_("李建国")
    notice = await published(await as_("林晓岚"), draft(cast))
    await fetch("UPDATE notices SET expires_at = now() RETURNING id")
    await fetch("UPDATE notice_postings SET expires_at = now() RETURNING seq")
    assert await feed_of(father) == []
    assert await jobs.expire_due() == 1
    assert await fetch("SELECT seq FROM notice_postings WHERE current") == []
    assert (await father.get(f"/notices/{notice}")).json()["state"] == "expired"
