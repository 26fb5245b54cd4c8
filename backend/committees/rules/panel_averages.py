"""What a panel's scores come to.

Every constituency weighs the same, however many speak for it: an entry's result is the mean
of the constituencies' averages, each the mean of what its panelists gave. All of it is exact
until it is shown with two decimals, and ranks are found before that.

To the public no average is shown that fewer than three people made. Where the overall result
would let such an average be worked out, a larger constituency is withheld beside it.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from uuid import UUID

import msgspec

SMALLEST_GROUP = 3
"""Of so many people at least an average may be shown to everybody."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One score: what a panelist of a constituency gave an entry, by criterion."""

    entry_id: UUID
    constituency: str
    points: Mapping[str, int]


class Average(msgspec.Struct, frozen=True, kw_only=True):
    """Means with two decimals; ``total`` is their sum before rounding."""

    by_criterion: dict[str, float]
    total: float


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one constituency gave. Where it is withheld both are ``None``."""

    constituency: str
    scorers: int | None
    average: Average | None


class EntryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came out for one entry. ``rank`` counts from one, equal ones share it; nobody's
    score gives neither rank nor result.
    """

    entry_id: UUID
    rank: int | None
    scorers: int
    overall: Average | None
    groups: list[GroupResult]


def results(
    keys: Sequence[str], entries: Sequence[UUID], scores: Sequence[Given]
) -> list[EntryResult]:
    """Return a result for each entry, in their order."""
    exact = {entry: _groups(keys, [one for one in scores if one.entry_id == entry])
             for entry in entries}  # fmt: skip
    overall = {entry: _mean_of([means for _, means in groups.values()], keys)
               for entry, groups in exact.items()}  # fmt: skip
    totals = sorted(
        (sum(means.values()) for means in overall.values() if means is not None), reverse=True
    )
    shown = []
    for entry in entries:
        means, groups = overall[entry], exact[entry]
        shown.append(
            EntryResult(
                entry_id=entry,
                rank=None if means is None else totals.index(sum(means.values())) + 1,
                scorers=sum(number for number, _ in groups.values()),
                overall=None if means is None else _shown(means),
                groups=[
                    GroupResult(constituency=name, scorers=number, average=_shown(group))
                    for name, (number, group) in sorted(groups.items())
                ],
            )
        )
    return shown


def for_everybody(result: EntryResult) -> EntryResult:
    """Return a result as those may see it who do not run the panel."""
    hidden = withheld({group.constituency: group.scorers or 0 for group in result.groups})
    enough = result.scorers >= SMALLEST_GROUP
    return msgspec.structs.replace(
        result,
        rank=result.rank if enough else None,
        overall=result.overall if enough else None,
        groups=[
            GroupResult(constituency=group.constituency, scorers=None, average=None)
            if group.constituency in hidden
            else group
            for group in result.groups
        ],
    )


def withheld(sizes: Mapping[str, int]) -> set[str]:
    """Return the constituencies whose average not everybody may see.

    Those of fewer than :data:`SMALLEST_GROUP`; and, since the overall result and all other
    averages tell the last one, the smallest of the rest, until those withheld are two at
    least and of enough people together.
    """
    by_size = sorted(sizes, key=lambda name: (sizes[name], name))
    hidden = [name for name in by_size if sizes[name] < SMALLEST_GROUP]
    if not hidden:
        return set()
    for name in by_size[len(hidden) :]:
        if len(hidden) >= 2 and sum(sizes[one] for one in hidden) >= SMALLEST_GROUP:
            break
        hidden.append(name)
    return set(hidden)


def _groups(
    keys: Sequence[str], scores: Sequence[Given]
) -> dict[str, tuple[int, dict[str, Fraction]]]:
    """Return of each constituency how many scored, and the mean for each criterion."""
    found = {}
    for name in {one.constituency for one in scores}:
        own = [one.points for one in scores if one.constituency == name]
        means = {key: Fraction(sum(points[key] for points in own), len(own)) for key in keys}
        found[name] = (len(own), means)
    return found


def _mean_of(
    means: Sequence[Mapping[str, Fraction]], keys: Sequence[str]
) -> dict[str, Fraction] | None:
    if not means:
        return None
    return {key: sum((one[key] for one in means), Fraction(0)) / len(means) for key in keys}


def _shown(means: Mapping[str, Fraction]) -> Average:
    return Average(
        by_criterion={key: _rounded(mean) for key, mean in means.items()},
        total=_rounded(sum(means.values(), Fraction(0))),
    )


def _rounded(value: Fraction) -> float:
    """Return the value with two decimals, halves rounded up."""
    hundredths = (value * 100 + Fraction(1, 2)).__floor__()
    return float(Decimal(hundredths).scaleb(-2).quantize(Decimal("0.01"), ROUND_HALF_UP))
