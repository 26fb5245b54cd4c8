"""What a phone already has is not sent again."""

from seed.cast import Cast
from tests.house import SignIn
from tests.notices.stories import draft, published


async def test_an_unchanged_feed_is_three_hundred_and_four(as_: SignIn, cast: Cast) -> None:
    father = await as_("李建国")
    first = await father.get("/feed")
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}'):
        again = await father.get("/feed", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert (await father.get("/feed", headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_new_notice_changes_the_etag(as_: SignIn, cast: Cast) -> None:
    father = await as_("李建国")
    etag = (await father.get("/feed")).headers["etag"]
    await published(await as_("林晓岚"), draft(cast))
    fresh = await father.get("/feed", headers={"If-None-Match": etag})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] != etag
    assert "private" in fresh.headers["cache-control"]


async def test_one_persons_etag_says_nothing_about_anothers(as_: SignIn, cast: Cast) -> None:
    await published(await as_("林晓岚"), draft(cast))
    etag = (await (await as_("李建国")).get("/feed")).headers["etag"]
    stranger = await as_("钱进")
    assert (await stranger.get("/feed", headers={"If-None-Match": etag})).status_code == 200
