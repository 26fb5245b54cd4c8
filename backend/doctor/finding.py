"""One line of the doctor's report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at; ``advice`` says what to do when it is not well."""

    well: bool
    subject: str
    detail: str
    advice: str = ""
