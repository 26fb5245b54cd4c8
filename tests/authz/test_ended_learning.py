"""What a parent reads and writes of the column, and what anybody has on its way in, ends with
the guardianship or the office; a link ends with the session it was signed for."""

import pytest

from backend.database import execute
from backend.media import permissions as media
from tests.authz.bodies_column import BODIES
from tests.authz.bodies_files import BODIES as FILES
from tests.authz.state import undone
from tests.authz.world import World

GUARDIANSHIPS = ["restricted = true", "valid_until = now()"]


@pytest.mark.parametrize("ending", GUARDIANSHIPS)
async def test_what_is_released_is_read_no_more_after_the_guardianship(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    urls = (
        f"/column/items/{own.released_item}",
        f"/column/items/{own.above_item}",
    )
    subscription = f"/me/series/{own.school_series}/subscription"
    assert "CANARY-A1_" in (await phone.get("/column")).text
    async with undone():
        await execute(
            f"UPDATE guardianships SET {ending} WHERE person_id = $1", world.people["parent"]
        )
        for url in urls:
            assert (await phone.get(url)).status_code == 404
            assert (await phone.put(f"{url}/reading")).status_code == 404
        # What they handed in themselves has been released, and stays theirs to take back.
        listed = (await phone.get("/column")).json()
        assert listed["items"] == []
        assert (await phone.get("/me/series")).json()["items"] == []
        for ask in (phone.put, phone.delete):
            assert (await ask(subscription)).status_code == 404
        again = FILES["beginUpload"](world, own, "")
        assert (await phone.post("/uploads", **again)).status_code == 404


@pytest.mark.parametrize("ending", GUARDIANSHIPS)
async def test_a_contribution_can_be_taken_back_after_the_guardianship_and_nothing_else(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    story = BODIES["contributeToColumn"](world, own, "")
    again = f"/me/column/contributions/{own.returned_item}"
    async with undone():
        await execute(
            f"UPDATE guardianships SET {ending} WHERE person_id = $1", world.people["parent"]
        )
        url = f"/schools/{own.school_id}/column/contributions"
        assert (await phone.post(url, **story)).status_code == 404
        assert (await phone.put(again, **story)).status_code == 404
        assert (await phone.get(f"/column/items/{own.returned_item}")).status_code == 200
        for item in (own.returned_item, own.published_item):
            answer = await phone.delete(f"/me/column/contributions/{item}/consent")
            assert answer.status_code == 204
        reader = world.phones["chair"]
        assert (await reader.get(f"/column/items/{own.published_item}")).status_code == 404


async def test_a_teacher_without_a_class_writes_for_the_column_no_more(world: World) -> None:
    own, phone = world.places["own"], world.phones["class_teacher"]
    draft = f"/column/items/{own.draft_item}"
    words = BODIES["writeColumnItem"](world, own, "")
    assert (await phone.get(draft)).status_code == 200
    async with undone():
        await execute(
            "UPDATE standings SET role = 'subject_teacher' WHERE person_id = $1",
            world.people["class_teacher"],
        )
        assert (await phone.get(draft)).status_code == 404
        assert (await phone.put(draft, **words)).status_code == 404
        assert (await phone.put(f"{draft}/submission")).status_code == 404
        url = f"/column/series/{own.school_series}/items"
        assert (await phone.post(url, **words)).status_code == 403
        assert (await phone.get(f"/schools/{own.school_id}/column/items")).status_code == 403
        assert (await phone.get(f"/column/items/{own.released_item}")).status_code == 200


async def test_whoever_has_left_the_school_goes_on_with_no_upload(world: World) -> None:
    own, phone = world.places["own"], world.phones["class_teacher"]
    url = f"/uploads/{own.begun_upload}"
    assert (await phone.get(url)).status_code == 200
    async with undone():
        await execute(
            "UPDATE standings SET valid_until = now() WHERE person_id = $1",
            world.people["class_teacher"],
        )
        assert (await phone.get(url)).status_code == 404
        sent = await phone.put(f"{url}/parts/1", **FILES["sendPart"](world, own, ""))
        assert sent.status_code == 404
        for upload in (own.begun_upload, own.sent_upload, own.complete_upload):
            done = await phone.put(f"/uploads/{upload}/completion")
            assert done.status_code == 404
            assert (await phone.delete(f"/uploads/{upload}")).status_code == 404


async def test_a_stream_ends_with_the_session_it_was_signed_for(world: World) -> None:
    own = world.places["own"]
    url = f"/attachments/{own.film_id}/stream/{own.stream_link}/master.m3u8"
    anyone, phone = await world.visitor(None), world.phones["class_teacher"]
    other_phone = await world.visitor("class_teacher")
    for asker, status in ((anyone, 200), (phone, 200), (other_phone, 404)):
        assert (await asker.get(url)).status_code == status
    # A link signed for somebody's film opens no other of theirs.
    other = world.places["other_class"]
    elsewhere = f"/attachments/{other.film_id}/stream/{own.stream_link}/master.m3u8"
    assert (await anyone.get(elsewhere)).status_code == 404
    whole = f"/attachments/{own.film_id}/original?link={own.stream_link}"
    assert (await anyone.get(whole)).status_code == 404
    async with undone():
        await execute("UPDATE sessions SET revoked_at = now() WHERE id = $1", phone.session_id)
        # What is remembered for a player is forgotten within seconds.
        assert media.REMEMBERED_SECONDS <= 5
        media._opened.clear()
        assert (await anyone.get(url)).status_code == 404
    media._opened.clear()
