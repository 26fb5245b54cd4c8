"""What is booked: an open day with answers and opinions, a duty with a stand-in, its door."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from backend.activities import jobs as activities
from backend.bookings import jobs as bookings
from backend.media.storage import open_files
from backend.settings import Settings
from seed.cast import Cast
from tests.activities.stories import came, held, open_day, opened, register, session, write
from tests.bookings.slots import a_slot
from tests.canary.words import CANARIES
from tests.house import SignIn, Visitor


async def visit(as_: SignIn, guest: Visitor, admin: Visitor, cast: Cast, settings: Settings) -> str:
    """Let a guardian come to an open day and stand at the gate; each with its refusals.

    Returns the secret part of the guardian's calendar address.
    """
    await _open_day(guest, admin, cast, settings)
    await _duty(as_, guest, admin, cast)
    feed = (await guest.put("/me/calendar-feed")).json()["url"].rpartition("/")[2]
    read = await guest.get(f"/calendars/{feed}")
    assert CANARIES["activity"] in read.text.replace("\r\n ", "")
    assert (await guest.get(f"/calendars/x{feed[1:]}")).status_code == 404
    return str(feed.removesuffix(".ics"))


async def _open_day(guest: Visitor, admin: Visitor, cast: Cast, settings: Settings) -> None:
    title, text = CANARIES["activity"], CANARIES["answer"]
    questions: list[dict[str, Any]] = [
        {"key": "topic", "label": "想了解什么"},
        {"key": "lunch", "label": "是否用餐", "kind": "yes_no"},
    ]
    speaker = {"name": title, "title": title, "personId": str(uuid4())}
    body = open_day(cast, session("参观"), title=title, paragraphs=[title], questions=questions)
    stranger = {**body, "sessions": [session("讲座", speakers=[speaker])]}
    assert (await write(admin, cast, stranger)).json()["code"] == "speaker_not_here"
    for misfit in ({"title": title * 20}, {"paragraphs": [title * 700]}, {"kind": title}):
        assert (await write(admin, cast, {**body, **misfit})).status_code == 400
    activity = await opened(admin, cast, body)
    only = activity["sessions"][0]["id"]
    for misfit in ({"lunch": text}, {"topic": text * 60}, {text: "yes"}):
        refused = await register(guest, cast, only, "李沐阳", answers=misfit)
        assert refused.status_code in (400, 409), refused.text
    taken = await register(guest, cast, only, "李沐阳", answers={"topic": text, "lunch": "yes"})
    assert taken.status_code == 200, taken.text
    url = f"/activities/{activity['id']}"
    programme = {
        "speakers": [{**speaker, "personId": None}],
        "delivery": "online",
        "link": "https://meeting.example.edu.cn/j/1",
    }
    assert (await admin.put(f"/sessions/{only}/programme", json=programme)).status_code == 200
    listed = await admin.get(f"{url}/registrations")
    assert text in listed.text
    asked = await admin.post(f"{url}/exports", json={"reason": CANARIES["reason"]})
    assert asked.status_code == 201, asked.text
    assert await activities.make_exports(open_files(settings)) == 1
    await came(cast, only, "李建国")
    await held(activity)
    await activities.ask_for_feedback()
    opinion = CANARIES["opinion"]
    for rating, said in ((9, opinion), (5, opinion * 300)):
        misfit_answer = await guest.put(f"{url}/feedback", json={"rating": rating, "text": said})
        assert misfit_answer.status_code == 400
    kept = await guest.put(f"{url}/feedback", json={"rating": 5, "text": opinion})
    assert kept.status_code == 200, kept.text
    summary = {"text": CANARIES["activity"]}
    assert (await admin.put(f"{url}/summary", json=summary)).status_code == 200


async def _duty(as_: SignIn, guest: Visitor, admin: Visitor, cast: Cast) -> None:
    """A stand-in is asked for and refused; one who waits goes first; then it is called off."""
    slot, helper = await _slot(cast, 3), await as_("高远")
    url = f"/slots/{slot}"
    assert (await guest.put(f"{url}/booking", json={})).json()["state"] == "confirmed"
    waiting = (await helper.put(f"{url}/booking", json={})).json()
    assert waiting["state"] == "waitlisted"
    note = {"note": CANARIES["note"]}
    too_long = {"note": CANARIES["note"] * 60}
    assert (await guest.put(f"{url}/booking/stand-in", json=too_long)).status_code == 400
    search = (await guest.put(f"{url}/booking/stand-in", json=note)).json()["id"]
    reason = {"reason": CANARIES["reason"]}
    first = {"priority": 1, **reason}
    moved_up = await admin.put(f"/bookings/{waiting['id']}/priority", json=first)
    assert moved_up.status_code == 204, moved_up.text
    vetoed = await admin.put(f"/stand-ins/{search}/veto", json=reason)
    assert vetoed.status_code == 204, vetoed.text
    begins = await _slot(cast, 5, needs_approval=True)
    wished = (await guest.put(f"/slots/{begins}/booking", json={})).json()
    no = {"approved": False, **reason}
    assert (await admin.put(f"/bookings/{wished['id']}/decision", json=no)).status_code == 200
    other = await _slot(cast, 7)
    await guest.put(f"/slots/{other}/booking", json={})
    assert (await admin.put(f"{url}/cancellation", json=reason)).status_code == 200
    await bookings.tell_moves()


async def _slot(cast: Cast, days: int, **more: Any) -> UUID:
    title = CANARIES["activity"]
    return await a_slot(cast, begins_in=timedelta(days=days), title=title, place=title, **more)
