"""What the committee of each class of the world votes on, at every stage of a vote.

Realms of its own, before the place's: ``VD`` a draft, ``VO`` what is being voted on, ``VC``
what is counted, ``VT`` what is certified or published, ``VA`` what was annulled; ``VK`` an
objection, ``VQ`` who stands aside and why, ``VN`` the names of voters, ``VH`` those of
households. ``<name>_vote`` and ``<name>_unit`` are on each place; the unit is a member's.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend import clock
from backend.ballots.models import CloseReason, Method, Mode, Unit, Vote, VotingUnit
from backend.ballots.operations import casting, certifying, closing, objecting, paper, voting
from backend.ballots.operations.casting import CastBallot
from backend.ballots.operations.voting import UnitDraft, VoteContent
from backend.ballots.rules.charter import ORDINARY, Tie
from backend.ballots.rules.paper import PaperChoice
from backend.committees.models import AgendaItem
from tests.authz import rows_agendas
from tests.authz.world import World, mark

NAMES = (
    "draft", "secret", "open", "houses", "paper", "closed", "counted", "tied", "doubted",
    "certified", "published", "named", "annulled",
)  # fmt: skip
A, B = ("a",), ("b",)


async def fill(world: World) -> None:
    """Let each class's committee ask, count, certify and publish."""
    for place in world.places.values():
        at = _Class(world, place)
        await at.votable()
        await at.asked()
        await at.counted()
        await at.over()


