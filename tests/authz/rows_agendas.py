"""What the committee of each class of the world meets about: meetings and items, at every stage.

``G`` and ``Q`` before the place's realm are those of ``rows_committees.py``. On each place:
``agenda_item_id`` is what was noted at ``meeting_id``, a meeting that has ended (``item_id`` is
a letter of the inbox); others are ``<state>_agenda_item_id`` and ``<state>_meeting_id``.
"""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend import clock
from backend.committees.models import AgendaItem, Attendance, Meeting, MeetingReply, Recusal
from backend.database import execute
from backend.identifiers import uuid7
from backend.media.models import Attachment, Kind
from tests.authz.world import World, mark


async def fill(world: World) -> None:
    """Let each class's committee have met, meet now, and be called to meet again."""
    for place in world.places.values():
        await _over(world, place)
        await _now(world, place)
        await _to_come(world, place)
        await _loose(world, place)


async def meeting(
    world: World, place: SimpleNamespace, name: str, realm: str, starts_at: datetime, **more: Any
) -> UUID:
    """Keep a meeting of the place's committee; where it is is for those inside it alone."""
    keeper, now = world.people[place.secretary], clock.now()
    if more.get("state", "planned") != "planned":
        called = now - timedelta(days=6)
        more = {"convened_at": called, "convened_by": keeper, "changed_at": called,
                "revision": 1, **more}  # fmt: skip
    row = await Meeting.create(
        body_id=place.body_id, title=mark(realm, "次会"), starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2), place=mark(f"Q{place.realm}", "室"),
        online_url=f"https://meet.example.cn/{mark(f'Q{place.realm}')}", created_by=keeper,
        created_at=now, **more,
    )  # fmt: skip
    setattr(place, f"{name}_id", row.id)
    return row.id


async def item(
    world: World, place: SimpleNamespace, name: str, realm: str, state: str, **more: Any
) -> AgendaItem:
    """Keep an item of the place's committee, proposed by its chair unless ``proposer`` did."""
    proposer, now = more.pop("proposer", place.chair), clock.now()
    if more.get("meeting_id") or more.get("in_writing"):
        more = {"rule_set_id": place.rule_set_id, "scheduled_at": now, **more}
    row = await AgendaItem.create(
        id=uuid7(), body_id=place.body_id, matter_id=place.house_matter_id,
        title=mark(realm, "议题"), text=mark(realm, "文"), state=state,
        proposer_id=world.people[proposer], created_at=now,
        **{"attachment_ids": [], "chosen": [], **more},
    )  # fmt: skip
    setattr(place, f"{name}_id", row.id)
    return row


async def _over(world: World, place: SimpleNamespace) -> None:
    """What has been noted is read by everybody who sees the body, files and all."""
    told, then = f"G{place.realm}", clock.now() - timedelta(days=2)
    done = {"started_at": then, "ended_at": then + timedelta(hours=1), "entitled": 5}
    met = await meeting(world, place, "meeting", told, then, state="ended", **done)
    found = {"present": 3, "has_quorum": True, "discussed_at": then, "decided_at": then}
    noted = await item(
        world, place, "agenda_item", told, "noted", meeting_id=met,
        conclusion=mark(told, "结论"), **found,
    )  # fmt: skip
    await _file(world, place, noted, told)
    for role in ("chair", "secretary", "first"):
        await Attendance.create(
            meeting_id=met, seat_id=place.seat_ids[role], mode="in_person", came_at=then,
            left_at=done["ended_at"], recorded_by=world.people[place.secretary],
        )  # fmt: skip
    off = {"cancelled_at": clock.now(), "cancelled_reason": mark(f"Q{place.realm}", "改期")}
    await meeting(
        world, place, "cancelled_meeting", f"Q{place.realm}", then, state="cancelled", **off
    )


