"""What the operations of certificates are sent, and which rows their paths name."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.authz.world import World

ROWS = {"certificate_id": {"revoked", "district"}}
"""Variants that name a row: ``revoked`` is the place's ``revoked_certificate_id``."""
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return what a path parameter of certificates is filled with; others are ``None``."""
    if parameter == "code":
        held = "district_certificate_code" if variant == "district" else "certificate_code"
        return str(getattr(place, held))
    if variant in ROWS.get(parameter, ()):
        return str(getattr(place, f"{variant}_{parameter}"))
    return None


BODIES: dict[str, Body] = {
    "revokeCertificate": lambda w, p, v: {"json": {"reason": "误开"}},
}
