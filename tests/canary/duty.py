"""A parent on duty, told with words that must not get out."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from backend import clock
from seed.cast import Cast
from tests.canary.words import CANARIES
from tests.house import Visitor
from tests.media.phones import PHOTO
from tests.volunteering.duty import run_from
from tests.volunteering.stories import served, shift_body


async def a_duty(guest: Visitor, admin: Visitor, cast: Cast) -> None:
    """A profile, a guard post, a log with a finding and what the school does about it.

    In the end a certificate is revoked and the volunteer suspended; misfits and strangers are
    refused on the way.
    """
    reason = CANARIES["reason"]
    school = f"/schools/{cast.schools['海湾'].id}"
    await guest.put(f"{school}/volunteer", json={"note": CANARIES["profile"] * 70})
    profile = await done(guest.put(f"{school}/volunteer", json={"note": CANARIES["profile"]}))
    volunteer = f"/volunteers/{profile['id']}"
    await done(admin.put(f"{volunteer}/decision", json={"approved": True}))
    made = await done(admin.post(f"{school}/shifts", json=shift_body("guard")))
    shift = f"/shifts/{made['slot']['id']}"
    post = {"side": "police", "name": CANARIES["holder"]}
    await admin.put(f"{shift}/guard-post", json={"holders": [{**post, "side": CANARIES["holder"]}]})
    await done(admin.put(f"{shift}/guard-post", json={"holders": [post]}))
    await done(guest.put(f"/slots/{made['slot']['id']}/booking", json={}))
    await run_from(made["slot"]["id"], clock.now() - timedelta(minutes=30))
    await _found(guest, admin, shift, cast)
    await served(made)
    days = [clock.local(clock.now() - timedelta(days=ago)).date() for ago in (40, 0)]
    period = {"from": days[0].isoformat(), "until": days[1].isoformat()}
    body = {"schoolId": str(cast.schools["海湾"].id), **period}
    paper = await done(guest.post("/me/service-certificates", json=body))
    revocation = f"/certificates/{paper['id']}/revocation"
    assert (await guest.put(revocation, json={"reason": reason})).status_code == 403
    await done(admin.put(revocation, json={"reason": reason}))
    drawing = await guest.get(f"/me/certificates/{paper['id']}/document")
    assert drawing.status_code == 409
    await done(admin.put(f"{volunteer}/suspension", json={"reason": reason}))


async def _found(guest: Visitor, admin: Visitor, shift: str, cast: Cast) -> None:
    parts = {"file": (f"{CANARIES['filename']}.jpg", PHOTO, "image/jpeg")}
    photo = await done(guest.post(f"{shift}/photos", files=parts))
    found = {"key": str(uuid4()), "text": CANARIES["finding"], "severity": "high", "place": "校门"}
    log: dict[str, Any] = {
        "version": 0,
        "remarks": CANARIES["remark"],
        "findings": [{**found, "photoIds": [photo["id"]]}],
    }
    for misfit in (
        {"remarks": CANARIES["remark"] * 500},
        {"findings": [{**found, "severity": CANARIES["finding"]}]},
        {"rating": 3},
    ):
        refused = await guest.put(f"{shift}/duty-log", json={**log, **misfit})
        assert refused.status_code in (400, 422), refused.text
    written = await done(guest.put(f"{shift}/duty-log", json=log))
    stale = await guest.put(f"{shift}/duty-log", json={**log, "version": 7, "rating": None})
    assert stale.status_code == 200, stale.text
    stale = await guest.put(f"{shift}/duty-log", json={**log, "version": 7, "findings": []})
    assert stale.json()["code"] == "log_changed"
    hazard = f"/hazards/{written['findings'][0]['hazardId']}"
    decision = {"confirmed": True, "note": CANARIES["step"]}
    assert (await guest.put(f"{hazard}/decision", json=decision)).status_code == 404
    await done(admin.put(f"{hazard}/decision", json=decision))
    due = clock.local(clock.now()).date().isoformat()
    owner = {"ownerId": str(cast.id("李建国")), "dueOn": due, "note": CANARIES["step"]}
    assert (await admin.put(f"{hazard}/assignment", json=owner)).status_code == 422
    owner["ownerId"] = str(cast.id("林晓岚"))
    await done(admin.put(f"{hazard}/assignment", json=owner))


async def done(sent: Any) -> Any:
    """Await an answer that must be a success; returns its body."""
    answer = await sent
    assert answer.is_success, answer.text
    return answer.json()
