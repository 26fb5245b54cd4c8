"""Reading ``expectations/``: what is expected of each cell of the matrix.

``foundations.yaml`` names the principals and their groups; every file adds operations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.authz.world import PLACES

FOLDER = Path(__file__).with_name("expectations")
OUTSIDE = ("anonymous", "expired", "revoked")
MIXED = "mixed"
"""The first id of the path from class A1X, the others from another district."""


@dataclass(frozen=True)
class Cell:
    """Who asks, where the row lives, and how that may be answered.

    ``statuses`` are those allowed. ``is_blind`` says that a success shows no more than an
    absent row would; such a one, and a quiet one, changes nothing.
    """

    principal: str
    place: str
    statuses: frozenset[int]
    is_blind: bool = False
    is_quiet: bool = False

    @property
    def may_change(self) -> bool:
        return not self.is_quiet and any(status < 300 for status in self.statuses)


@dataclass(frozen=True)
class Expectations:
    """All files together; ``entries`` by ``operation`` or ``operation/variant``."""

    principals: Mapping[str, list[str]]
    groups: Mapping[str, list[str]]
    entries: Mapping[str, dict[str, Any]]

    def operations(self) -> set[str]:
        return {key.partition("/")[0] for key in self.entries}

    def cells(self, key: str, *, several_ids: bool = False) -> Iterator[Cell]:
        """Yield the cells of one entry, absent rows first: the others are held to them."""
        entry = self.entries[key]
        places = ["here"] if "here" in entry else ["absent", *PLACES]
        if several_ids:
            places.append(MIXED)
        for place in places:
            yield from self._at(place, entry.get(place, {}))

    def may_see(self, key: str, principal: str, realm: str) -> bool:
        """Say whether a canary of ``realm`` may reach the principal through this entry."""
        seen = list(self.principals[principal])
        for who, realms in self.entries[key].get("shows", {}).items():
            if who == "rest" or principal in self._people(who):
                seen += realms
        return any(fnmatchcase(realm, pattern) for pattern in seen)

    def _at(self, place: str, rules: Mapping[Any, Any]) -> Iterator[Cell]:
        named: dict[str, Cell] = {}
        rest = Cell("", place, frozenset({404}))
        for answer, who in rules.items():
            is_quiet = answer in ("quiet", "idle")
            statuses = frozenset({200, 204} if is_quiet else {int(answer)})
            cell = Cell("", place, statuses, is_blind=answer == "idle", is_quiet=is_quiet)
            for one in [who] if isinstance(who, str) else who:
                if one == "rest":
                    rest = cell
                else:
                    for principal in self._people(one):
                        named.setdefault(principal, replace(cell, principal=principal))
        for principal in self.principals:
            if principal in named:
                yield named[principal]
            elif principal in OUTSIDE:
                yield Cell(principal, place, frozenset({401}))
            else:
                yield replace(rest, principal=principal)

    def _people(self, name: str) -> list[str]:
        if name in self.groups:
            return [person for member in self.groups[name] for person in self._people(member)]
        if name not in self.principals:
            raise KeyError(f"{name} is neither a principal nor a group of foundations.yaml")
        return [name]


@cache
def read() -> Expectations:
    """Return what all the files say. Raises ``ValueError`` for an operation named twice."""
    whole = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yaml")}
    ground = whole["foundations"]
    entries: dict[str, dict[str, Any]] = {}
    for part in whole.values():
        for keys, entry in part["operations"].items():
            for key in keys.split(", "):
                if key in entries:
                    raise ValueError(f"{key} is expected twice")
                entries[key] = entry
    return Expectations(ground["principals"], ground["groups"], entries)