class _Class:
    """The committee of one class, with whoever votes there."""

    def __init__(self, world: World, place: SimpleNamespace) -> None:
        self.world, self.place = world, place
        self.seats = [place.chair, place.secretary, *place.members[:2]]
        self.parents = [place.parent, *self.seats, place.members[2]]
        if place.realm == "A1X":
            self.parents.append("parent_no_consent")

    async def votable(self) -> None:
        """An item nothing is asked about yet."""
        row = await self._item("votable", "VD")
        self.place.votable_item = row.id

    async def asked(self) -> None:
        """A draft, and what is open to seats, guardians and households."""
        await self._draft("draft", "VD")
        secret = await self._opened("secret", "VO", unit=Unit.PERSON, mode=Mode.SECRET)
        await self._cast(secret, dict.fromkeys(self.place.members[:2], A))
        self.place.theirs_vote, self.place.theirs_unit = secret.id, self.place.secret_unit
        await self._cast(await self._opened("open", "VO"), {self.place.secretary: B})
        await self._opened("houses", "VO", unit=Unit.HOUSEHOLD)
        await self._with_paper("paper")
        await self._end(await self._with_paper("closed"))
        called_off = await self._opened("annulled", "VA", unit=Unit.PERSON, mode=Mode.SECRET)
        chair, why = self.world.people[self.place.chair], mark(f"VA{self.place.realm}", "有误")
        await closing.annul(called_off.id, why, chair, self.world.settings)
        await AgendaItem.filter(id=called_off.subject_id).update(state="scheduled", vote_id=None)

    async def counted(self) -> None:
        """What waits for the chair: an outcome, a tie, a count that somebody doubts."""
        await self._counted("counted", "VC", [A, A, A, B])
        await self._counted("tied", "VC", [A, A, B, B], tie=Tie.CHAIR, majority=None)
        doubted = await self._counted("doubted", "VC", [A, A, A, B, A], unit=Unit.PERSON)
        raised = await objecting.object_to(
            doubted.id, mark(f"VK{self.place.realm}", "异议"),
            by=self.world.people[self.place.parent],
        )  # fmt: skip
        self.place.doubted_objection = raised.id

    async def over(self) -> None:
        """What is decided: nobody may doubt it any more."""
        ballots = [A, A, A, A, B]
        await self._certified("certified", ballots, unit=Unit.HOUSEHOLD, mode=Mode.SECRET)
        for name, shown in (("published", False), ("named", True)):
            vote = await self._certified(name, [A, A, A, B], names_shown=shown)
            await certifying.publish(vote.id, settings=self.world.settings)
        self.place.decided_item = vote.subject_id

    async def _item(self, name: str, realm: str) -> AgendaItem:
        return await rows_agendas.item(
            self.world, self.place, f"{name}_agenda_item", f"{realm}{self.place.realm}",
            "scheduled", in_writing=True, scheduled_at=clock.now() - timedelta(days=10),
        )  # fmt: skip

    async def _draft(
        self, name: str, realm: str, *, unit: Unit = Unit.SEAT, mode: Mode = Mode.OPEN, **more: Any
    ) -> Vote:
        place, item = self.place, await self._item(name, realm)
        marks = f"{realm}{place.realm}"
        rules = msgspec.structs.replace(
            ORDINARY, unit=unit, mode=mode, chair_may_close=True, objection_days=3, **more
        )
        content = VoteContent(
            district_id=place.district_id, school_id=place.school_id, subject_id=item.id,
            title=mark(marks, "表决"), text=mark(marks, "文"), method=Method.SINGLE,
            options=[{"key": key, "label": mark(marks, key)} for key in ("a", "b")],
            mode=mode, unit=unit, rules=rules, rule_set_id=place.rule_set_id,
            closes_at=clock.now() + timedelta(days=2),
        )  # fmt: skip
        vote = await voting.draft(content, by=self.world.people[place.chair])
        setattr(place, f"{name}_vote", vote.id)
        return vote

    async def _opened(self, name: str, realm: str, **more: Any) -> Vote:
        drafted = await self._draft(name, realm, **more)
        place, people = self.place, self.world.people
        aside = mark(f"VQ{place.realm}", "回避")
        vote = await voting.open_vote(
            drafted.id, self._units(Unit(drafted.unit), named="VT" if name == "named" else "VN"),
            recused=[{"seat_id": str(place.seat_ids["third"]), "name": aside, "reason": aside}],
            by=people[place.chair], settings=self.world.settings,
        )  # fmt: skip
        await AgendaItem.filter(id=vote.subject_id).update(state="voting", vote_id=vote.id)
        theirs = place.seat_ids["second"] if vote.unit == Unit.SEAT else people[place.members[1]]
        unit = await VotingUnit.get(vote_id=vote.id, ref_id=theirs)
        setattr(place, f"{name}_unit", unit.id)
        return vote

    def _units(self, unit: Unit, *, named: str) -> list[UnitDraft]:
        """Return who votes: four seats, every guardian, or every family of the class."""
        place, people = self.place, self.world.people
        if unit == Unit.SEAT:
            roles = ("chair", "secretary", "first", "second")
            whose = {place.seat_ids[role]: [name] for role, name in zip(roles, self.seats,
                     strict=True)}  # fmt: skip
        elif unit == Unit.PERSON:
            whose = {people[name]: [name] for name in self.parents}
        else:
            named, home = "VH", [place.parent, *self.parents[6:]]
            whose = {place.student_id: home} | {people[name]: [name] for name in self.parents[1:6]}
        return [
            UnitDraft(
                ref_id=ref, label=mark(f"{named}{place.realm}", "户"), constituency="parent",
                voter_ids=tuple(people[name] for name in names),
            )
            for ref, names in whose.items()
        ]  # fmt: skip

    async def _cast(self, vote: Vote, ballots: dict[str, tuple[str, ...]]) -> None:
        for name, choice in ballots.items():
            one = CastBallot(choice=choice, receipt=secrets.token_hex(16), attempt=uuid4())
            await casting.cast(vote.id, self.world.people[name], one)

    async def _with_paper(self, name: str) -> Vote:
        """Somebody voted on paper, which waits for a second person."""
        vote = await self._opened(name, "VO")
        unit: UUID = getattr(self.place, f"{name}_unit")
        said = [PaperChoice(choice=A, count=1)]
        await paper.enter(vote.id, [unit], said, by=self.world.people[self.place.secretary])
        return vote

    async def _end(self, vote: Vote) -> Vote:
        await Vote.filter(id=vote.id).update(closes_at=clock.now())
        return await closing.close(
            vote.id, CloseReason.DEADLINE, by=None, settings=self.world.settings
        )

    async def _counted(
        self, name: str, realm: str, ballots: Sequence[tuple[str, ...]], **more: Any
    ) -> Vote:
        vote = await self._opened(name, realm, **more)
        voters = self.seats if vote.unit == Unit.SEAT else self.parents[1:]
        await self._cast(vote, dict(zip(voters, ballots, strict=False)))
        return await self._end(vote)

    async def _certified(self, name: str, ballots: Sequence[tuple[str, ...]], **more: Any) -> Vote:
        vote = await self._counted(name, "VT", ballots, **more)
        vote = await certifying.certify(vote.id, by=self.world.people[self.place.chair])
        now = clock.now()
        await Vote.filter(id=vote.id).update(objections_until=now)
        await AgendaItem.filter(id=vote.subject_id).update(
            state="decided", outcome=vote.outcome, decided_at=now
        )
        return vote
