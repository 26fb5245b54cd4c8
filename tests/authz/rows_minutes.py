"""What the committee of each class wrote down of its meetings, and what it decided.

Realms of its own, before the place's: ``MD`` a draft and what it says, ``MT`` what is
confirmed, or worded for everybody, ``MK`` an objection without an answer; ``ED`` a decision of a
meeting whose minutes are a draft, ``ET`` one that everybody at the class may read. On each
place: ``<name>_minutes`` is the id of a meeting.
"""

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import msgspec

from backend import clock
from backend.committees.models import (
    Attendance,
    Meeting,
    Minutes,
    MinutesObjection,
    MinutesTemplate,
)
from backend.committees.operations import decisions, minutes_filing, minutes_objections
from backend.committees.operations import minutes as drafting
from backend.committees.operations.decisions import NewDecision
from backend.committees.queries import minutes as queries
from backend.committees.rules.minutes import digest_of
from backend.committees.rules.wording import STANDARD
from backend.database import execute, transaction
from tests.authz import rows_agendas
from tests.authz.rows_duties import today
from tests.authz.world import World, mark

NAMES = ("undrafted", "drafted", "confirmed", "settled", "submitted", "filed", "returned")


async def fill(world: World) -> None:
    """Let each class's committee have minutes in every state, and a log of decisions."""
    for place in world.places.values():
        await _wordings(world, place)
    for place in world.places.values():
        place.teacher_id = world.people[place.teacher]
        await _meeting(world, place, "undrafted", "MD")
        await _drafted(world, place)
        for name in NAMES[2:]:
            await _confirmed(world, place, name)
        await _objection(world, place)
        await _handed_in(world, place)


async def _wordings(world: World, place: SimpleNamespace) -> None:
    """How a school words its minutes is its own; so is a district's of its own bodies."""
    for school, realm, by in (
        (place.school_id, place.realm[:2], place.admin),
        (None, place.realm[0], place.officer),
    ):
        words = msgspec.structs.replace(STANDARD, heading=mark(f"MT{realm}", "纪要"))
        await MinutesTemplate.get_or_create(
            district_id=place.district_id, school_id=school,
            defaults={
                "version": 1, "wording": msgspec.to_builtins(words),
                "written_by": world.people[by], "written_at": clock.now(),
            },
        )  # fmt: skip


async def _meeting(world: World, place: SimpleNamespace, name: str, letters: str) -> UUID:
    """Keep a meeting that has ended, with one item it noted."""
    realm, keeper = f"{letters}{place.realm}", world.people[place.secretary]
    ended = clock.now() - timedelta(hours=1)
    begun, called = ended - timedelta(hours=1), ended - timedelta(days=6)
    row = await Meeting.create(
        body_id=place.body_id, title=mark(realm, "次会"), starts_at=begun, ends_at=ended,
        place=mark(realm, "室"), state="ended", created_by=keeper, created_at=called,
        convened_at=called, convened_by=keeper, started_at=begun, ended_at=ended, entitled=5,
        revision=1, changed_at=called,
    )  # fmt: skip
    found = {"present": 1, "has_quorum": False, "discussed_at": begun, "decided_at": begun}
    await rows_agendas.item(
        world, place, f"{name}_noted_item", realm, "noted", meeting_id=row.id,
        conclusion=mark(realm, "结论"), **found,
    )  # fmt: skip
    await Attendance.create(
        meeting_id=row.id, seat_id=place.seat_ids["chair"], mode="online", came_at=begun,
        left_at=ended, recorded_by=keeper,
    )  # fmt: skip
    setattr(place, f"{name}_minutes", row.id)
    return row.id


async def _drafted(world: World, place: SimpleNamespace) -> None:
    """A draft, with a decision nobody else hears of before it is confirmed."""
    meeting = await _meeting(world, place, "drafted", "MD")
    at, keeper = clock.now(), world.people[place.secretary]
    item = await rows_agendas.item(
        world, place, "passed_agenda_item", f"MD{place.realm}", "decided", meeting_id=meeting,
        outcome="passed", vote_id=place.named_vote, present=5, has_quorum=True,
        discussed_at=at, decided_at=at, position=1,
    )  # fmt: skip
    due = today() + timedelta(days=30)
    secret = NewDecision(
        item_id=item.id, text=mark(f"ED{place.realm}", "决定"), seat_id=place.seat_id, due_on=due
    )
    await decisions.enter(place.body_id, secret, by=keeper)
    told = NewDecision(
        item_id=place.decided_item, text=mark(f"ET{place.realm}", "决定"), due_on=due,
        person_id=world.people[place.teacher],
    )  # fmt: skip
    place.decision_id = await decisions.enter(place.body_id, told, by=keeper)
    done = msgspec.structs.replace(told, seat_id=place.seat_id, person_id=None)
    place.done_decision = await decisions.enter(place.body_id, done, by=keeper)
    note = mark(f"ET{place.realm}", "办结")
    await decisions.complete(place.done_decision, note, by=keeper)
    place.drafted_digest = await _written(place, meeting, f"MD{place.realm}", by=keeper)


async def _written(place: SimpleNamespace, meeting: UUID, realm: str, *, by: UUID) -> str:
    """Draft minutes; returns the digest of what they say."""
    await drafting.draft_minutes(meeting, by=by)
    await drafting.add_remarks(meeting, mark(realm, "其他"), by=by)
    draft = await Minutes.get(meeting_id=meeting)
    words, _ = await queries.wording_of(place.district_id, place.school_id)
    return digest_of(drafting.read_record(draft), draft.remarks, words)


async def _confirmed(world: World, place: SimpleNamespace, name: str) -> None:
    """Minutes that the chair confirmed; but for the first, days ago."""
    meeting = await _meeting(world, place, name, "MT")
    chair = world.people[place.chair]
    digest = await _written(place, meeting, f"MT{place.realm}", by=chair)
    await drafting.confirm(meeting, digest, by=chair)
    if name == "confirmed":
        return
    async with transaction():
        # The database itself lets nobody move what is fixed.
        await execute("SET LOCAL session_replication_role = replica")
        await execute(
            "UPDATE minutes SET confirmed_at = confirmed_at - interval '4 days', "
            "objections_until = objections_until - interval '4 days' WHERE meeting_id = $1",
            meeting,
        )
        await execute("SET LOCAL session_replication_role = origin")


async def _objection(world: World, place: SimpleNamespace) -> None:
    said = mark(f"MK{place.realm}", "异议")
    by = world.people[place.members[0]]
    await minutes_objections.raise_objection(place.confirmed_minutes, said, by=by)
    made = await MinutesObjection.get(raised_by=by)
    place.confirmed_objection = made.id


async def _handed_in(world: World, place: SimpleNamespace) -> None:
    """The district has filed one, sent one back, and has one to answer."""
    keeper, officer = world.people[place.secretary], world.people[place.officer]
    for name in NAMES[4:]:
        await minutes_filing.submit(getattr(place, f"{name}_minutes"), by=keeper)
    await minutes_filing.file(place.filed_minutes, by=officer)
    why = mark(f"MT{place.realm}", "请补充")
    await minutes_filing.send_back(place.returned_minutes, why, by=officer)