async def _now(world: World, place: SimpleNamespace) -> None:
    """A meeting under way discusses one item; the next one waits."""
    told, inside = f"G{place.realm}", f"Q{place.realm}"
    then = clock.now() - timedelta(minutes=10)
    met = await meeting(
        world, place, "running_meeting", told, then, state="running", started_at=then
    )
    found = {"present": 3, "has_quorum": True, "discussed_at": then}
    talked = await item(
        world, place, "discussing_agenda_item", inside, "discussing", meeting_id=met, **found
    )
    await item(world, place, "next_agenda_item", inside, "scheduled", meeting_id=met, position=1)
    for role in ("secretary", "first"):
        await Attendance.create(
            meeting_id=met, seat_id=place.seat_ids[role], mode="online", came_at=then,
            recorded_by=world.people[place.secretary],
        )  # fmt: skip
    await Recusal.create(
        item_id=talked.id, seat_id=place.seat_ids["second"], reason=mark(inside, "回避"),
        recorded_by=world.people[place.chair], recorded_at=then,
    )  # fmt: skip
    await meeting(
        world, place, "soon_meeting", told, clock.now() + timedelta(minutes=15), state="convened"
    )
    # Whose discussion has not begun stands at a meeting where none has.
    quiet = await meeting(
        world, place, "quiet_meeting", told, then, state="running", started_at=then
    )
    await item(world, place, "ready_agenda_item", inside, "scheduled", meeting_id=quiet)


async def _to_come(world: World, place: SimpleNamespace) -> None:
    """A meeting everybody is called to, and one that is being planned."""
    told, inside, now = f"G{place.realm}", f"Q{place.realm}", clock.now()
    called = await meeting(
        world, place, "convened_meeting", told, now + timedelta(days=5), state="convened"
    )
    stands = await item(
        world, place, "scheduled_agenda_item", inside, "scheduled", meeting_id=called
    )
    await _file(world, place, stands, inside)
    await Recusal.create(
        item_id=stands.id, seat_id=place.seat_ids["second"], reason=mark(inside, "回避"),
        recorded_by=world.people[place.chair], recorded_at=now,
    )  # fmt: skip
    await MeetingReply.create(
        meeting_id=called, seat_id=place.seat_id, answer="absent", replied_at=now
    )
    planned = await meeting(world, place, "planned_meeting", inside, now + timedelta(days=15))
    await item(world, place, "planned_agenda_item", inside, "scheduled", meeting_id=planned)


async def _loose(world: World, place: SimpleNamespace) -> None:
    """Items on no agenda: what the chair has still to answer, and what became of others."""
    inside = f"Q{place.realm}"
    await item(world, place, "proposed_agenda_item", inside, "proposed")
    await item(world, place, "admins_agenda_item", inside, "proposed", proposer=place.admin)
    await item(world, place, "accepted_agenda_item", inside, "accepted")
    written = {"in_writing": True}
    await item(world, place, "written_agenda_item", inside, "scheduled", **written)
    no = {"reason": mark(inside, "理由")}
    await item(world, place, "declined_agenda_item", inside, "declined", **no)
    lapsed = {
        "outcome": "no_quorum",
        "decided_at": clock.now(),
        "vote_id": await _vote(world, place),
    }
    told = f"G{place.realm}"
    await item(world, place, "lapsed_agenda_item", told, "decided", **written, **lapsed)


async def _vote(world: World, place: SimpleNamespace) -> UUID:
    """Return a vote that found no quorum, as far as an item needs one."""
    number = uuid7()
    await execute(
        "INSERT INTO votes (id, district_id, school_id, subject_id, title, method, options, mode, "
        "unit, rules, rule_set_id, recused, chosen, created_by, created_at, closes_at) "
        "SELECT $1, $2, $3, $1, '议题', 'motion', '[]', 'open', 'seat', rules, id, '[]', '{}', "
        "$4, now(), now() FROM rule_set_versions WHERE id = $5",
        number, place.district_id, place.school_id, world.people[place.chair], place.rule_set_id,
    )  # fmt: skip
    return number


async def _file(world: World, place: SimpleNamespace, row: AgendaItem, realm: str) -> None:
    """Let an item carry a document."""
    now = clock.now()
    made = await Attachment.create(
        district_id=place.district_id, school_id=place.school_id, kind=Kind.PDF,
        uploader_id=row.proposer_id, owner_id=row.id, filename=mark(realm, "附件.pdf"),
        media_type="application/pdf", byte_size=1000, sha256="0" * 64, original_key=uuid7().hex,
        created_at=now, stored_at=now, attached_at=now,
    )  # fmt: skip
    row.attachment_ids = [made.id]
    await row.save(update_fields=["attachment_ids"])
