"""The committees of each place of the world: bodies, their seats, and what they decide by.

Realms of its own, before the place's: ``G`` what everybody reads who sees a body, ``Q`` what
only those inside it do, ``U`` a body that has not begun or never did, ``S`` an open suggestion,
``Z`` an answered one of a parent and ``Y`` one of a member. A school's body, and its grade's,
bears ``GA1``, the district's ``GA``. The accounts of
those who sit on a class's committee bear ``K`` after the place's, as the principal ``chair``
does: their names are known to the committee by their seats.

On each place: ``body_id`` (the class's active committee), ``grade_body_id``, ``school_body_id``,
``district_body_id``, ``draft_body_id`` (an alliance of the school), ``ended_body_id``,
``given_up_body_id``; ``chair``, ``secretary`` and ``members`` are names in ``world.people``;
``seat_id`` is a plain member's, ``seat_ids`` are all five by role. What they meet about is in
``rows_agendas.py``.
"""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend import clock
from backend.committees.models import Body, CoSign, Matter, RuleSetVersion, Seat, Suggestion
from backend.identifiers import uuid7
from backend.people.models import Relation, Student
from backend.people.operations import consents, ties
from tests.authz import rows_agendas
from tests.authz.rows_duties import today
from tests.authz.world import World, mark

COMMITTEE = ("chair", "secretary", "first", "second", "third")
"""Who sits on the committee of a class; the last three are plain members."""


async def fill(world: World) -> None:
    """Let each class, school and district have its bodies, at every stage of their life."""
    for place in world.places.values():
        await _people(world, place)
        place.house_matter_id = (await _everybodys("ordinary")).id
        place.house_rule_set_id = (await RuleSetVersion.get(body_id=None, kind="ordinary")).id
        await _of_class(world, place)
    for place in world.places.values():
        await _of_school(world, place)
        await _of_district(world, place)
        await _suggestions(world, place)
    await rows_agendas.fill(world)


async def _people(world: World, place: SimpleNamespace) -> None:
    """Five families whose guardians sit on the committee of their class."""
    realm = f"{place.realm}K"
    names = [f"{role}_{place.realm}" for role in COMMITTEE]
    if place.realm == "A1X":
        names[0] = "chair"
    place.children = {}
    for number, name in enumerate(names):
        if name == "chair":
            child = await Student.get(school_id=place.school_id, number="NO-A1XK")
        else:
            person = await world.person(name, realm)
            child = await ties.admit(
                place.school_id, place.class_id, f"NO-{realm}{number}", mark(realm, "童")
            )
            await ties.bind(person, child.id, Relation.FATHER)
            await consents.accept(person, child.id, place.school_id, 1, clock.now())
        place.children[name] = child.id
    place.chair, place.secretary, *place.members = names


async def body(world: World, place: SimpleNamespace, name: str, realm: str, **more: Any) -> Body:
    """Found a body of a place; ``begins`` and ``ends`` are days from today."""
    begins, ends = more.pop("begins", -30), more.pop("ends", 335)
    state, now = more.pop("state", "active"), clock.now()
    level = more.pop("level", "class")
    row = await Body.create(
        level=level, district_id=place.district_id, state=state,
        school_id=None if level == "district" else place.school_id,
        grade_id=place.grade_id if level in ("grade", "class") else None,
        class_id=place.class_id if level == "class" else None,
        name=mark(realm, "会"), remit=mark(realm, "职责"), founded_by=world.people[place.admin],
        term_from=today() + timedelta(days=begins), term_until=today() + timedelta(days=ends),
        created_at=now,
        **{
            "kind": "parent_committee", "activated_at": now if state == "active" else None, **more,
        },
    )  # fmt: skip
    setattr(place, f"{name}_id", row.id)
    return row


async def seat(
    world: World, place: SimpleNamespace, of: Body, name: str, realm: str, **more: Any
) -> UUID:
    """Give somebody a seat; parents sit for the child they have at the place."""
    child = place.children.get(name)
    row = await Seat.create(
        body_id=of.id, person_id=world.people[name], name=mark(realm, "席"), student_id=child,
        constituency="parent" if child else "teacher", term_from=of.term_from,
        term_until=of.term_until, created_at=clock.now(), **{"state": "serving", **more},
    )  # fmt: skip
    return row.id


async def _of_class(world: World, place: SimpleNamespace) -> None:
    """The committee of a class, the one before, the next one, and one that never began."""
    told, inside, unborn = (f"{letter}{place.realm}" for letter in "GQU")
    active = await body(world, place, "body", told)
    names = (place.chair, place.secretary, *place.members)
    place.seat_ids = {}
    for role, name in zip(COMMITTEE, names, strict=True):
        plain = "member" if role in COMMITTEE[2:] else role
        place.seat_ids[role] = await seat(world, place, active, name, told, role=plain)
    place.seat_id, place.chair_seat_id = place.seat_ids["first"], place.seat_ids["chair"]
    place.aside_seat_id = place.seat_ids["second"]
    place.nominated_seat_id = await seat(
        world, place, active, place.teacher, inside, state="nominated"
    )
    place.appointed_seat_id = await seat(
        world, place, active, place.admin, inside, state="appointed"
    )
    over = {"state": "ended", "ended_at": clock.now(), "ended_reason": "resigned"}
    place.past_seat_id = await seat(world, place, active, place.secretary, inside, **over)
    place.rule_set_id = await rules(active, told)
    founded = {"level": "school", "kind": "alliance", "state": "draft"}
    draft = await body(world, place, "draft_body", unborn, **founded)
    place.draft_seat_id = await seat(world, place, draft, place.members[0], unborn, role="chair")
    place.draft_rule_set_id = await rules(draft, unborn)
    ended = {"state": "ended", "ended_at": clock.now()}
    old = {"begins": -400, "ends": -31, "ended_reason": mark(told, "届满")}
    await body(world, place, "ended_body", told, activated_at=clock.now(), **ended, **old)
    never = {"ended_reason": mark(unborn, "作罢")}
    await body(world, place, "given_up_body", unborn, **ended, **never)


