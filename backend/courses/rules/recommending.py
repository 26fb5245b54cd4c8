"""Why a course is recommended, in words that name no child."""

from collections.abc import Collection
from datetime import date

import msgspec

_STAGES = {
    "kindergarten": ("幼儿园", "kindergarten"),
    "primary": ("小学", "primary school"),
    "junior": ("初中", "junior middle school"),
    "senior": ("高中", "senior middle school"),
}


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """``grades`` and ``stages`` are those of the caller's children that a course is meant for;
    one that is for everybody names neither.
    """

    grades: Collection[str] = ()
    stages: Collection[str] = ()
    assigned: bool = False
    due_on: date | None = None
    required: bool = False

    def sentence(self, language: str) -> str:
        """Return why, in ``zh`` or ``en``."""
        return self._english() if language == "en" else self._chinese()

    def _chinese(self) -> str:
        whom = "、".join(self.grades) or "、".join(_STAGES[stage][0] for stage in self.stages)
        said = [f"适合{whom or '各学段'}"]
        if self.assigned:
            until = f"，{self.due_on.month}月{self.due_on.day}日前完成" if self.due_on else ""
            said.insert(0, f"学校要求学习{until}")
        elif self.required:
            said.append("系列必修")
        return "；".join(said)

    def _english(self) -> str:
        whom = ", ".join(self.grades) or ", ".join(_STAGES[stage][1] for stage in self.stages)
        said = [f"for {whom or 'every stage'}"]
        if self.assigned:
            until = f" by {self.due_on}" if self.due_on else ""
            said.insert(0, f"asked for by the school{until}")
        elif self.required:
            said.append("required in its track")
        return "; ".join(said)
