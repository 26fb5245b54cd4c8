"""A committee of parents suggests, votes, writes minutes and judges, in words that must not get
out.
"""

from typing import Any

from seed.cast import Cast
from tests.canary.duty import done
from tests.canary.words import CANARIES
from tests.committees import minuting, panel_stories, voting
from tests.committees.stories import active_committee, seat_of
from tests.house import SignIn, Visitor

CHAIR, GUEST = "周婷", "李建国"
OTHERS = ("王立强", "刘敏", "高远", "马静")


async def a_council(as_: SignIn, guest: Visitor, admin: Visitor, cast: Cast) -> None:
    """The guest keeps its papers; everything is refused once on the way."""
    body = await active_committee(as_, cast, CHAIR, *OTHERS, secretary=GUEST)
    await _wish(as_, guest, body)
    await _vote(as_, guest, admin, cast, body)
    await _minutes(as_, guest, cast, body)
    await _panel(as_, guest, admin, cast)


async def _wish(as_: SignIn, guest: Visitor, body: dict[str, Any]) -> None:
    path, words = f"/bodies/{body['id']}/suggestions", CANARIES["wish"]
    for misfit in ({"title": words * 30, "text": words}, {"title": words}):
        assert (await guest.post(path, json=misfit)).status_code == 400
    made = await done(guest.post(path, json={"title": words, "text": words}))
    chair, reason = await as_(CHAIR), {"reason": CANARIES["reason"]}
    url = f"/suggestions/{made['id']}/refusal"
    assert (await guest.put(url, json=reason)).status_code == 403
    await done(chair.put(url, json=reason))


async def _vote(
    as_: SignIn, guest: Visitor, admin: Visitor, cast: Cast, body: dict[str, Any]
) -> None:
    """An open vote, doubted, rejected, published; and what it decided."""
    words, doubt = CANARIES["motion"], {"reason": CANARIES["doubt"]}
    options = [{"label": words}, {"label": "不调整"}]
    chair = await as_(CHAIR)
    asked = {"title": words, "text": words, "method": "single", "options": options}
    item = await voting.item(cast, body, title=words, text=words)
    for misfit in ({"title": words * 60}, {"options": [*options, {"label": words * 40}]}):
        draft = {"closesAt": voting.soon(), **asked, **misfit}
        assert (await chair.post(f"/agenda-items/{item.id}/vote", json=draft)).status_code == 400
    vote = await voting.opened(as_, item.id, **asked)
    url = f"/votes/{vote['id']}"
    assert (await guest.put(f"{url}/annulment", json=doubt)).status_code == 403
    for who in (chair, *[await as_(name) for name in OTHERS], guest):
        await done(voting.put(who, vote, "o1"))
    await done(chair.put(f"{url}/certification"))
    objection = await done(guest.post(f"{url}/objections", json=doubt))
    assert (await guest.post(f"{url}/objections", json=doubt)).status_code == 409
    answer = {"upheld": False, "answer": CANARIES["doubt"]}
    said = f"/objections/{objection['id']}/answer"
    assert (await guest.put(said, json=answer)).status_code == 403
    await done(admin.put(said, json=answer))
    await voting.pass_window(vote)
    await done(chair.put(f"{url}/publication"))
    assert words in (await guest.get(f"{url}/bundle")).text
    decision = {"itemId": str(item.id), "text": CANARIES["decision"]}
    kept = {"seatId": seat_of(body, CANARIES["guardian"])["id"], "dueOn": voting.soon(days=9)[:10]}
    path = f"/bodies/{body['id']}/decisions"
    assert (await guest.post(path, json={**decision, "seatId": kept["seatId"]})).status_code == 422
    entered = await done(guest.post(path, json={**decision, **kept}))
    note = {"note": CANARIES["decision"]}
    await done(guest.put(f"/decisions/{entered['id']}/completion", json=note))


async def _minutes(as_: SignIn, guest: Visitor, cast: Cast, body: dict[str, Any]) -> None:
    """Drafted by the house, added to by the guest, confirmed, doubted."""
    words, chair = CANARIES["minuted"], await as_(CHAIR)
    meeting = await minuting.ended(cast, body, there=(CHAIR, CANARIES["guardian"]), title=words)
    path = f"/meetings/{meeting.id}/minutes"
    await done(guest.put(f"{path}/draft"))
    assert (await guest.put(f"{path}/remarks", json={"remarks": words * 3000})).status_code == 400
    draft = await done(guest.put(f"{path}/remarks", json={"remarks": words}))
    stale = await chair.put(f"{path}/confirmation", json={"digest": "0" * 64})
    assert stale.json()["code"] == "minutes_changed"
    await done(chair.put(f"{path}/confirmation", json={"digest": draft["digest"]}))
    doubt = {"text": CANARIES["doubt"]}
    objected = await done(guest.post(f"{path}/objections", json=doubt))
    answer = {"upheld": False, "answer": CANARIES["doubt"]}
    said = f"{path}/objections/{objected['objections'][0]['id']}/answer"
    assert (await guest.put(said, json=answer)).status_code == 403
    await done(chair.put(said, json=answer))
    for form in ("docx", "pdf"):
        assert (await guest.get(f"{path}.{form}")).status_code == 200


async def _panel(as_: SignIn, guest: Visitor, admin: Visitor, cast: Cast) -> None:
    """Judged by the guest with a remark, and by two others without."""
    words = CANARIES["judged"]
    panel = await done(
        admin.post(panel_stories.path_of(cast), json=panel_stories.written(title=words, text=words))
    )
    path = f"/panels/{panel['id']}"
    shown = {"entries": [panel_stories.entry(words, presenter=words, text=words)]}
    await done(admin.put(f"{path}/entries", json=shown))
    asked = panel_stories.judges(cast, (GUEST, "parent"), (CHAIR, "parent"), ("高远", "parent"))
    await done(admin.put(f"{path}/panelists", json=asked))
    opened = await done(admin.put(f"{path}/opening"))
    entry = opened["shown"][0]
    for points, remark, status in (
        ({"c1": 99, "c2": 1}, words, 422),
        ({"c1": 30, "c2": 20}, words * 100, 400),
        ({"c1": 30, "c2": 20}, words, 204),
    ):
        answer = await panel_stories.score(guest, entry, points, remark)
        assert answer.status_code == status, answer.text
    for name in (CHAIR, "高远"):
        await panel_stories.score(await as_(name), entry, {"c1": 30, "c2": 20})
    await done(admin.put(f"{path}/closing"))
    await done(admin.put(f"{path}/publication"))
