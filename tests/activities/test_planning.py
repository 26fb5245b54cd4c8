"""The family's plan: what it proposes never clashes, and it finds one when there is one."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from backend.activities.rules.planning import MOST_PROPOSALS, plan
from backend.activities.rules.plans import Child, Hours, Offer, Plan, Proposal

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def hours(start: int, end: int) -> Hours:
    return Hours(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))


def offer(number: int, start: int, end: int, free: int = 5, title: str = "") -> Offer:
    return Offer(
        session_id=UUID(int=number),
        title=title or f"场次{number}",
        hours=hours(start, end),
        free=free,
    )


def child(number: int, *suit: int, wanted: int = 1, likes: tuple[int, ...] = ()) -> Child:
    return Child(
        student_id=UUID(int=100 + number),
        suit=frozenset(UUID(int=session) for session in suit),
        wanted=wanted,
        wishes=tuple(UUID(int=session) for session in likes),
    )


def sessions(proposal: Proposal) -> list[int]:
    return [visit.session_id.int for visit in proposal.visits]


def codes(found: Plan, session: int | None = None) -> set[str]:
    return {
        obstacle.code
        for obstacle in found.obstacles
        if (obstacle.session_id.int if obstacle.session_id else None) == session
    }


def test_siblings_go_one_after_the_other() -> None:
    offers = [offer(1, 0, 40), offer(2, 0, 40), offer(3, 60, 100), offer(4, 40, 80)]
    found = plan(offers, [child(1, 1), child(2, 2, 3, 4)])
    assert sessions(found.proposals[0]) == [1, 4], "nothing is waited for"
    assert found.proposals[0].idle_minutes == 0
    assert [1, 2] not in [sessions(proposal) for proposal in found.proposals]
    assert found.complete


def test_siblings_in_one_session_are_one_visit() -> None:
    found = plan([offer(1, 0, 40)], [child(1, 1), child(2, 1)])
    [visit] = found.proposals[0].visits
    assert [student.int for student in visit.student_ids] == [101, 102]


def test_the_dearest_wish_weighs_more_than_waiting() -> None:
    offers = [offer(1, 0, 40), offer(2, 40, 80), offer(3, 200, 240)]
    found = plan(offers, [child(1, 1), child(2, 2, 3, likes=(3,))])
    assert sessions(found.proposals[0]) == [1, 3]
    assert found.proposals[0].wishes_met == 1


def test_a_child_does_not_see_the_same_thing_twice_if_it_can_be_helped() -> None:
    offers = [
        offer(1, 0, 40, title="参观"),
        offer(2, 40, 80, title="参观"),
        offer(3, 120, 160, title="公开课"),
    ]
    found = plan(offers, [child(1, 1, 2, 3, wanted=2)])
    assert sessions(found.proposals[0]) == [2, 3]


def test_two_adults_may_be_in_two_rooms() -> None:
    offers = [offer(1, 0, 40), offer(2, 0, 40)]
    alone = plan(offers, [child(1, 1), child(2, 2)])
    assert alone.proposals == []
    assert codes(alone) == {"siblings_clash"}
    together = plan(offers, [child(1, 1), child(2, 2)], adults=2)
    assert sorted(visit.adult for visit in together.proposals[0].visits) == [1, 2]


def test_other_commitments_stand_in_the_first_adults_way_only() -> None:
    offers = [offer(1, 0, 40)]
    busy = [hours(30, 90)]
    alone = plan(offers, [child(1, 1)], busy=busy)
    assert alone.proposals == []
    assert codes(alone, 1) == {"busy"}
    assert codes(alone) == {"too_few_sessions"}
    [visit] = plan(offers, [child(1, 1)], busy=busy, adults=2).proposals[0].visits
    assert visit.adult == 2


@pytest.mark.parametrize(
    ("number", "code"), [(2, "not_for_child"), (3, "full"), (4, "avoided"), (5, "ended")]
)
def test_every_session_that_is_not_proposed_has_a_reason(number: int, code: str) -> None:
    offers = [
        offer(1, 0, 40),
        offer(2, 0, 40),
        offer(3, 0, 40, free=1),
        offer(4, 0, 40),
        Offer(session_id=UUID(int=5), title="已截止", hours=hours(0, 40), free=9, bar="ended"),
    ]
    picky = Child(
        student_id=UUID(int=101),
        suit=frozenset(UUID(int=n) for n in (1, 3, 4, 5)),
        avoid=frozenset({UUID(int=4)}),
    )
    found = plan(offers, [picky], party=2)
    assert sessions(found.proposals[0]) == [1]
    assert codes(found, number) == {code}


def test_the_search_gives_up_after_so_many_steps_and_says_so() -> None:
    offers = [offer(n, n * 10, n * 10 + 10) for n in range(20)]
    family = [child(n, *range(20), wanted=3) for n in range(4)]
    found = plan(offers, family, most_steps=500)
    assert not found.complete
    assert found.proposals, "the first that fits is better than none"


@some.composite
def families(draw: some.DrawFn) -> tuple[list[Offer], list[Child], int, list[Hours], int]:
    offers = []
    for number in range(draw(some.integers(1, 6))):
        start = draw(some.integers(0, 12)) * 10
        length = draw(some.sampled_from([10, 20, 40]))
        offers.append(offer(number, start, start + length, free=draw(some.integers(0, 3))))
    children = []
    for number in range(draw(some.integers(1, 3))):
        ids = some.lists(some.integers(0, len(offers) - 1), unique=True)
        children.append(
            Child(
                student_id=UUID(int=100 + number),
                suit=frozenset(UUID(int=n) for n in draw(ids)),
                wanted=draw(some.integers(1, 2)),
                wishes=tuple(UUID(int=n) for n in draw(ids)),
                avoid=frozenset(UUID(int=n) for n in draw(ids)[:1]),
            )
        )
    start = draw(some.integers(0, 12)) * 10
    busy = [hours(start, start + 20)] if draw(some.booleans()) else []
    return offers, children, draw(some.integers(1, 2)), busy, draw(some.integers(1, 2))


@settings(max_examples=250, deadline=None)
@given(families())
def test_proposals_never_clash_and_exist_when_any_does(
    family: tuple[list[Offer], list[Child], int, list[Hours], int],
) -> None:
    offers, children, adults, busy, party = family
    found = plan(offers, children, adults=adults, party=party, busy=busy)
    assert len(found.proposals) <= MOST_PROPOSALS
    for proposal in found.proposals:
        _holds(proposal, offers, children, adults, busy, party)
    assert found.complete
    assert bool(found.proposals) == _possible(offers, children, adults, busy, party)
    assert found.proposals or found.obstacles, "no plan is explained"


def _holds(
    proposal: Proposal,
    offers: list[Offer],
    children: list[Child],
    adults: int,
    busy: list[Hours],
    party: int,
) -> None:
    known = {one.session_id: one for one in offers}
    visits = proposal.visits
    assert len({visit.session_id for visit in visits}) == len(visits)
    assert all(1 <= visit.adult <= adults for visit in visits)
    assert all(known[visit.session_id].free >= party for visit in visits)
    for one, other in combinations(visits, 2):
        meets = known[one.session_id].hours.meets(known[other.session_id].hours)
        assert not (meets and one.adult == other.adult)
        assert not (meets and set(one.student_ids) & set(other.student_ids))
    for visit in visits:
        if visit.adult == 1:
            assert not any(known[visit.session_id].hours.meets(taken) for taken in busy)
    for kid in children:
        seen = {visit.session_id for visit in visits if kid.student_id in visit.student_ids}
        assert len(seen) == kid.wanted
        assert seen <= kid.suit - kid.avoid


def _possible(
    offers: list[Offer], children: list[Child], adults: int, busy: list[Hours], party: int
) -> bool:
    """Say by trying everything whether there is a plan at all."""
    known = {one.session_id: one for one in offers}
    ways = [
        [
            chosen
            for chosen in combinations(sorted(kid.suit - kid.avoid), kid.wanted)
            if all(known[session].free >= party for session in chosen)
            and not any(known[a].hours.meets(known[b].hours) for a, b in combinations(chosen, 2))
        ]
        for kid in children
    ]
    for choice in product(*ways):
        needed = sorted({session for chosen in choice for session in chosen})
        for who in product(range(1, adults + 1), repeat=len(needed)):
            diary = list(zip(needed, who, strict=True))
            if any(
                a == b and known[x].hours.meets(known[y].hours)
                for (x, a), (y, b) in combinations(diary, 2)
            ):
                continue
            if not any(
                adult == 1 and known[session].hours.meets(taken)
                for session, adult in diary
                for taken in busy
            ):
                return True
    return False
