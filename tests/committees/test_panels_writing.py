"""What a panel is shown and who judges it, written before it opens."""

from uuid import uuid4

from backend.media.models import Attachment
from seed.cast import Cast
from tests.committees.panel_stories import (
    JUDGES,
    drafted,
    entry,
    judges,
    path_of,
    written,
)
from tests.committees.stories import ADMIN, ok, refused
from tests.courses.stories import a_medium
from tests.house import SignIn


async def test_entries_are_set_in_order_and_carry_their_files(as_: SignIn, cast: Cast) -> None:
    admin = await as_(ADMIN)
    panel = ok(await admin.post(path_of(cast), json=written()), 201)
    path = f"/panels/{panel['id']}/entries"
    files = [await a_medium(cast, ADMIN, kind="image") for _ in range(2)]
    shown = [entry("甲组", attachmentIds=files[:1]), entry("乙组", attachmentIds=files[1:])]
    made = ok(await admin.put(path, json={"entries": shown}))["shown"]
    assert [one["title"] for one in made] == ["甲组", "乙组"]
    assert [one["attachments"][0]["id"] for one in made] == files
    # The other way round, and a third; the first file is let go.
    turned = [
        entry("乙组", id=made[1]["id"], attachmentIds=files[1:]),
        entry("甲组", id=made[0]["id"]),
        entry("丙组"),
    ]
    again = ok(await admin.put(path, json={"entries": turned}))["shown"]
    assert [one["title"] for one in again] == ["乙组", "甲组", "丙组"]
    assert [one["id"] for one in again][:2] == [made[1]["id"], made[0]["id"]]
    assert [len(one["attachments"]) for one in again] == [1, 0, 0]
    assert (await Attachment.get(id=files[0])).owner_id is None
    # What is not named any more goes, with its file.
    ok(await admin.put(path, json={"entries": [entry("丙组", id=again[2]["id"])]}))
    assert (await Attachment.get(id=files[1])).owner_id is None


async def test_entries_that_are_not_the_panels_own_are_refused(as_: SignIn, cast: Cast) -> None:
    admin = await as_(ADMIN)
    panel, other = await drafted(as_, cast), await drafted(as_, cast)
    path = f"/panels/{panel['id']}/entries"
    foreign = other["shown"][0]["id"]
    for shown in ([entry(id=foreign)], [entry(id=str(uuid4()))],
                  [entry(id=panel["shown"][0]["id"])] * 2):  # fmt: skip
        refused(await admin.put(path, json={"entries": shown}), "entry_unknown", 422)
    theirs = await a_medium(cast, "王立强", kind="image")
    answer = await admin.put(path, json={"entries": [entry(attachmentIds=[theirs])]})
    assert answer.json()["code"] == "attachment_missing"
    assert ok(await admin.get(f"/panels/{panel['id']}"))["shown"] == panel["shown"]


async def test_panelists_may_come_from_outside_the_house(as_: SignIn, cast: Cast) -> None:
    admin = await as_(ADMIN)
    panel = await drafted(as_, cast)
    path = f"/panels/{panel['id']}/panelists"
    outsider = {"name": "海翼科技 吴经理", "phone": "13800138009", "constituency": "enterprise"}
    asked = [*judges(cast)["panelists"][:2], outsider]
    named = ok(await admin.put(path, json={"panelists": asked}))["judgedBy"]
    outside = next(one for one in named if one["constituency"] == "enterprise")
    assert outside["name"] == "海翼科技 吴经理"
    # Later lists name them by the id they have got.
    known = [*asked[:2], {"personId": outside["personId"], "constituency": "expert"}]
    again = ok(await admin.put(path, json={"panelists": known}))["judgedBy"]
    assert [one["constituency"] for one in again if one["personId"] == outside["personId"]] == [
        "expert"
    ]


async def test_strangers_and_doubles_are_refused_as_panelists(as_: SignIn, cast: Cast) -> None:
    admin = await as_(ADMIN)
    panel = await drafted(as_, cast)
    path = f"/panels/{panel['id']}/panelists"
    for person in (cast.id("钱进"), cast.id("孙海燕"), uuid4()):
        asked = {"panelists": [{"personId": str(person), "constituency": "parent"}]}
        problem = refused(await admin.put(path, json=asked), "panelist_unknown", 422)
        assert problem["facts"] == {"field": "panelists[0]"}
    twice = judges(cast, ("王立强", "parent"), ("王立强", "public"))
    refused(await admin.put(path, json=twice), "panelist_twice", 422)
    both = {"personId": str(cast.id("王立强")), "name": "王", "phone": "13800138009"}
    bad = {"panelists": [{**both, "constituency": "parent"}]}
    assert (await admin.put(path, json=bad)).status_code == 400
    assert len(ok(await admin.get(f"/panels/{panel['id']}"))["judgedBy"]) == len(JUDGES)
