"""Believable values for examples, a module for each part of the house.

``ID_OF`` says what the ``id`` of a struct is called where others refer to it; ``ALIASES``
names members that hold the id of something called otherwise; ``OMITTED`` the optional
members that exclude another; ``BY_STRUCT`` and ``BY_NAME`` hold the values.
"""

from typing import Any

from backend.web.openapi.specimens import (
    activities,
    attending,
    authoring,
    bodies,
    bookings,
    certificates,
    column,
    draws,
    duties,
    files,
    foundations,
    meetings,
    minutes,
    panels,
    parent_classes,
    playing,
    sharing,
    taking,
    volunteering,
    votes,
)

_PARTS = (
    foundations,
    files,
    bookings,
    certificates,
    attending,
    draws,
    volunteering,
    duties,
    activities,
    parent_classes,
    taking,
    playing,
    authoring,
    sharing,
    column,
    bodies,
    votes,
    meetings,
    minutes,
    panels,
)

ID_OF: dict[str, str] = {}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
BY_STRUCT: dict[str, dict[str, Any]] = {}
BY_NAME: dict[str, Any] = {}
for _part in _PARTS:
    ID_OF |= _part.ID_OF
    ALIASES |= _part.ALIASES
    OMITTED |= _part.OMITTED
    BY_STRUCT |= _part.BY_STRUCT
    BY_NAME |= _part.BY_NAME
