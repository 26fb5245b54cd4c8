"""The linkers: each looks for one kind of line between a voter and a ballot.

A linker may read its evidence in several ways; every reading is scored, and the judge
accounts for how many there are.
"""

from tests.ballots.adversary.linkers import contents, moments, orders, reaching
from tests.ballots.adversary.linkers.reading import Reading

READINGS: list[Reading] = [
    *orders.READINGS,
    *moments.READINGS,
    *contents.READINGS,
    *reaching.READINGS,
]
