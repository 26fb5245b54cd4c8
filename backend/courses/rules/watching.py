"""When watching counts.

The functions ``open_play`` and ``take_beats`` of the database measure it under their locks
(migration ``0014_beats``); here are the words for what they decide, and the fixed bounds of
what a phone may say. Nothing here reads the database or the clock.
"""

from backend.errors import Refusal

FASTEST = 2
"""Times the speed of the clock at which anybody may watch; ``0014_beats`` meters with it."""
BEAT_SECONDS = 15
"""How often a phone is asked to report."""
PLAY_HOURS = 12
"""How long after its opening a lesson may be reported on without opening it again."""
LONGEST_MS = 14_400_000
"""Four hours: no lesson, and so no stretch, is longer."""


class PlayEnded(Refusal):
    """Not opened within twelve hours, or for a medium or a round that is over."""

    code = "play_ended"
    zh = "请重新打开这节课，已学的进度不会丢失。"
    en = "Please open the lesson again; nothing you watched is lost."


class NothingToPlay(Refusal):
    """A quiz, a session to come and an outside link are not watched."""

    code = "nothing_to_play"
    zh = "这节课没有可播放的内容。"
    en = "This lesson has nothing to play."


def merged(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union of half-open stretches, in order, touching ones joined."""
    whole: list[tuple[int, int]] = []
    for begin, end in sorted(stretches):
        if whole and begin <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        elif begin < end:
            whole.append((begin, end))
    return whole
