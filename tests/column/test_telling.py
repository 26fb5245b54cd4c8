"""Whom a release is told to: subscribers, once of each item, whatever happens in between."""

import asyncio
from datetime import timedelta
from uuid import UUID

from backend.column import jobs, notify
from backend.database import fetch
from backend.people.models import Relation
from backend.people.operations import ties
from seed.cast import Cast
from tests.column.desk import (
    MONDAY,
    Pocket,
    appear,
    approved,
    carry,
    district_column,
    letters,
    of_district,
    of_school,
    ok,
    phones,
    refused,
    school_column,
    second_officer,
    tips,
    titles,
)
from tests.house import SignIn

FAMILY = ("王立强", "刘敏", "李建国", "孙海燕")
LATER = MONDAY + timedelta(minutes=5)


async def told(release: object, *people: UUID) -> set[UUID]:
    return await jobs.still_wanted(notify.RELEASED, UUID(str(release)), list(people))


async def test_every_family_of_the_school_hears_once_and_no_other(as_: SignIn, cast: Cast) -> None:
    await phones(cast, *FAMILY)
    column = await school_column(as_, cast)
    await of_school(as_, column)
    await appear()
    pocket = Pocket()
    assert await carry(pocket, LATER) == sorted(["王立强", "刘敏", "李建国"])
    await appear()
    assert await carry(pocket, LATER) == []


async def test_whoever_unsubscribed_is_left_in_peace_and_may_still_read(
    as_: SignIn, cast: Cast
) -> None:
    await phones(cast, *FAMILY)
    column = await school_column(as_, cast)
    father = await as_("王立强")
    [mine] = (await ok(father.get("/me/series")))["items"]
    assert mine["subscribed"]
    for _ in range(2):
        await ok(father.delete(f"/me/series/{column}/subscription"), 204)
    assert not (await ok(father.get("/me/series")))["items"][0]["subscribed"]
    await of_school(as_, column, title="甲篇")
    await of_school(as_, column, title="乙篇")
    await appear()
    pocket = Pocket()
    assert await carry(pocket, LATER) == sorted(["刘敏", "李建国"])
    assert await titles(father) == ["甲篇"]
    await ok(father.put(f"/me/series/{column}/subscription"), 204)
    await appear(MONDAY + timedelta(days=7))
    assert "王立强" in await carry(pocket, LATER + timedelta(days=7))


async def test_a_family_with_children_at_two_schools_gets_one_letter(
    as_: SignIn, cast: Cast
) -> None:
    seventh = cast.classes["莲塘/七年级/1班"]
    elder = await ties.admit(seventh.school_id, seventh.id, "20240199", "王子谦")
    await ties.bind(cast.id("王立强"), elder.id, Relation.FATHER)
    await phones(cast, *FAMILY)
    await second_officer(cast)
    series = await tips(as_, cast, "traffic")
    item = await of_district(as_, series, topic="traffic")
    await appear()
    pocket = Pocket()
    assert await carry(pocket, LATER) == sorted(FAMILY)
    assert await titles(await as_("王立强")) == ["慢一点，也没关系"]
    # Both schools take it up: nobody hears of it again.
    for key, admin in (("海湾", "许建安"), ("莲塘", "何清越")):
        made = await ok(
            (await as_(admin)).post(
                f"/schools/{cast.schools[key].id}/column/tips",
                json={"title": "校园平安", "minute": 600, "topics": ["traffic"]},
            ),
            201,
        )
        await ok((await as_(admin)).put(f"/column/series/{made['id']}/adoptions/{item}"))
    assert await appear(MONDAY + timedelta(days=1)) == 2
    assert len(await letters()) == 3
    assert await carry(pocket, LATER + timedelta(days=1)) == []
    assert await titles(await as_("王立强")) == ["慢一点，也没关系"]