async def rules(of: Body, realm: str, kind: str = "ordinary") -> UUID:
    """Give a body a version of its own of everybody's rules."""
    known = await RuleSetVersion.get(body_id=None, kind=kind)
    row = await RuleSetVersion.create(
        body_id=of.id, kind=kind, version=1, rules=known.rules, note=mark(realm, "说明"),
        in_force_from=clock.now(),
    )  # fmt: skip
    return row.id


async def _everybodys(kind: str) -> Matter:
    everybodys = Matter.filter(rule_kind=kind, school_id=None, district_id=None, retired_at=None)
    found = await everybodys.order_by("title").first()
    assert found is not None
    return found


async def _of_school(world: World, place: SimpleNamespace) -> None:
    """A school's committee is chaired from one of its classes; that of A1 is kept by ``chair``."""
    realm = f"G{place.realm[:2]}"
    place.matter_id = await _matter(place.realm[:2], school_id=place.school_id)
    at_school = {"school_id": place.school_id, "kind": "parent_committee"}
    known = await Body.get_or_none(level="school", **at_school)
    if known is not None:
        first = next(p for p in world.places.values() if p.school_id == place.school_id)
        place.school_body_id, place.school_seat_id = first.school_body_id, first.school_seat_id
        place.grade_body_id = first.grade_body_id
        return
    await body(world, place, "grade_body", realm, level="grade")
    made = await body(world, place, "school_body", realm, level="school")
    neighbours = [p for p in world.places.values() if p.school_id == place.school_id]
    last, first = neighbours[-1], neighbours[0]
    await seat(world, last, made, last.members[0], realm, role="chair")
    place.school_seat_id = await seat(world, last, made, last.members[1], realm)
    await seat(world, first, made, first.chair, realm, role="secretary")


async def _of_district(world: World, place: SimpleNamespace) -> None:
    """A district's body is chaired by who coordinates its zone; a teacher sits on it too."""
    realm, own = f"G{place.realm[0]}", world.places["own"]
    place.district_matter_id = await _matter(realm[1:], district_id=place.district_id)
    known = await Body.get_or_none(district_id=place.district_id, level="district")
    if known is not None:
        place.district_body_id, place.district_seat_id = known.id, own.district_seat_id
        return
    at = {"level": "district", "kind": "joint_meeting"}
    made = await body(world, place, "district_body", realm, **at)
    chair = "coordinator" if realm == "GA" else place.teacher
    await seat(world, place, made, chair, realm, role="chair")
    place.district_seat_id = await seat(
        world, place, made, "subject_teacher" if realm == "GA" else place.admin, realm
    )


async def _matter(realm: str, **of: Any) -> UUID:
    row, _ = await Matter.get_or_create(title=mark(realm, "事"), **of)
    return row.id


async def _suggestions(world: World, place: SimpleNamespace) -> None:
    """Three that are open, of which one is handed up, and three that were answered."""
    opened, answered = f"S{place.realm}", f"Z{place.realm}"
    parent, member = place.parent, place.members[2]
    await suggestion(world, place, "suggestion", opened, parent)
    await suggestion(world, place, "theirs_suggestion", opened, member)
    await suggestion(world, place, "other_suggestion", opened, parent)
    raised = {"body_id": place.school_body_id, "escalated_at": clock.now()}
    await suggestion(world, place, "raised_suggestion", f"S{place.realm[:2]}", member, **raised)
    said = {"answered_by": world.people[place.chair], "answered_at": clock.now()}
    no = {"state": "declined", "reason": mark(answered, "理由"), **said}
    await suggestion(world, place, "declined_suggestion", answered, parent, **no)
    no["reason"] = mark(f"Y{place.realm}", "理由")
    await suggestion(world, place, "refused_suggestion", f"Y{place.realm}", member, **no)


async def suggestion(
    world: World, place: SimpleNamespace, name: str, realm: str, author: str, **more: Any
) -> None:
    """Put a suggestion to the committee of the place's class; its author stands behind it."""
    number, person, now = uuid7(), world.people[author], clock.now()
    await Suggestion.create(
        id=number, school_id=place.school_id, first_body_id=place.body_id, author_id=person,
        title=mark(realm, "建议"), text=mark(realm, "文"), co_signs=1, threshold=3,
        created_at=now, **{"body_id": place.body_id, **more},
    )  # fmt: skip
    await CoSign.create(suggestion_id=number, person_id=person, signed_at=now)
    setattr(place, f"{name}_id", number)
