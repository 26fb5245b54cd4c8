"""Values for the examples of duties."""

from typing import Any

ID_OF: dict[str, str] = {}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
BY_STRUCT: dict[str, dict[str, Any]] = {}
BY_NAME: dict[str, Any] = {}
