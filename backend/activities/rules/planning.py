"""A clash-free set of sessions for all the children of one family.

A small exact search: every combination is looked at, best wishes first, until it is known
that nothing better is left or a fixed number of steps is spent. What it proposes is never
a promise; places are taken by registering.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from uuid import UUID

from backend.activities.rules.plans import (
    Child,
    Hours,
    Obstacle,
    Offer,
    Plan,
    Proposal,
    Visit,
)

MOST_STEPS = 20_000
MOST_PROPOSALS = 3

_Diary = dict[tuple[int, UUID], tuple[Offer, list[UUID]]]
"""Who goes where with whom: by adult and session, the session and the children."""
_Score = tuple[int, int, int, float]
_Sets = list[tuple[int, tuple[Offer, ...]]]


def plan(
    offers: Sequence[Offer],
    children: Sequence[Child],
    *,
    adults: int = 1,
    party: int = 1,
    busy: Sequence[Hours] = (),
    most_steps: int = MOST_STEPS,
) -> Plan:
    """Propose up to three sets of visits for ``children``; no adult is in two rooms at once.

    ``busy`` are the first adult's other commitments. Met wishes weigh most, then seeing
    something different each time, then little waiting, then an early end.
    """
    obstacles: list[Obstacle] = []
    choices: list[tuple[Child, _Sets]] = []
    for child in children:
        open_to, barred = _open_to(child, offers, party, busy if adults == 1 else ())
        obstacles += barred
        sets = _sets(child, open_to)
        if not sets:
            obstacles.append(Obstacle(student_id=child.student_id, code="too_few_sessions"))
        choices.append((child, sets))
    if any(not sets for _, sets in choices):
        return Plan(proposals=[], obstacles=obstacles, complete=True)
    search = _Search(choices, adults, busy, most_steps)
    search.run()
    search.complete = search.complete and len(offers) <= _MOST_CANDIDATES
    proposals = [_proposal(visits, children) for _, visits in search.best]
    if not proposals:
        code = "siblings_clash" if search.complete and len(children) > 1 else "no_time"
        if not search.complete:
            code = "too_many_ways"
        obstacles += [Obstacle(student_id=child.student_id, code=code) for child in children]
    return Plan(proposals=proposals, obstacles=obstacles, complete=search.complete)


def _open_to(
    child: Child, offers: Sequence[Offer], party: int, busy: Sequence[Hours]
) -> tuple[list[Offer], list[Obstacle]]:
    """Split the sessions into those the child can be given and those it cannot, with why."""
    found: list[Offer] = []
    barred: list[Obstacle] = []
    for offer in offers:
        code = None
        if offer.session_id not in child.suit:
            code = "not_for_child"
        elif offer.session_id in child.avoid:
            code = "avoided"
        elif offer.session_id in child.booked:
            code = "booked"
        elif offer.bar is not None:
            code = offer.bar
        elif offer.free < party:
            code = "full"
        elif any(offer.hours.meets(hours) for hours in busy):
            code = "busy"
        if code is None:
            found.append(offer)
        else:
            barred.append(
                Obstacle(student_id=child.student_id, session_id=offer.session_id, code=code)
            )
    return found, barred


def _sets(child: Child, offers: Sequence[Offer]) -> _Sets:
    """Return every set of ``wanted`` sessions that do not overlap, the dearest wishes first.

    A set costs the ranks of its sessions among the wishes; what was not wished for comes
    after all that was.
    """
    rank = {session: place for place, session in enumerate(child.wishes)}
    last = len(child.wishes) + 1 if child.wishes else 0
    ordered = sorted(offers, key=lambda o: (rank.get(o.session_id, last), o.hours.starts_at))
    sets = []
    for chosen in combinations(ordered[:_MOST_CANDIDATES], child.wanted):
        if any(a.hours.meets(b.hours) for a, b in combinations(chosen, 2)):
            continue
        cost = sum(rank.get(offer.session_id, last) for offer in chosen)
        sets.append((cost, chosen))
    return sorted(sets, key=lambda found: found[0])


_MOST_CANDIDATES = 24
"""Sessions looked at for one child, the most wished for first: with three wanted, 2,024 sets."""


class _Search:
    """Depth first over the children, the one with the fewest ways first."""

    def __init__(
        self,
        choices: list[tuple[Child, _Sets]],
        adults: int,
        busy: Sequence[Hours],
        most_steps: int,
    ) -> None:
        self.choices = sorted(choices, key=lambda choice: len(choice[1]))
        self.busy = {1: list(busy)}
        self.adults = adults
        self.steps = most_steps
        self.complete = True
        self.best: list[tuple[_Score, _Diary]] = []

    def run(self) -> None:
        least = [sets[0][0] for _, sets in self.choices]
        self.rest = [sum(least[depth:]) for depth in range(len(least) + 1)]
        self._child(0, 0, {})

    def _child(self, depth: int, cost: int, diary: _Diary) -> None:
        if depth == len(self.choices):
            self._keep(cost, diary)
            return
        child, sets = self.choices[depth]
        for more, chosen in sets:
            if self._hopeless(cost + more + self.rest[depth + 1]):
                return
            for filled in self._seated(child.student_id, chosen, diary):
                self._child(depth + 1, cost + more, filled)
                if not self.complete:
                    return

    def _seated(
        self,
        student: UUID,
        chosen: Sequence[Offer],
        diary: _Diary,
    ) -> Iterator[_Diary]:
        """Yield the diaries in which some adult takes the child to each chosen session."""
        self.steps -= 1
        if self.steps < 0:
            self.complete = False
            return
        if not chosen:
            yield diary
            return
        offer, others = chosen[0], chosen[1:]
        for adult in self._adults(diary):
            key = (adult, offer.session_id)
            if key in diary:
                there = diary[key][1]
            elif self._is_free(adult, offer, diary):
                there = []
            else:
                continue
            filled = {**diary, key: (offer, [*there, student])}
            yield from self._seated(student, others, filled)

    def _adults(self, diary: _Diary) -> range:
        """The first adult, those busy already, and one more: the rest are all alike."""
        used = max((adult for adult, _ in diary), default=0)
        return range(1, min(self.adults, max(used + 1, 2)) + 1)

    def _is_free(
        self,
        adult: int,
        offer: Offer,
        diary: _Diary,
    ) -> bool:
        """A session already visited by another adult needs places of its own: not taken."""
        if any(hours.meets(offer.hours) for hours in self.busy.get(adult, ())):
            return False
        return not any(
            session == offer.session_id or (who == adult and taken.hours.meets(offer.hours))
            for (who, session), (taken, _) in diary.items()
        )

    def _hopeless(self, cost: int) -> bool:
        return len(self.best) == MOST_PROPOSALS and cost > self.best[-1][0][0]

    def _keep(self, cost: int, diary: _Diary) -> None:
        offers = [offer for offer, _ in diary.values()]
        score = (
            cost,
            _repeats(diary),
            _idle(diary),
            max(offer.hours.ends_at.timestamp() for offer in offers),
        )
        found = [one for one in self.best if _same(one[1], diary)]
        if found and found[0][0] <= score:
            return
        kept = [one for one in self.best if one not in found]
        self.best = sorted([*kept, (score, diary)], key=lambda one: one[0])[:MOST_PROPOSALS]


def _same(one: _Diary, other: _Diary) -> bool:
    """Say whether two diaries are the same sessions, whoever goes."""
    return {session for _, session in one} == {session for _, session in other}


def _repeats(diary: _Diary) -> int:
    """Count the times a child would see something of the same name again."""
    seen = [(child, offer.title) for offer, children in diary.values() for child in children]
    return len(seen) - len(set(seen))


def _idle(diary: _Diary) -> int:
    """Return the minutes all adults wait between their sessions."""
    minutes = 0.0
    for adult in {adult for adult, _ in diary}:
        hours = sorted(
            (offer.hours for (who, _), (offer, _) in diary.items() if who == adult),
            key=lambda one: one.starts_at,
        )
        for first, second in pairwise(hours):
            minutes += (second.starts_at - first.ends_at).total_seconds() / 60
    return int(minutes)


def _proposal(
    diary: _Diary,
    children: Sequence[Child],
) -> Proposal:
    ordered = sorted(diary.items(), key=lambda item: (item[1][0].hours.starts_at, item[0]))
    wishes = {(child.student_id, session) for child in children for session in child.wishes}
    visits = tuple(
        Visit(session_id=session, adult=adult, student_ids=tuple(sorted(there)))
        for (adult, session), (_, there) in ordered
    )
    met = {(child, visit.session_id) for visit in visits for child in visit.student_ids} & wishes
    return Proposal(visits=visits, wishes_met=len(met), idle_minutes=_idle(diary))
