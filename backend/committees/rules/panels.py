"""How a review panel goes on, and what a score may say.

Nothing here reads the database or the clock: callers bring the facts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from backend.committees.models import Panel, PanelState
from backend.committees.rules.panel_averages import EntryResult
from backend.committees.rules.steps import Step
from backend.errors import BadInput, Refusal

FEWEST_PANELISTS = 3
"""Fewer are not a panel, and an average of fewer would tell what one of them gave."""
MOST_ENTRIES = 60
MOST_PANELISTS = 200


class WrongPanelState(Refusal):
    """``state`` is what it is now."""

    code = "wrong_panel_state"
    zh = "该评议当前的状态不允许此操作。"
    en = "The panel's state does not allow that."


class PanelNotOpen(Refusal):
    """Scores are given while a panel is open, until it closes."""

    code = "panel_not_open"
    zh = "评议未在进行中，不能评分。"
    en = "The panel is not open; no scores are taken."


class PanelIncomplete(Refusal):
    """``lacking`` names what is missing: ``entries``, ``panelists``."""

    code = "panel_incomplete"
    zh = "评议还不完整：至少需要一个参评项目和三位评议人。"
    en = "The panel needs at least one entry and three panelists."


class PanelClosesTooSoon(BadInput):
    status = 422
    code = "panel_closes_too_soon"
    zh = "评议截止时间须晚于现在。"
    en = "A panel closes after it opens."


class EntryUnknown(BadInput):
    """``field`` names the entry that is not one of the panel's."""

    status = 422
    code = "entry_unknown"
    zh = "参评项目不存在：{field}。"
    en = "The panel has no such entry: {field}."


class PanelistUnknown(BadInput):
    """Nobody of that id has to do with the school or district, whether or not they exist."""

    status = 422
    code = "panelist_unknown"
    zh = "无法邀请此人：{field}。请提供姓名和手机号。"
    en = "That person cannot be asked: {field}. Give a name and a number instead."


class PanelistTwice(BadInput):
    status = 422
    code = "panelist_twice"
    zh = "同一人只能列为一位评议人：{field}。"
    en = "Somebody is on the panel twice: {field}."


class BadPoints(BadInput):
    """``field`` is the key of the criterion that is missing, unknown or given too much."""

    status = 422
    code = "bad_points"
    zh = "评分不符合要求：{field}。"
    en = "The score does not fit: {field}."


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """What entries are judged by; points are whole numbers from nought to ``most``."""

    key: str
    label: str
    most: int


OPENING = Step(sources=(PanelState.DRAFT,), target=PanelState.OPEN, refusal=WrongPanelState)
CLOSING = Step(sources=(PanelState.OPEN,), target=PanelState.CLOSED, refusal=WrongPanelState)
PUBLISHING = Step(
    sources=(PanelState.CLOSED,), target=PanelState.PUBLISHED, refusal=WrongPanelState
)


def check_draft(state: str) -> None:
    """What is judged, and by whom, is written before a panel opens.

    Raises :class:`WrongPanelState`.
    """
    if state != PanelState.DRAFT:
        raise WrongPanelState(state=str(state))


def check_closes(closes_at: datetime, now: datetime) -> None:
    """Raise :class:`PanelClosesTooSoon` unless the moment is ahead."""
    if closes_at <= now:
        raise PanelClosesTooSoon(field="closesAt")


def check_complete(entries: int, panelists: int) -> None:
    """Raise :class:`PanelIncomplete` unless there is something to judge and who judges it."""
    lacking = []
    if not entries:
        lacking.append("entries")
    if panelists < FEWEST_PANELISTS:
        lacking.append("panelists")
    if lacking:
        raise PanelIncomplete(lacking=lacking)


def check_takes_scores(state: str, closes_at: datetime, now: datetime) -> None:
    """Raise :class:`PanelNotOpen` before a panel opens, and from its closing on."""
    if state != PanelState.OPEN or now >= closes_at:
        raise PanelNotOpen(state=str(state))


def check_points(criteria: Sequence[Criterion], points: Mapping[str, int]) -> None:
    """Raise :class:`BadPoints` unless every criterion is given its points, and nothing else."""
    for criterion in criteria:
        given = points.get(criterion.key)
        if given is None or not 0 <= given <= criterion.most:
            raise BadPoints(field=criterion.key)
    strange = sorted(set(points) - {criterion.key for criterion in criteria})
    if strange:
        raise BadPoints(field=strange[0])


def criteria_of(stored: Sequence[Mapping[str, object]]) -> list[Criterion]:
    """Return the criteria as a panel keeps them."""
    return msgspec.convert(stored, list[Criterion])


def results_of(panel: Panel) -> list[EntryResult]:
    """Return what a closed panel came to. Raises :class:`WrongPanelState` before that."""
    if panel.results is None:
        raise WrongPanelState(state=str(panel.state))
    return msgspec.convert(panel.results, list[EntryResult])
