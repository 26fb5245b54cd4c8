"""Agendas by the book: transitions, notice, trees and quorums, without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from backend.ballots.rules.charter import MORE_THAN_HALF, TWO_THIRDS, Share
from backend.committees.models import AttendanceMode, ItemState, MeetingState
from backend.committees.rules import agenda, meetings

S, M = ItemState, MeetingState
MAY: dict[str, set[ItemState]] = {
    "accept": {S.PROPOSED},
    "decline": {S.PROPOSED},
    "merge": {S.PROPOSED},
    "rewrite": {S.PROPOSED},
    "withdraw": {S.PROPOSED, S.ACCEPTED, S.SCHEDULED, S.DISCUSSING, S.DEFERRED},
    "absorb": {S.PROPOSED, S.ACCEPTED, S.SCHEDULED, S.DISCUSSING, S.DEFERRED},
    "recuse": {S.PROPOSED, S.ACCEPTED, S.SCHEDULED, S.DISCUSSING, S.DEFERRED},
    "schedule": {S.ACCEPTED, S.DEFERRED, S.SCHEDULED},
    "put_in_writing": {S.ACCEPTED, S.DEFERRED},
    "defer": {S.SCHEDULED, S.DISCUSSING},
    "discuss": {S.SCHEDULED},
    "note": {S.DISCUSSING},
    "vote": {S.DISCUSSING},
    "vote_in_writing": {S.SCHEDULED},
    "decide": {S.VOTING},
    "lapse": {S.VOTING},
    "reopen": {S.DECIDED, S.IN_EXECUTION, S.DONE},
    "execute": {S.DECIDED},
    "finish": {S.IN_EXECUTION, S.DECIDED},
}
MEETING_MAY: dict[str, set[MeetingState]] = {
    "rewrite": {M.PLANNED, M.CONVENED},
    "schedule": {M.PLANNED, M.CONVENED},
    "convene": {M.PLANNED},
    "cancel": {M.PLANNED, M.CONVENED},
    "reply": {M.CONVENED},
    "attend": {M.CONVENED, M.RUNNING},
    "start": {M.CONVENED},
    "discuss": {M.RUNNING},
    "end": {M.RUNNING},
    "close": {M.ENDED},
}
SEATS = [uuid4() for _ in range(6)]
HERE, ONLINE = AttendanceMode.IN_PERSON, AttendanceMode.ONLINE


def test_every_act_is_in_the_tables() -> None:
    assert set(agenda.STEPS) == set(MAY)
    assert set(meetings.STEPS) == set(MEETING_MAY)


@pytest.mark.parametrize("state", list(ItemState))
@pytest.mark.parametrize("act", sorted(MAY))
def test_what_may_happen_to_an_item(act: str, state: ItemState) -> None:
    if state in MAY[act]:
        agenda.STEPS[act].check(state)
    else:
        with pytest.raises(agenda.WrongItemState) as refusal:
            agenda.STEPS[act].check(state)
        assert refusal.value.code == "wrong_item_state"


@pytest.mark.parametrize("state", list(MeetingState))
@pytest.mark.parametrize("act", sorted(MEETING_MAY))
def test_what_may_happen_to_a_meeting(act: str, state: MeetingState) -> None:
    if state in MEETING_MAY[act]:
        meetings.STEPS[act].check(state)
    else:
        with pytest.raises(meetings.WrongMeetingState):
            meetings.STEPS[act].check(state)


@pytest.mark.parametrize(
    ("announced", "held", "days", "in_time"),
    [
        # By the wall clock in China, eight hours ahead.
        ("2026-11-20T15:00", "2026-11-23T01:00", 3, True),
        ("2026-11-20T15:59", "2026-11-22T15:59", 3, False),
        ("2026-11-20T15:59", "2026-11-22T16:00", 3, True),
        ("2026-11-20T16:00", "2026-11-22T16:00", 3, False),
        ("2026-11-20T01:00", "2026-11-20T02:00", 0, True),
        ("2026-11-20T01:00", "2026-11-26T23:00", 7, True),
        ("2026-11-20T01:00", "2026-11-26T01:00", 7, False),
    ],
)
def test_notice_is_counted_in_whole_days_by_the_wall_clock(
    announced: str, held: str, days: int, in_time: bool
) -> None:
    first, then = (datetime.fromisoformat(f"{text}+00:00") for text in (announced, held))
    if in_time:
        agenda.check_notice(first, then, days)
        agenda.check_waited(first, then, days)
        return
    with pytest.raises(agenda.NoticeTooShort) as refusal:
        agenda.check_notice(first, then, days)
    assert refusal.value.facts["days"] == days
    with pytest.raises(agenda.NotWaitedYet):
        agenda.check_waited(first, then, days)


def test_an_agenda_has_two_levels() -> None:
    one, two, three, away = (uuid4() for _ in range(4))
    tree: dict[UUID, UUID | None] = {one: None, two: one, three: None}
    agenda.check_parent(three, None, tree)
    agenda.check_parent(three, one, tree)
    agenda.check_parent(two, three, tree)
    for item, parent in ((three, two), (three, three), (three, away), (one, three)):
        with pytest.raises(agenda.TooDeep):
            agenda.check_parent(item, parent, tree)


def test_an_item_is_put_where_it_is_wanted() -> None:
    a, b, c = (uuid4() for _ in range(3))
    assert agenda.placed([a, b], c, 0) == [c, a, b]
    assert agenda.placed([a, b], c, 1) == [a, c, b]
    assert agenda.placed([a, b], c, 99) == [a, b, c]
    assert agenda.placed([a, b, c], a, 2) == [b, c, a]
    assert agenda.placed([], a, 5) == [a]


@pytest.mark.parametrize(
    ("outcome", "before", "allowed", "may"),
    [("no_quorum", 0, 1, True), ("tied", 0, 1, True), ("tied", 1, 1, False), ("tied", 1, 2, True),
     ("failed", 0, 1, False), ("passed", 0, 1, False), ("", 0, 1, False), ("tied", 0, 0, False)],
)  # fmt: skip
def test_only_what_found_no_quorum_or_tied_is_put_again(
    outcome: str, before: int, allowed: int, may: bool
) -> None:
    if may:
        agenda.check_again(outcome, before, allowed)
    else:
        with pytest.raises(agenda.MayNotBePutAgain):
            agenda.check_again(outcome, before, allowed)


@pytest.mark.parametrize(
    ("share", "entitled", "there", "away", "needed", "has", "may_come", "reachable"),
    [
        (MORE_THAN_HALF, 6, {}, (), 4, False, 6, True),
        (MORE_THAN_HALF, 6, {0: HERE, 1: HERE, 2: ONLINE}, (), 4, False, 6, True),
        (MORE_THAN_HALF, 6, {0: HERE, 1: HERE, 2: ONLINE, 3: ONLINE}, (), 4, True, 6, True),
        (MORE_THAN_HALF, 6, {0: HERE}, (3, 4, 5), 4, False, 3, False),
        # Whoever said no and came all the same is there.
        (MORE_THAN_HALF, 6, {0: HERE, 3: HERE}, (3, 4), 4, False, 5, True),
        (MORE_THAN_HALF, 5, {0: HERE, 1: HERE, 2: HERE}, (), 3, True, 5, True),
        # A seat that stands aside or has ended counts nowhere.
        (MORE_THAN_HALF, 2, {0: HERE, 4: HERE, 5: HERE}, (5,), 2, False, 2, True),
        (TWO_THIRDS, 6, {0: HERE, 1: HERE, 2: HERE, 3: HERE}, (), 4, True, 6, True),
        (Share(of=1, out_of=1, at_least=True), 3, {0: HERE}, (2,), 3, False, 2, False),
        (MORE_THAN_HALF, 0, {}, (), 1, False, 0, False),
    ],
)
def test_a_quorum(
    share: Share,
    entitled: int,
    there: dict[int, AttendanceMode],
    away: tuple[int, ...],
    needed: int,
    has: bool,
    may_come: int,
    reachable: bool,
) -> None:
    found = meetings.quorum(
        share,
        SEATS[:entitled],
        {SEATS[at]: mode for at, mode in there.items()},
        {SEATS[at] for at in away},
    )
    assert (found.needed, found.has_quorum) == (needed, has)
    assert (found.may_come, found.reachable) == (may_come, reachable)
    assert found.present == sum(at < entitled for at in there)


def test_the_hours_of_a_meeting_lie_ahead_and_end_the_same_day() -> None:
    now = datetime(2026, 11, 23, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    meetings.check_hours(now + hour, now + 2 * hour, now)
    for begins, ends in ((-hour, hour), (hour, hour), (2 * hour, hour), (hour, 14 * hour)):
        with pytest.raises(meetings.BadMeetingHours):
            meetings.check_hours(now + begins, now + ends, now)
    meetings.check_arrived(now + hour / 2, now)
    with pytest.raises(meetings.TooEarly):
        meetings.check_arrived(now + hour, now)
