"""How many sessions a family may have, and which of them at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID

import msgspec

from backend.bookings.rules import Full
from backend.errors import Refusal


class TooManyForChild(Refusal):
    code = "too_many_for_child"
    zh = "每个孩子最多报名{most}场。"
    en = "At most {most} sessions for each child."


class TooManyForFamily(Refusal):
    code = "too_many_for_family"
    zh = "每个家庭最多报名{most}场。"
    en = "At most {most} sessions for each family."


class ChildTwiceAtOnce(Refusal):
    """One adult cannot be in two rooms (Q30)."""

    code = "sessions_overlap"
    zh = "“{first}”与“{second}”时间重叠，同一位家长不能同时参加。"
    en = "{first} and {second} overlap; one adult cannot be at both."


class SessionFull(Full):
    """A plan is booked whole; ``slotId`` is the session that has no room left."""

    zh = "“{session}”名额已满，其他场次也没有报名，请重新安排。"
    en = "{session} is full, so nothing was booked; please plan again."


class PlanByLot(Refusal):
    """Places given by lot cannot be promised together."""

    code = "plan_by_lot"
    zh = "该活动以抽签方式分配名额，请逐场登记。"
    en = "Places are given by lot here; enter each session on its own."


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """A session somebody asks for, with its hours."""

    session_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    student_ids: Sequence[UUID]


def check_apart(sittings: Iterable[Sitting]) -> None:
    """Raises :class:`ChildTwiceAtOnce` when two of one adult's sessions overlap."""
    ordered = sorted(sittings, key=lambda sitting: (sitting.starts_at, sitting.ends_at))
    for first, second in pairwise(ordered):
        if second.starts_at < first.ends_at:
            raise ChildTwiceAtOnce(first=first.title, second=second.title)


def check_limits(
    wanted: Iterable[Sitting],
    held: Mapping[UUID, set[UUID]],
    *,
    per_child: int | None,
    per_family: int | None,
) -> None:
    """Raises :class:`TooManyForChild` and :class:`TooManyForFamily`.

    ``held`` are the sessions each child has a live booking on, whoever of its guardians
    made it; a session asked for again is no further one.
    """
    children = {child: set(sessions) for child, sessions in held.items()}
    for sitting in wanted:
        for child in sitting.student_ids:
            children.setdefault(child, set()).add(sitting.session_id)
    if per_child is not None and any(len(s) > per_child for s in children.values()):
        raise TooManyForChild(most=per_child)
    if per_family is not None and len(set().union(*children.values())) > per_family:
        raise TooManyForFamily(most=per_family)
