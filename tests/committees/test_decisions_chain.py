"""The chain of decisions: recomputed by anybody inside, and broken by every tampering."""

import hashlib
import json
from uuid import UUID, uuid4

import pytest

from backend.committees.queries import decisions as queries
from backend.committees.rules.chain import GENESIS, verify
from backend.database import execute, fetch_one
from seed.cast import Cast
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    OFFICER,
    OTHER_ADMIN,
    OTHER_CLASS,
    PARENT,
    TEACHER,
    board,
)
from tests.committees.minuting import as_nobody_may, confirmed, decided, ended, item, seat_id
from tests.committees.stories import ok, refused, today
from tests.house import SignIn

TAMPERINGS = {
    "number": "number = number + 100",
    "body_id": "body_id = '{body}'",
    "item_id": "item_id = '{item}'",
    "item_id gone": "item_id = NULL",
    "meeting_id": "meeting_id = '{meeting}'",
    "vote_id": "vote_id = NULL",
    "text": "text = text || '。'",
    "owner_id": "owner_id = '{person}'",
    "owner_name": "owner_name = '别人'",
    "due_on": "due_on = due_on + 1",
    "decided_at": "decided_at = decided_at + interval '1 microsecond'",
    "entered_by": "entered_by = '{person}'",
    "entered_at": "entered_at = entered_at - interval '1 day'",
    "previous": "previous = repeat('a', 64)",
    "digest": "digest = repeat('b', 64)",
}


async def test_anybody_inside_recomputes_the_chain(as_: SignIn, cast: Cast) -> None:
    body, _ = await _log(as_, cast)
    path = f"/bodies/{body['id']}/decisions/chain"
    for name in (PARENT, TEACHER, OFFICER):
        refused(await (await as_(name)).get(path), "not_allowed", 403)
    for name in (OTHER_ADMIN, OTHER_CLASS):
        refused(await (await as_(name)).get(path), "not_found", 404)
    for name in (CHAIR, "高远", ADMIN):
        chain = ok(await (await as_(name)).get(path))
        assert (len(chain["links"]), chain["flaws"]) == (3, [])
    before = GENESIS
    for link in chain["links"]:
        plain = json.dumps(link["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256((before + plain).encode()).hexdigest()
        assert (link["previous"], link["digest"]) == (before, digest)
        before = digest
    assert chain["head"] == before


@pytest.mark.parametrize("change", TAMPERINGS.values(), ids=TAMPERINGS.keys())
async def test_whatever_is_changed_past_the_guards_is_found(
    as_: SignIn, cast: Cast, change: str
) -> None:
    body, other = await _log(as_, cast)
    sql = change.format(
        body=other["body"], item=other["item"], meeting=other["meeting"], person=cast.id(TEACHER)
    )
    target = f"UPDATE decisions SET {sql} WHERE number = 2 AND body_id = $1"
    with pytest.raises(Exception, match="does not change"):
        await execute(target, UUID(body["id"]))
    assert verify(await queries.chain_of(UUID(body["id"]))) == []

    await as_nobody_may(target, UUID(body["id"]))

    seen = ok(await (await as_(CHAIR)).get(f"/bodies/{body['id']}/decisions/chain"))
    assert seen["flaws"] != []


async def test_what_is_cut_off_or_written_anew_is_found_by_the_minutes(
    as_: SignIn, cast: Cast
) -> None:
    body, other = await _log(as_, cast)
    body_id = UUID(body["id"])
    await confirmed(as_, other["ended"])
    with pytest.raises(Exception, match="not removed"):
        await execute("DELETE FROM decisions WHERE number = 3")

    await as_nobody_may("DELETE FROM decisions WHERE number = 3 AND body_id = $1", body_id)

    links = await queries.chain_of(body_id)
    assert verify(links) == []
    vouched = await queries.vouched_by_minutes(body_id)
    assert [(flaw.number, flaw.what) for flaw in verify(links, vouched=vouched)] == [(3, "vouched")]


async def test_only_what_became_of_a_decision_may_be_written(as_: SignIn, cast: Cast) -> None:
    body, _ = await _log(as_, cast)
    allowed = "done_at = now(), done_by = entered_by, done_note = '已办结', reminded_at = now()"
    assert await execute(f"UPDATE decisions SET {allowed} WHERE number = 2") == 1
    assert verify(await queries.chain_of(UUID(body["id"]))) == []
    with pytest.raises(Exception, match="stays done"):
        await execute("UPDATE decisions SET done_note = '改口' WHERE number = 2")


async def _log(as_: SignIn, cast: Cast) -> tuple[dict[str, object], dict[str, object]]:
    """Return a body with three decisions, and ids of other rows to point at."""
    body = await board(as_, cast)
    meeting = await ended(cast, body)
    about, other = await item(cast, meeting), await item(cast, meeting, title="另一项")
    elsewhere = await ended(cast, body, title="第四次会议")
    chair = await as_(CHAIR)
    for _ in range(3):
        await decided(
            chair, body, about, seatId=await seat_id(body, "马静"), dueOn=today().isoformat()
        )
    twin = uuid4()
    await execute(
        "INSERT INTO bodies SELECT (jsonb_populate_record(b, jsonb_build_object('id', $2::text, "
        "'class_id', NULL, 'level', 'school', 'grade_id', NULL))).* FROM bodies b WHERE b.id = $1",
        UUID(str(body["id"])),
        str(twin),
    )
    assert await fetch_one("SELECT 1 FROM bodies WHERE id = $1", twin)
    return body, {
        "body": twin, "item": other.id, "meeting": elsewhere.id, "ended": meeting,
    }  # fmt: skip
