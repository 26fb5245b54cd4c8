"""Matters and rule sets on the wire."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.ballots.models import Mode, Unit
from backend.ballots.rules.charter import Base, RuleSet, Share, Tie
from backend.committees.models import Matter, RuleKind, RuleSetVersion
from backend.committees.operations.charters import MatterContent
from backend.committees.rules.charters import rules_of
from backend.committees.schemas.votes import VoteMode
from backend.web.structs import Count, In, Moment, Out, Title

Note = Annotated[str, Meta(max_length=200)]
Of = Annotated[int, Meta(ge=1, le=100)]


class FractionIn(In):
    """More than ``of`` out of ``outOf``; with ``atLeast``, that share is enough."""

    of: Of
    out_of: Of
    at_least: bool = False

    def share(self) -> Share:
        return Share(of=self.of, out_of=self.out_of, at_least=self.at_least)


class FractionOut(Out):
    """More than ``of`` out of ``outOf``; with ``atLeast``, that share is enough."""

    of: Count
    out_of: Count
    at_least: bool


class RuleSetIn(In):
    """How matters of one kind are decided. Days are whole days.

    ``quorum`` is a share of everybody entitled. ``majority`` of ``base`` adopts; without it
    the options with most votes win. ``namesShown``: an open vote's published result tells who
    voted how.
    """

    quorum: FractionIn
    majority: FractionIn | None
    base: Base
    may_abstain: bool = True
    tie: Tie = Tie.NOT_ADOPTED
    mode: VoteMode = VoteMode.OPEN
    unit: Unit = Unit.SEAT
    notice_days: Annotated[int, Meta(ge=0, le=60)] = 3
    may_change: bool = True
    closes_when_all_voted: bool = True
    chair_may_close: bool = False
    names_shown: bool = True
    retables: Annotated[int, Meta(ge=0, le=3)] = 1
    certify_days: Annotated[int, Meta(ge=1, le=30)] = 3
    objection_days: Annotated[int, Meta(ge=0, le=30)] = 3

    def rule_set(self) -> RuleSet:
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        shares = {
            "quorum": self.quorum.share(),
            "majority": self.majority.share() if self.majority else None,
            "mode": Mode(self.mode.value),
        }
        return RuleSet(**said | shares)


class RuleSetOut(Out):
    """How matters of one kind are decided, as :class:`RuleSetIn` says it."""

    quorum: FractionOut
    majority: FractionOut | None
    base: Base
    may_abstain: bool
    tie: Tie
    mode: VoteMode
    unit: Unit
    notice_days: int
    may_change: bool
    closes_when_all_voted: bool
    chair_may_close: bool
    names_shown: bool
    retables: int
    certify_days: int
    objection_days: int

    @classmethod
    def of(cls, rules: RuleSet) -> "RuleSetOut":
        said = {name: getattr(rules, name) for name in cls.__struct_fields__}
        shares = {
            "quorum": _share(rules.quorum),
            "majority": _share(rules.majority) if rules.majority else None,
            "mode": VoteMode(rules.mode.value),
        }
        return cls(**said | shares)


class RulesIn(In):
    """New rules for one kind of matter; ``itemId`` is the agenda item that passed them, which
    a body that has begun needs.
    """

    kind: RuleKind
    rules: RuleSetIn
    note: Note = ""
    item_id: UUID | None = None


class RulesOut(Out):
    """One version. ``bodyId`` is ``null`` for everybody's. ``inForce``: the body decides by it
    now; one that is not stays readable, and what was opened under it keeps it.
    """

    id: UUID
    body_id: UUID | None
    kind: RuleKind
    version: int
    rules: RuleSetOut
    note: str
    item_id: UUID | None
    in_force_from: Moment
    in_force: bool

    @classmethod
    def of(cls, version: RuleSetVersion, *, in_force: bool) -> "RulesOut":
        return cls(
            id=version.id,
            body_id=version.body_id,
            kind=RuleKind(version.kind),
            version=version.version,
            rules=RuleSetOut.of(rules_of(version)),
            note=version.note,
            item_id=version.item_id,
            in_force_from=version.in_force_from,
            in_force=in_force,
        )


class RuleSetsOut(Out):
    """By kind, the newest first: the body's own, then everybody's."""

    items: list[RulesOut]


class MatterIn(In):
    """What may be tabled, and by which kind of rules it is decided."""

    title: Title
    summary: Annotated[str, Meta(max_length=300)] = ""
    rule_kind: RuleKind = RuleKind.ORDINARY

    def content(self) -> MatterContent:
        return MatterContent(title=self.title, summary=self.summary, rule_kind=self.rule_kind)


class MatterOut(Out):
    """A matter; with neither school nor district it is everybody's."""

    id: UUID
    district_id: UUID | None
    school_id: UUID | None
    title: str
    summary: str
    rule_kind: RuleKind

    @classmethod
    def of(cls, row: dict[str, Any]) -> "MatterOut":
        """Show one row of :func:`backend.committees.queries.charters.matters_for`."""
        return cls(
            id=row["id"],
            district_id=row["district_id"],
            school_id=row["school_id"],
            title=row["title"],
            summary=row["summary"],
            rule_kind=RuleKind(row["rule_kind"]),
        )

    @classmethod
    def made(cls, matter: Matter) -> "MatterOut":
        return cls(
            id=matter.id,
            district_id=matter.district_id,
            school_id=matter.school_id,
            title=matter.title,
            summary=matter.summary,
            rule_kind=RuleKind(matter.rule_kind),
        )


class MattersOut(Out):
    """Everybody's, then the district's, then the school's own."""

    items: list[MatterOut]


def _share(share: Share) -> FractionOut:
    return FractionOut(of=share.of, out_of=share.out_of, at_least=share.at_least)
