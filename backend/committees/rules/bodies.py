"""Which bodies there may be, where, and when they may begin and end.

Nothing here reads the database or the clock: callers bring the facts.
"""

from collections.abc import Collection
from datetime import date, timedelta

from backend.committees.models import Body, BodyKind, BodyState, Constituency, Level
from backend.errors import BadInput, Refusal

LONGEST_TERM = timedelta(days=5 * 366)

LEVELS: dict[BodyKind, frozenset[Level]] = {
    BodyKind.PARENT_COMMITTEE: frozenset({Level.SCHOOL, Level.GRADE, Level.CLASS}),
    BodyKind.COEDUCATION_COMMITTEE: frozenset({Level.SCHOOL}),
    BodyKind.WORKING_GROUP: frozenset({Level.SCHOOL}),
    BodyKind.GUIDANCE_COMMITTEE: frozenset({Level.SCHOOL}),
    BodyKind.ALLIANCE: frozenset({Level.SCHOOL, Level.DISTRICT}),
    BodyKind.JOINT_MEETING: frozenset({Level.DISTRICT}),
    BodyKind.TASK_FORCE: frozenset({Level.DISTRICT}),
}
"""At which levels each kind may stand (V12)."""

ONE_A_PLACE = frozenset(
    {
        BodyKind.PARENT_COMMITTEE,
        BodyKind.COEDUCATION_COMMITTEE,
        BodyKind.WORKING_GROUP,
        BodyKind.GUIDANCE_COMMITTEE,
    }
)
"""Kinds of which a place has one at a time."""

NEEDED: dict[BodyKind, tuple[Constituency, ...]] = {
    BodyKind.COEDUCATION_COMMITTEE: (
        Constituency.SCHOOL_LEADER,
        Constituency.TEACHER,
        Constituency.PARENT,
        Constituency.COMMUNITY,
    ),
    BodyKind.WORKING_GROUP: (
        Constituency.SCHOOL_LEADER,
        Constituency.DIVISION_LEADER,
        Constituency.DEPARTMENT,
        Constituency.COMMITTEE,
        Constituency.COMMUNITY,
    ),
}
"""Whose seats a body cannot do without (V07, V08)."""

ALLOWED: dict[BodyKind, frozenset[Constituency]] = {
    BodyKind.PARENT_COMMITTEE: frozenset({Constituency.PARENT}),
    BodyKind.COEDUCATION_COMMITTEE: frozenset(NEEDED[BodyKind.COEDUCATION_COMMITTEE]),
}
"""Whose seats a body may have; kinds not named here take anybody's."""

FORWARD: dict[BodyState, frozenset[BodyState]] = {
    BodyState.DRAFT: frozenset({BodyState.ACTIVE, BodyState.ENDED}),
    BodyState.ACTIVE: frozenset({BodyState.ENDED}),
    BodyState.ENDED: frozenset(),
}
"""Every move there is; the rest is refused."""


class WrongLevel(BadInput):
    """V12: the kind does not stand at that level, or the place does not match the level."""

    status = 422
    code = "wrong_level"
    zh = "该类组织不能设在这一层级，或所选的年级、班级与层级不符：{field}。"
    en = "Such a body does not stand at that level, or the place does not match it: {field}."


class BadTerm(BadInput):
    status = 422
    code = "bad_term"
    zh = "任期不合理：结束须晚于开始，且不超过五年。"
    en = "The term must end after it begins, and last five years at most."


class OutsideTerm(Refusal):
    code = "outside_term"
    zh = "任期尚未开始或已经结束，不能启用。"
    en = "Its term has not begun, or is over; it cannot begin now."


class BodyExists(Refusal):
    code = "body_exists"
    zh = "这里在该任期内已有同类组织。"
    en = "There is such a body here for that term already."


class WrongBodyState(Refusal):
    """``state`` is what it is now."""

    code = "wrong_body_state"
    zh = "该组织当前的状态不允许此操作。"
    en = "The body's state does not allow that."


class ConstituenciesMissing(Refusal):
    """``missing`` lists whose seats are not filled."""

    code = "constituencies_missing"
    zh = "组成方不齐，不能启用。"
    en = "Not everybody who must be on it is; it cannot begin."


class ChairMissing(Refusal):
    code = "chair_missing"
    zh = "尚未确定主任（组长），不能启用。"
    en = "Nobody chairs it yet; it cannot begin."


class BusinessOpen(Refusal):
    code = "business_open"
    zh = "还有议题正在表决，不能解散。"
    en = "Something is being voted on; it cannot end now."


def check_level(kind: BodyKind, level: Level, *, grade: bool, class_: bool) -> None:
    """Check that the kind stands at the level, and that the level's place alone is named.

    Raises :class:`WrongLevel`.
    """
    if level not in LEVELS[kind]:
        raise WrongLevel(field="level")
    if grade is not (level is Level.GRADE):
        raise WrongLevel(field="gradeId")
    if class_ is not (level is Level.CLASS):
        raise WrongLevel(field="classId")


def check_term(begins: date, ends: date) -> None:
    """Raises :class:`BadTerm`."""
    if not begins < ends <= begins + LONGEST_TERM:
        raise BadTerm(field="termUntil")


def check_in_term(body: Body, today: date) -> None:
    """Raises :class:`OutsideTerm`."""
    if not body.term_from <= today <= body.term_until:
        raise OutsideTerm


def check_later(old: Body, begins: date) -> None:
    """Raises :class:`BadTerm` unless the next term begins after the old one."""
    if begins <= old.term_from:
        raise BadTerm(field="termFrom")


def check_move(body: Body, to: BodyState) -> None:
    """Raises :class:`WrongBodyState` for every move not in :data:`FORWARD`."""
    if to not in FORWARD[BodyState(body.state)]:
        raise WrongBodyState(state=body.state)


def check_state(body: Body, *states: BodyState) -> None:
    """Raises :class:`WrongBodyState` unless the body is in one of ``states``."""
    if body.state not in states:
        raise WrongBodyState(state=body.state)


def missing(kind: BodyKind, seated: Collection[str]) -> list[Constituency]:
    """Return the constituencies a body of the kind needs and nobody in ``seated`` speaks for."""
    return [one for one in NEEDED.get(kind, ()) if one not in seated]


def check_complete(kind: BodyKind, seated: Collection[str], *, chaired: bool) -> None:
    """Raises :class:`ConstituenciesMissing` and :class:`ChairMissing`."""
    lacking = missing(kind, seated)
    if lacking:
        raise ConstituenciesMissing(missing=[str(one) for one in lacking])
    if not chaired:
        raise ChairMissing
