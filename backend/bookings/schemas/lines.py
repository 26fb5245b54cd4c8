"""The engine's codes in words, for families and organisers alike."""

from typing import Any

from backend.web.structs import Out


class LineOut(Out):
    """The engine's last word on a booking, for the family and the organiser alike."""

    code: str
    zh: str
    en: str


_LINES: dict[str, tuple[str, str]] = {
    "free": ("名额已确认。", "The place is yours."),
    "full": ("名额已满，正在候补，按先后顺序递补。", "Full: you are in the queue, in order."),
    "in_draw": ("已登记，等待抽签。", "Entered; the draw is yet to come."),
    "drawn": ("抽中了。", "Your lot was drawn."),
    "next_in_line": ("轮到您了。", "It is your turn."),
    "accepted": ("您已接受名额。", "You took the place offered."),
    "tapped_first": ("您最先确认，名额归您。", "You tapped first: the place is yours."),
    "first_tap": ("临近开始，有空余名额，先点先得。", "A place is free: the first tap wins."),
    "waits_for_room": (
        "空余{free}个，您一家{party}人，需等到足够的名额，后面的家庭不会越过您。",
        "{free} free, your party is {party}: you wait for room and nobody passes you.",
    ),
    "may_be_passed": (
        "空余{free}个，您一家{party}人；人少的家庭可先递补，最多{mostTimes}次，已{timesPassed}次。",
        "{free} free, your party is {party}; smaller ones may pass {mostTimes} times at most.",
    ),
    "too_large_now": (
        "名额已调整为{most}个，您一家{party}人，暂时安排不下；顺位保留，名额增加后继续递补。",
        "There are {most} places now and your party is {party}: your turn is kept for more.",
    ),
    "collides": (
        "递补时您在同一时间已有其他安排，保留顺位。",
        "You were busy then; your turn is kept.",
    ),
    "offer_expired": (
        "未在时限内确认，名额已给下一位。",
        "The offer ran out and went to the next.",
    ),
    "approved": ("学校已同意。", "The school has agreed."),
    "rejected": ("学校未同意。", "The school has declined."),
    "called_off": ("学校已取消。", "The school has called it off."),
    "handed_over": ("已由替班家长接手。", "A stand-in has taken over."),
    "returned": (
        "学校未同意替班，名额仍由您承担。",
        "The school does not agree to the stand-in; the place is yours again.",
    ),
    "stands_in": ("您替其他家长值班。", "You stand in for somebody."),
    "ended": ("已结束。", "It is over."),
    "cancelled": ("已取消。", "Given back."),
    "tie_ended": ("报名已取消。", "The booking was cancelled."),
    "cannot_come": ("您表示来不了，名额已让出。", "You said you cannot come."),
}


_STATES: dict[str, tuple[str, str]] = {
    "requested": ("已申请，等待学校同意。", "Asked for; the school has yet to agree."),
    "checked_in": ("已签到。", "Checked in."),
    "completed": ("已参加。", "Attended."),
    "no_show": ("未到场。", "Did not come."),
}
"""States that say more than the engine's last word, which was written before them."""


def line_out(line: dict[str, Any], state: str) -> LineOut:
    """Word the engine's last word on a booking; an unknown code is shown as it stands."""
    if state in _STATES:
        zh, en = _STATES[state]
        return LineOut(code=state, zh=zh, en=en)
    code = str(line.get("code", ""))
    zh, en = _LINES.get(code, (code, code))
    facts = {"free": 0, "party": 0, "most": 0, "mostTimes": 0, "timesPassed": 0} | line
    return LineOut(code=code, zh=zh.format(**facts), en=en.format(**facts))
