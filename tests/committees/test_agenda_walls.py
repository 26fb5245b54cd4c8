"""What the database itself refuses, whatever the house was about to write."""

import pytest
from tortoise.exceptions import IntegrityError

from backend.database import execute, transaction
from seed.cast import Cast
from tests.committees.agendas import CHAIR, EVERYBODY, PARENT, board, discussing, running
from tests.committees.stories import ok
from tests.house import SignIn

WALLS = {
    "one_item_under_discussion": "UPDATE agenda_items SET state = 'discussing', present = 3, "
    "has_quorum = true, discussed_at = now()",
    "one_presence_a_seat": "INSERT INTO attendances (id, meeting_id, seat_id, mode, came_at, "
    "recorded_by) SELECT gen_random_uuid(), meeting_id, seat_id, mode, now(), recorded_by "
    "FROM attendances LIMIT 1",
    "attendance_hours": "UPDATE attendances SET left_at = came_at - interval '1 second'",
    "scheduled_under_a_rule_set": "UPDATE agenda_items SET rule_set_id = NULL",
    "scheduled_somewhere": "UPDATE agenda_items SET meeting_id = NULL WHERE state = 'scheduled'",
    "voted_on_in_a_vote": "UPDATE agenda_items SET state = 'voting' WHERE state = 'discussing'",
    "decided_has_an_outcome": "UPDATE agenda_items SET outcome = 'passed'",
    "noted_says_what": "UPDATE agenda_items SET state = 'noted' WHERE state = 'discussing'",
    "declined_item_says_why": "UPDATE agenda_items SET state = 'declined'",
    "item_is_not_its_own_parent": "UPDATE agenda_items SET parent_id = id",
    "item_figures": "UPDATE agenda_items SET retables = 1",
    "meeting_was_ended": "UPDATE meetings SET state = 'ended'",
    "cancelled_meeting_says_why": "UPDATE meetings SET state = 'cancelled'",
    "meeting_hours": "UPDATE meetings SET ends_at = starts_at",
    "accepted_becomes_an_item": "UPDATE suggestions SET state = 'accepted', "
    "answered_by = author_id, answered_at = now()",
    "declined_suggestion_says_why": "UPDATE suggestions SET state = 'declined', "
    "answered_by = author_id, answered_at = now()",
    "suggestion_threshold": "UPDATE suggestions SET threshold = 2",
    "co_signs_suggestion_id_person_id": "INSERT INTO co_signs (id, suggestion_id, person_id, "
    "signed_at) SELECT gen_random_uuid(), suggestion_id, person_id, now() FROM co_signs",
}


async def test_what_the_database_refuses(as_: SignIn, cast: Cast) -> None:
    body, parent = await board(as_, cast), await as_(PARENT)
    _, items = await running(as_, body, "议题一", "议题二", there=EVERYBODY)
    await discussing(as_, items[0])
    wish = {"title": "多一些蔬菜", "text": "午餐蔬菜偏少。"}
    ok(await parent.post(f"/bodies/{body['id']}/suggestions", json=wish), 201)
    for wall, statement in WALLS.items():
        with pytest.raises(IntegrityError) as refusal:
            async with transaction():
                assert await execute(statement), wall
        said = str(refusal.value)
        assert wall in said or wall.startswith("co_signs"), f"{wall}: {said}"
    seen = ok(await (await as_(CHAIR)).get(f"/agenda-items/{items[0]['id']}"))
    assert seen["state"] == "discussing"
