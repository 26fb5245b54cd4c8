"""What a linker is, and how two orders are laid side by side."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.ballots.adversary.cases import Case, Guess
from tests.ballots.adversary.loot import Loot


class Reading(NamedTuple):
    """One way to read one kind of evidence."""

    linker: str
    name: str
    guess: Callable[[Case, Loot], Guess]

    def __str__(self) -> str:
        return f"{self.linker}: {self.name}"


def pair(voters: Iterable[int], ballots: Iterable[int]) -> Guess:
    """Guess that the first voter cast the first ballot, the second the second, and so on."""
    return Guess(exact=dict(zip(voters, ballots, strict=False)))
