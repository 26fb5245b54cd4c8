"""The house's one migration history."""

import pkgutil
import re


def names() -> list[str]:
    """Return the names of the migrations this code carries, in order."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if re.match(r"\d{4}_", name))