async def test_what_is_withdrawn_and_released_again_is_not_told_again(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    item = await of_school(as_, column)
    await phones(cast, "王立强")
    await appear()
    pocket = Pocket()
    assert await carry(pocket, LATER) == ["王立强"]
    await phones(cast, "刘敏")
    admin, head, father = await as_("许建安"), await as_("周慕云"), await as_("王立强")
    await ok(admin.put(f"/column/items/{item}/withdrawal", json={"reason": "数据有误"}))
    await refused(father.get(f"/column/items/{item}"), 404, "not_found")
    text = {"title": "慢一点（更正）", "paragraphs": ["更正后的正文。"], "kind": "parenting"}
    await ok(admin.put(f"/column/items/{item}", json=text))
    again = await ok(admin.put(f"/column/items/{item}/submission"))
    await approved(head, again)
    assert await titles(father) == []
    await appear(MONDAY + timedelta(days=7))
    assert await titles(father) == ["慢一点（更正）"]
    # The mother, who had no phone the first time, hears of it now.
    assert await carry(pocket, LATER + timedelta(days=7)) == ["刘敏"]


async def test_asking_again_for_the_same_release_grants_again_and_for_another_never(
    as_: SignIn, cast: Cast
) -> None:
    await second_officer(cast)
    general, own = await district_column(as_, cast), await school_column(as_, cast)
    item = await of_district(as_, general)
    await appear()
    father, mother = cast.id("王立强"), cast.id("刘敏")
    [first] = [one["subject_id"] for one in await letters()]
    admin = await as_("许建安")
    await ok(admin.put(f"/column/series/{own}/adoptions/{item}"))
    await appear(MONDAY + timedelta(days=7))
    [second] = [one["subject_id"] for one in await letters() if one["subject_id"] != first]
    # Two workers with two phones of the same people, and one of them started anew.
    asked = await asyncio.gather(*(told(first, father, mother) for _ in range(6)))
    assert asked == [{father, mother}] * 6
    assert await told(second, father, mother) == set()
    assert await told(first, father, mother) == {father, mother}
    rows = await fetch("SELECT person_id, item_id FROM column_told")
    assert len(rows) == len({tuple(row.values()) for row in rows}) == 2


async def test_of_two_releases_at_once_each_person_hears_exactly_one(
    as_: SignIn, cast: Cast
) -> None:
    await second_officer(cast)
    general, own = await district_column(as_, cast), await school_column(as_, cast)
    item = await of_district(as_, general)
    await appear()
    await ok((await as_("许建安")).put(f"/column/series/{own}/adoptions/{item}"))
    await appear(MONDAY + timedelta(days=7))
    people = [cast.id(name) for name in ("王立强", "刘敏", "李建国", "周婷")]
    releases = [one["subject_id"] for one in await letters()]
    assert len(releases) == 2
    granted = await asyncio.gather(*(told(release, *people) for release in releases * 3))
    heard = [set.union(*granted[index::2]) for index in range(2)]
    assert heard[0] | heard[1] == set(people)
    assert heard[0] & heard[1] == set()


async def test_a_push_that_failed_is_tried_again(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    await of_school(as_, column)
    await phones(cast, "王立强")
    await appear()
    pocket = Pocket()
    pocket.fails = True
    assert await carry(pocket, LATER) == []
    pocket.fails = False
    assert await carry(pocket, LATER + timedelta(hours=1)) == ["王立强"]


async def test_who_has_read_it_or_left_the_school_is_not_pushed(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    item = await of_school(as_, column)
    await appear()
    [release] = [one["subject_id"] for one in await letters()]
    reader = await as_("王立强")
    for _ in range(2):
        await ok(reader.put(f"/column/items/{item}/reading"), 204)
    assert (await ok(reader.get(f"/column/items/{item}")))["isRead"]
    await fetch(
        "UPDATE guardianships SET valid_until = now() - interval '1 day' WHERE person_id = $1 "
        "RETURNING id",
        cast.id("刘敏"),
    )
    await fetch(
        "UPDATE guardianships SET restricted = true WHERE person_id = $1 RETURNING id",
        cast.id("周婷"),
    )
    people = [cast.id(name) for name in ("王立强", "刘敏", "周婷", "李建国", "孙海燕")]
    assert await told(release, *people) == {cast.id("李建国")}


async def test_a_release_of_several_is_told_while_one_of_them_is_new(
    as_: SignIn, cast: Cast
) -> None:
    await second_officer(cast)
    general = await district_column(as_, cast)
    own = await school_column(as_, cast, perRelease=2)
    item = await of_district(as_, general)
    await appear()
    father = cast.id("王立强")
    [first] = [one["subject_id"] for one in await letters()]
    assert await told(first, father) == {father}
    await ok((await as_("许建安")).put(f"/column/series/{own}/adoptions/{item}"))
    await of_school(as_, own, title="本校一篇")
    await appear(MONDAY + timedelta(days=7))
    [second] = [one["subject_id"] for one in await letters() if one["subject_id"] != first]
    assert await told(second, father) == {father}
    assert len(await fetch("SELECT 1 FROM column_told WHERE person_id = $1", father)) == 2
