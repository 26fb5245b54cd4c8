"""Who may organise what, and when an activity may open."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.activities.models import Activity, ActivityKind, ActivitySession, ActivityState
from backend.errors import BadInput, NotAllowed, Refusal
from backend.web.actor import Actor, Role

MOST_SESSIONS = 60
DRAFT = frozenset({ActivityState.DRAFT})
UNDER_WAY = frozenset({ActivityState.OPEN, ActivityState.CLOSED})
OVER = frozenset({ActivityState.HELD, ActivityState.SUMMARISED})


class NotYourActivity(NotAllowed):
    """Schools' occasions are the school's to organise, a grade's its lead's, a class's its
    class teacher's; 家长代表座谈会 and 校级家庭教育指导 are always the school's.
    """

    code = "not_your_activity"
    zh = "您不能为“{audience}”组织这类活动。"
    en = "You may not organise this kind of activity for {audience}."


class WrongActivityState(Refusal):
    code = "wrong_activity_state"
    zh = "活动当前状态为“{state}”，不能进行此操作。"
    en = "The activity is {state}; that cannot be done now."


class OutsideAudience(Refusal):
    """A session, or a share of its places, is for a class the activity is not for."""

    code = "outside_audience"
    zh = "场次“{session}”的对象超出了活动的参加范围。"
    en = "The session {session} is for families the activity is not for."


class NoSessions(Refusal):
    code = "no_sessions"
    zh = "请先添加至少一个场次。"
    en = "Add at least one session first."


class TooManySessions(Refusal):
    code = "too_many_sessions"
    zh = "一个活动最多{most}个场次。"
    en = "An activity has at most {most} sessions."


class NobodyInvited(Refusal):
    code = "nobody_invited"
    zh = "仅限受邀参加的活动，请先选择受邀家长。"
    en = "This is by invitation only: choose whom to invite first."


class NotAGuardian(Refusal):
    """An invited person has no child within the audience."""

    code = "not_a_guardian"
    zh = "受邀者中有人不是参加范围内学生的家长。"
    en = "Somebody invited has no child among those the activity is for."


class NotOnTheStaff(Refusal):
    code = "not_on_the_staff"
    zh = "签到负责人须是本校教职工。"
    en = "Whoever keeps the door must work at the school."


class BadActivityDates(BadInput):
    code = "bad_activity_dates"
    zh = "时间不合理：{field}。"
    en = "That date does not work: {field}."


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A school, grade or class an activity or session is for, with its path."""

    kind: str
    id: UUID
    school_id: UUID
    grade_id: UUID | None = None
    class_id: UUID | None = None
    label: str = ""

    def holds(self, other: "Node") -> bool:
        """Say whether the families of ``other`` all belong to this node's."""
        path = (other.id, other.class_id, other.grade_id, other.school_id)
        return self.id in path


_LEVELS = ("class", "grade", "school")
_NEEDED = {
    ActivityKind.FORUM: "school",
    ActivityKind.GUIDANCE: "school",
    ActivityKind.OPEN_DAY: "grade",
}
"""The least office for a kind; the others are every class teacher's too."""

_TITLES = {
    Role.CLASS_TEACHER: "班主任",
    Role.GRADE_LEAD: "年级组长",
    Role.SCHOOL_ADMIN: "学校管理员",
    Role.PRINCIPAL: "校长",
}


def _office(actor: Actor, node: Node) -> tuple[str, Role] | None:
    """Return the highest office the caller holds over ``node``: its level and role."""
    found: list[tuple[str, Role]] = []
    for seat in actor.seats:
        if seat.role in (Role.SCHOOL_ADMIN, Role.PRINCIPAL) and seat.school_id == node.school_id:
            found.append(("school", seat.role))
        elif seat.role is Role.GRADE_LEAD and seat.grade_id == node.grade_id is not None:
            found.append(("grade", seat.role))
        elif seat.role is Role.CLASS_TEACHER and seat.class_id == node.class_id is not None:
            found.append(("class", seat.role))
    return max(found, key=lambda office: _LEVELS.index(office[0]), default=None)


def may_organise(actor: Actor, kind: str, nodes: Iterable[Node]) -> bool:
    """Say whether the caller's offices reach every node, and are high enough for the kind."""
    needed = _LEVELS.index(_NEEDED.get(ActivityKind(kind), "class"))
    offices = [_office(actor, node) for node in nodes]
    return bool(offices) and all(
        office is not None and _LEVELS.index(office[0]) >= needed for office in offices
    )


def office_of(actor: Actor, nodes: Sequence[Node]) -> str:
    """Return what families see beside the activity, such as 三年级1班 班主任."""
    office = _office(actor, nodes[0])
    return _TITLES[office[1]] if office else ""


def check_state(activity: Activity, allowed: Collection[str]) -> None:
    """Raises :class:`WrongActivityState`."""
    if activity.state not in allowed:
        raise WrongActivityState(state=activity.state)


def check_inside(session: str, nodes: Iterable[Node], audience: Sequence[Node]) -> None:
    """Raises :class:`OutsideAudience` when a node is not within the audience."""
    for node in nodes:
        if not any(wide.holds(node) for wide in audience):
            raise OutsideAudience(session=session)


def session_nodes(session: ActivitySession, activity: Activity) -> list[UUID]:
    """Return whom a session is for: its own classes, or the whole audience."""
    return list(session.node_ids or activity.node_ids)


def check_opening(activity: Activity, sessions: Sequence[ActivitySession], now: datetime) -> None:
    """Raises :class:`NoSessions` and :class:`BadActivityDates`.

    Every session lies ahead, and booking opens before it closes, which is before it starts.
    """
    if not sessions:
        raise NoSessions
    for session in sessions:
        if session.starts_at <= now:
            raise BadActivityDates(field="startsAt")
        closes = min(activity.closes_at or session.starts_at, session.starts_at)
        if closes <= now:
            raise BadActivityDates(field="closesAt")
        if activity.opens_at is not None and activity.opens_at >= closes:
            raise BadActivityDates(field="opensAt")
