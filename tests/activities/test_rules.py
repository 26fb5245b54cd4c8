"""The policy as tables: who organises what, which answers fit, how many sessions."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from backend.activities import rules
from backend.activities.models import Activity, ActivitySession
from backend.activities.rules import Node
from backend.activities.rules.registering import Sitting
from backend.errors import Refusal
from backend.web.actor import Actor, Role, Seat

DISTRICT, SCHOOL, GRADE, CLASS, OTHER_CLASS, ELSEWHERE = (UUID(int=n) for n in range(1, 7))
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)

WHOLE = Node(kind="school", id=SCHOOL, school_id=SCHOOL)
YEAR = Node(kind="grade", id=GRADE, school_id=SCHOOL, grade_id=GRADE)
ROOM = Node(kind="class", id=CLASS, school_id=SCHOOL, grade_id=GRADE, class_id=CLASS)
NEXT_DOOR = Node(
    kind="class", id=OTHER_CLASS, school_id=SCHOOL, grade_id=GRADE, class_id=OTHER_CLASS
)


def holder(role: Role) -> Actor:
    at = {
        Role.CLASS_TEACHER: {"grade_id": GRADE, "class_id": CLASS},
        Role.SUBJECT_TEACHER: {"grade_id": GRADE, "class_id": CLASS},
        Role.COMMITTEE_CHAIR: {"grade_id": GRADE, "class_id": CLASS},
        Role.GRADE_LEAD: {"grade_id": GRADE},
    }.get(role, {})
    seat = Seat(role=role, district_id=DISTRICT, school_id=SCHOOL, **at)
    return Actor(person_id=uuid4(), session_id=uuid4(), name="", seats=(seat,))


@pytest.mark.parametrize(
    ("role", "kind", "nodes", "may"),
    [
        (Role.SCHOOL_ADMIN, "open_day", [WHOLE], True),
        (Role.PRINCIPAL, "forum", [ROOM], True),
        (Role.PRINCIPAL, "guidance", [YEAR, ROOM], True),
        (Role.GRADE_LEAD, "open_day", [YEAR], True),
        (Role.GRADE_LEAD, "lecture", [ROOM, NEXT_DOOR], True),
        (Role.GRADE_LEAD, "guidance", [YEAR], False),
        (Role.GRADE_LEAD, "open_day", [WHOLE], False),
        (Role.CLASS_TEACHER, "parents_meeting", [ROOM], True),
        (Role.CLASS_TEACHER, "family", [ROOM], True),
        (Role.CLASS_TEACHER, "open_day", [ROOM], False),
        (Role.CLASS_TEACHER, "forum", [ROOM], False),
        (Role.CLASS_TEACHER, "parents_meeting", [ROOM, NEXT_DOOR], False),
        (Role.CLASS_TEACHER, "parents_meeting", [YEAR], False),
        (Role.SUBJECT_TEACHER, "lecture", [ROOM], False),
        (Role.COMMITTEE_CHAIR, "family", [ROOM], False),
        (Role.SCHOOL_ADMIN, "family", [], False),
    ],
)
def test_an_office_organises_for_its_own_place(
    role: Role, kind: str, nodes: list[Node], may: bool
) -> None:
    assert rules.may_organise(holder(role), kind, nodes) is may


def test_an_office_at_another_school_is_none_here() -> None:
    seat = Seat(role=Role.PRINCIPAL, district_id=DISTRICT, school_id=ELSEWHERE)
    stranger = Actor(person_id=uuid4(), session_id=uuid4(), name="", seats=(seat,))
    assert rules.may_organise(stranger, "lecture", [WHOLE]) is False


QUESTIONS = [
    {"key": "topic", "label": "想了解什么", "kind": "text", "choices": [], "required": True},
    {"key": "lunch", "label": "是否用餐", "kind": "yes_no", "choices": [], "required": True},
    {"key": "bus", "label": "校车", "kind": "choice", "choices": ["东", "西"], "required": False},
]


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ({"topic": "数学", "lunch": "yes"}, None),
        ({"topic": " 数学 ", "lunch": "no", "bus": "东"}, None),
        ({"topic": "数学"}, rules.AnswerMissing),
        ({"topic": "  ", "lunch": "yes"}, rules.AnswerMissing),
        ({"topic": "数学", "lunch": "也许"}, rules.AnswerMisfit),
        ({"topic": "数学", "lunch": "yes", "bus": "南"}, rules.AnswerMisfit),
        ({"topic": "数学", "lunch": "yes", "phone": "1"}, rules.AnswerMisfit),
        ({"topic": "数" * 201, "lunch": "yes"}, rules.AnswerMisfit),
    ],
)
def test_answers_are_held_to_the_questions(
    answers: dict[str, str], refusal: type[Refusal] | None
) -> None:
    if refusal is None:
        kept = rules.check_answers(QUESTIONS, answers)
        assert kept["topic"] == "数学"
        return
    with pytest.raises(refusal):
        rules.check_answers(QUESTIONS, answers)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(rules.AnswerMissing) as refused:
        rules.check_answers(QUESTIONS, {})
    assert refused.value.facts["keys"] == ["topic", "lunch"]
    assert "想了解什么、是否用餐" in refused.value.sentence("zh")


def sitting(session: int, start: int, end: int, *children: int) -> Sitting:
    return Sitting(
        session_id=UUID(int=session),
        title=f"第{session}场",
        starts_at=NOON + timedelta(minutes=start),
        ends_at=NOON + timedelta(minutes=end),
        student_ids=[UUID(int=child) for child in children or (1,)],
    )


@pytest.mark.parametrize(
    ("sittings", "apart"),
    [
        ([sitting(1, 0, 40), sitting(2, 40, 80)], True),
        ([sitting(2, 40, 80), sitting(1, 0, 40)], True),
        ([sitting(1, 0, 41), sitting(2, 40, 80)], False),
        ([sitting(1, 0, 90), sitting(2, 10, 20)], False),
        ([sitting(1, 0, 40, 1), sitting(1, 0, 40, 2)], False),
    ],
)
def test_one_adult_is_never_in_two_rooms(sittings: list[Sitting], apart: bool) -> None:
    if apart:
        rules.check_apart(sittings)
        return
    with pytest.raises(rules.ChildTwiceAtOnce):
        rules.check_apart(sittings)


@pytest.mark.parametrize(
    ("wanted", "held", "per_child", "per_family", "refusal"),
    [
        ([sitting(1, 0, 40)], {}, 1, None, None),
        ([sitting(1, 0, 40)], {1: {1}}, 1, None, None),
        ([sitting(2, 0, 40)], {1: {1}}, 1, None, rules.TooManyForChild),
        ([sitting(2, 0, 40)], {1: {1}}, 2, None, None),
        ([sitting(2, 0, 40, 2)], {1: {1}}, 1, None, None),
        ([sitting(2, 0, 40, 2)], {1: {1}}, None, 1, rules.TooManyForFamily),
        ([sitting(1, 0, 40, 2)], {1: {1}}, None, 1, None),
        ([sitting(1, 0, 40), sitting(2, 40, 80)], {}, 1, None, rules.TooManyForChild),
        ([sitting(9, 0, 40)], {1: {1, 2, 3}}, None, None, None),
    ],
)
def test_limits_count_sessions_not_repetitions(
    wanted: list[Sitting],
    held: dict[int, set[int]],
    per_child: int | None,
    per_family: int | None,
    refusal: type[Refusal] | None,
) -> None:
    known = {UUID(int=child): {UUID(int=s) for s in sessions} for child, sessions in held.items()}
    if refusal is None:
        rules.check_limits(wanted, known, per_child=per_child, per_family=per_family)
        return
    with pytest.raises(refusal):
        rules.check_limits(wanted, known, per_child=per_child, per_family=per_family)


@pytest.mark.parametrize(
    ("opens", "closes", "starts", "field"),
    [
        (None, None, 60, None),
        (10, 30, 60, None),
        (None, None, -1, "startsAt"),
        (None, -5, 60, "closesAt"),
        (60, None, 60, "opensAt"),
        (40, 30, 60, "opensAt"),
    ],
)
def test_booking_opens_before_it_closes_and_closes_before_the_start(
    opens: int | None, closes: int | None, starts: int, field: str | None
) -> None:
    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else NOON + timedelta(minutes=minutes)

    activity = Activity(opens_at=at(opens), closes_at=at(closes))
    session = ActivitySession(starts_at=at(starts), ends_at=at(starts + 40))
    if field is None:
        rules.check_opening(activity, [session], NOON)
        return
    with pytest.raises(rules.BadActivityDates) as refused:
        rules.check_opening(activity, [session], NOON)
    assert refused.value.facts["field"] == field


def test_an_activity_without_sessions_does_not_open() -> None:
    with pytest.raises(rules.NoSessions):
        rules.check_opening(Activity(), [], NOON)


@pytest.mark.parametrize(
    ("ratings", "one_class", "total", "each"),
    [
        ({5: 2}, True, 2, [0, 0, 0, 0, 2]),
        ({5: 2}, False, None, None),
        ({5: 4}, False, None, None),
        ({5: 5}, False, 5, [0, 0, 0, 0, 5]),
        ({5: 9, 1: 1}, False, 10, None),
        ({5: 9, 1: 6}, False, 15, [6, 0, 0, 0, 9]),
        ({}, True, 0, [0, 0, 0, 0, 0]),
    ],
)
def test_few_answers_have_no_face(
    ratings: dict[int, int], one_class: bool, total: int | None, each: list[int] | None
) -> None:
    assert rules.ratings_shown(ratings, one_class=one_class) == (total, each)


def test_a_session_lies_within_its_activity() -> None:
    rules.check_inside("参观", [ROOM, NEXT_DOOR], [YEAR])
    rules.check_inside("参观", [YEAR], [WHOLE])
    for nodes, audience in (([YEAR], [ROOM]), ([NEXT_DOOR], [ROOM]), ([WHOLE], [YEAR])):
        with pytest.raises(rules.OutsideAudience):
            rules.check_inside("参观", nodes, audience)
