"""Tables of what bodies and seats may be and become: what is not listed is refused."""

from datetime import date, timedelta
from itertools import product

import pytest

from backend.committees.models import (
    Body,
    BodyKind,
    BodyState,
    Constituency,
    Level,
    Seat,
    SeatRole,
    SeatState,
)
from backend.committees.rules import bodies, seats
from backend.errors import Refusal

STANDS = {
    ("parent_committee", "school"),
    ("parent_committee", "grade"),
    ("parent_committee", "class"),
    ("coeducation_committee", "school"),
    ("working_group", "school"),
    ("guidance_committee", "school"),
    ("alliance", "school"),
    ("alliance", "district"),
    ("joint_meeting", "district"),
    ("task_force", "district"),
}
BODY_MOVES = {("draft", "active"), ("draft", "ended"), ("active", "ended")}
SEAT_MOVES = {
    ("nominated", "elected"),
    ("nominated", "appointed"),
    ("nominated", "ended"),
    ("elected", "serving"),
    ("elected", "ended"),
    ("appointed", "serving"),
    ("appointed", "ended"),
    ("serving", "ended"),
}


@pytest.mark.parametrize(("kind", "level"), list(product(BodyKind, Level)))
def test_each_kind_stands_at_its_levels_only(kind: BodyKind, level: Level) -> None:
    named = {"grade": level is Level.GRADE, "class_": level is Level.CLASS}
    if (kind, level) in STANDS:
        bodies.check_level(kind, level, **named)
    else:
        with pytest.raises(bodies.WrongLevel):
            bodies.check_level(kind, level, **named)


@pytest.mark.parametrize("level", ["school", "grade", "class"])
@pytest.mark.parametrize("grade", [True, False])
@pytest.mark.parametrize("class_", [True, False])
def test_a_committee_names_the_place_of_its_level_alone(
    level: str, grade: bool, class_: bool
) -> None:
    fits = (grade, class_) == (level == "grade", level == "class")
    try:
        bodies.check_level(BodyKind.PARENT_COMMITTEE, Level(level), grade=grade, class_=class_)
    except bodies.WrongLevel:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(("was", "to"), list(product(BodyState, BodyState)))
def test_bodies_move_as_the_table_says(was: BodyState, to: BodyState) -> None:
    body = Body(state=was)
    if (was, to) in BODY_MOVES:
        bodies.check_move(body, to)
    else:
        with pytest.raises(bodies.WrongBodyState) as refusal:
            bodies.check_move(body, to)
        assert refusal.value.facts == {"state": was}


@pytest.mark.parametrize(("was", "to"), list(product(SeatState, SeatState)))
def test_seats_move_as_the_table_says(was: SeatState, to: SeatState) -> None:
    seat = Seat(state=was)
    if (was, to) in SEAT_MOVES:
        seats.check_move(seat, to)
    else:
        with pytest.raises(seats.WrongSeatState):
            seats.check_move(seat, to)


@pytest.mark.parametrize(
    ("kind", "seated", "lacking"),
    [
        ("coeducation_committee", "", "school_leader teacher parent community"),
        ("coeducation_committee", "parent teacher", "school_leader community"),
        ("coeducation_committee", "school_leader teacher parent community", ""),
        (
            "working_group",
            "school_leader community",
            "division_leader department committee",
        ),
        ("working_group", "school_leader division_leader department committee community", ""),
        ("parent_committee", "", ""),
        ("alliance", "", ""),
    ],
)
def test_who_is_missing(kind: str, seated: str, lacking: str) -> None:
    assert bodies.missing(BodyKind(kind), seated.split()) == lacking.split()


def test_a_complete_body_without_a_chair_cannot_begin() -> None:
    everybody = {"school_leader", "teacher", "parent", "community"}
    kind = BodyKind.COEDUCATION_COMMITTEE
    bodies.check_complete(kind, everybody, chaired=True)
    with pytest.raises(bodies.ChairMissing):
        bodies.check_complete(kind, everybody, chaired=False)
    with pytest.raises(bodies.ConstituenciesMissing) as refusal:
        bodies.check_complete(kind, everybody - {"community"}, chaired=True)
    assert refusal.value.facts == {"missing": ["community"]}


@pytest.mark.parametrize(
    ("days", "fits"), [(-1, False), (0, False), (1, True), (1830, True), (1831, False)]
)
def test_a_term_ends_after_it_begins_and_within_five_years(days: int, fits: bool) -> None:
    begins = date(2026, 9, 1)
    try:
        bodies.check_term(begins, begins + timedelta(days=days))
    except bodies.BadTerm:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize("constituency", list(Constituency))
def test_whose_seats_a_body_may_have(constituency: Constituency) -> None:
    allowed: dict[str, set[str] | set[Constituency]] = {
        "parent_committee": {"parent"},
        "coeducation_committee": {"school_leader", "teacher", "parent", "community"},
        "working_group": set(Constituency),
        "task_force": set(Constituency),
    }
    for kind, those in allowed.items():
        try:
            seats.check_constituency(kind, constituency)
        except seats.WrongConstituency:
            assert constituency not in those
        else:
            assert constituency in those


@pytest.mark.parametrize(("state", "was", "to"), list(product(SeatState, SeatRole, SeatRole)))
def test_a_serving_chair_is_handed_over_and_nothing_else_is(
    state: SeatState, was: SeatRole, to: SeatRole
) -> None:
    code = None
    if state is SeatState.ENDED:
        code = "wrong_seat_state"
    elif state is SeatState.SERVING and was != to and SeatRole.CHAIR in (was, to):
        code = "chair_is_handed_over"
    try:
        seats.check_role(Seat(state=state, role=was), to)
    except Refusal as refusal:
        assert refusal.code == code
    else:
        assert code is None
