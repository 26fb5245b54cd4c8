"""What a panel came to, on the wire.

Averages are in the points of a criterion, with two decimals.
"""

from collections.abc import Sequence
from uuid import UUID

from backend.committees.models import Constituency, PanelEntry, PanelState
from backend.committees.rules.panel_averages import Average, EntryResult
from backend.committees.schemas.panels import PanelCriterionOut
from backend.web.structs import Out


class PanelAverageOut(Out):
    """Means by criterion, in the panel's order, and their sum."""

    by_criterion: list[float]
    total: float

    @classmethod
    def of(cls, average: Average | None, keys: Sequence[str]) -> "PanelAverageOut | None":
        if average is None:
            return None
        return cls(by_criterion=[average.by_criterion[key] for key in keys], total=average.total)


class PanelGroupOut(Out):
    """What one constituency gave; of too few people nothing is shown but to those who run it."""

    constituency: Constituency
    scorers: int | None
    average: PanelAverageOut | None


class PanelEntryResultOut(Out):
    """What came out for one entry. ``overall`` is the mean of the constituencies' averages,
    each of which weighs the same; equal ones share a ``rank``. ``comments`` are for those who
    run the panel, without names.
    """

    entry_id: UUID
    title: str
    presenter: str
    rank: int | None
    scorers: int
    overall: PanelAverageOut | None
    groups: list[PanelGroupOut]
    comments: list[str]

    @classmethod
    def of(
        cls, entry: PanelEntry, result: EntryResult, keys: Sequence[str], comments: list[str]
    ) -> "PanelEntryResultOut":
        return cls(
            entry_id=entry.id,
            title=entry.title,
            presenter=entry.presenter,
            rank=result.rank,
            scorers=result.scorers,
            overall=PanelAverageOut.of(result.overall, keys),
            groups=[
                PanelGroupOut(
                    constituency=Constituency(group.constituency),
                    scorers=group.scorers,
                    average=PanelAverageOut.of(group.average, keys),
                )
                for group in result.groups
            ],
            comments=comments,
        )


class PanelResultsOut(Out):
    """What a panel came to, the best first. Before it is published only those who run it see
    it.
    """

    panel_id: UUID
    title: str
    state: PanelState
    criteria: list[PanelCriterionOut]
    items: list[PanelEntryResultOut]
