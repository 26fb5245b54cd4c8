"""What a workbook says, once it has been read."""

import msgspec


class House(msgspec.Struct, frozen=True, array_like=True):
    """What the school already has: its classes as (grade, class) and its pupils' numbers."""

    classes: list[tuple[str, str]]
    numbers: list[str]


class Workbook(msgspec.Struct, frozen=True, array_like=True):
    """A file handed to the child, and what it is compared with."""

    file: bytes
    house: House


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A class by the names of its grade and itself; ``rank`` orders grades."""

    grade: str
    name: str
    rank: int


class Pupil(msgspec.Struct, frozen=True, array_like=True):
    """A pupil; ``place`` is an index into the roster's places."""

    number: str
    name: str
    place: int


class Tie(msgspec.Struct, frozen=True, array_like=True):
    """A guardian of the pupil with this number; ``phone`` is normalised."""

    number: str
    name: str
    relation: str
    phone: str


class Post(msgspec.Struct, frozen=True, array_like=True):
    """A member of staff in a role; ``place`` or ``grade`` where the role has one."""

    name: str
    phone: str
    role: str
    subject: str = ""
    place: int | None = None
    grade: str | None = None


class Roster(msgspec.Struct, frozen=True, array_like=True):
    """Everything a workbook says, without repetitions.

    ``has_pupils`` and ``has_posts`` say whether it speaks of them at all.
    """

    places: list[Place]
    pupils: list[Pupil]
    ties: list[Tie]
    posts: list[Post]
    has_pupils: bool
    has_posts: bool


class Fault(msgspec.Struct, frozen=True):
    """Something wrong at a place in the workbook.

    ``row`` counts as the spreadsheet does, 0 for a whole sheet; ``column`` is the header
    as the file spells it. ``value`` is masked where it is personal.
    """

    sheet: str
    row: int
    column: str
    code: str
    message: str
    value: str | None = None


class Reading(msgspec.Struct, frozen=True):
    """The child's answer: a roster, or faults; warnings do not stand in the way."""

    roster: Roster
    faults: list[Fault]
    warnings: list[Fault]
