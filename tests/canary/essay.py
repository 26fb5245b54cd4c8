"""A parent writes for the column, told with words that must not get out."""

from datetime import datetime, timedelta

from backend import clock
from backend.column.operations import releases
from seed.cast import Cast
from tests.canary.duty import done
from tests.canary.words import CANARIES
from tests.column.desk import MONDAY, RHYTHM, due_on
from tests.house import Visitor


async def an_essay(guest: Visitor, admin: Visitor, cast: Cast) -> None:
    """Handed in under a full name after misfits, returned with a reason, released, searched."""
    school = f"/schools/{cast.schools['海湾'].id}"
    column = await done(admin.put(f"{school}/column", json=RHYTHM))
    words = CANARIES["essay"]
    essay = {
        "title": words,
        "paragraphs": [words],
        "namedAs": "full",
        "declaration": 1,
        "namesNoPupil": True,
        "consents": True,
    }
    hand_in = f"{school}/column/contributions"
    for misfit in ({"title": words * 20}, {"namedAs": words}, {"consents": False}):
        refused = await guest.post(hand_in, json={**essay, **misfit})
        assert refused.status_code == 400, refused.text
    made = await done(guest.post(hand_in, json=essay))
    review = f"/column/items/{made['id']}/review"
    back = {"approved": False, "revision": 1, "reason": CANARIES["reason"]}
    await done(admin.put(review, json=back))
    assert (await admin.put(f"/column/items/{made['id']}/submission")).status_code == 409
    await done(guest.put(f"/me/column/contributions/{made['id']}", json=essay))
    await done(admin.put(review, json={"approved": True, "revision": 2}))
    morning = _morning(clock.now())
    await due_on(column["id"], morning)
    assert await releases.release_due(column["id"], morning) is not None
    found = await guest.get("/column", params={"q": words})
    assert [item["title"] for item in found.json()["items"]] == [words]
    assert (await guest.get("/column", params={"q": words, "kind": words})).status_code == 400


def _morning(now: datetime) -> datetime:
    """Return ten o'clock of the last day that has come as far."""
    return MONDAY.replace(year=now.year, month=now.month, day=now.day) - timedelta(days=1)
