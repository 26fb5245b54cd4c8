"""Sentences of minutes: who was there, whether that was enough, how a vote came out."""

from backend import clock
from backend.ballots.models import Method, Mode, Outcome, VoteState
from backend.committees.models import AttendanceMode, Constituency, ItemState, SeatRole
from backend.committees.rules.record import Attendee, ItemFound, Record, VoteFound

_ROLES = {
    SeatRole.CHAIR: "主任",
    SeatRole.VICE_CHAIR: "副主任",
    SeatRole.SECRETARY: "秘书",
    SeatRole.MEMBER: "委员",
}
_CONSTITUENCIES = {
    Constituency.SCHOOL_LEADER: "校领导",
    Constituency.TEACHER: "教师",
    Constituency.PARENT: "家长",
    Constituency.COMMUNITY: "社区",
    Constituency.DEPARTMENT: "责任部门",
    Constituency.COMMITTEE: "家委会",
    Constituency.DIVISION_LEADER: "分管领导",
    Constituency.ENTERPRISE: "企业",
    Constituency.EXPERT: "专家",
    Constituency.PUBLIC: "社会",
}
_MODES = {AttendanceMode.IN_PERSON: "现场", AttendanceMode.ONLINE: "线上"}
_OUTCOMES = {
    Outcome.PASSED: "通过",
    Outcome.FAILED: "未通过",
    Outcome.NO_QUORUM: "未达法定人数",
    Outcome.TIED: "票数相等",
}
_STATES = {
    ItemState.NOTED: "已通报",
    ItemState.DEFERRED: "延期审议",
    ItemState.WITHDRAWN: "已撤回",
    ItemState.MERGED: "已并入其他议题",
    ItemState.DECLINED: "未列入议程",
    ItemState.VOTING: "表决中",
}


def office(one: Attendee) -> str:
    """Return what somebody is in the body, with the office they hold elsewhere."""
    role = _ROLES[SeatRole(one.role)]
    return f"{role}（{one.office}）" if one.office else role


def constituency(one: Attendee) -> str:
    """Return whom a seat speaks for."""
    return _CONSTITUENCIES[Constituency(one.constituency)]


def presence(one: Attendee, zone: str) -> str:
    """Return how somebody was there; who left early, since when not."""
    if one.mode is None:
        return "缺席"
    left = f"（{clock.local(one.left_at, zone):%H:%M}离会）" if one.left_at else ""
    return f"{_MODES[AttendanceMode(one.mode)]}出席{left}"


def turnout(record: Record) -> str:
    """Return how many should have come and how many came, and in which way."""
    counts = [
        f"{word}{count}人"
        for mode, word in _MODES.items()
        if (count := sum(one.mode == mode for one in record.attendees))
    ]
    ways = f"（{'、'.join(counts)}）" if counts else ""
    away = max(len(record.attendees) - record.present, 0)
    return f"应到{record.entitled}人，实到{record.present}人{ways}，缺席{away}人。"


def quorum_word(item: ItemFound) -> str:
    """Return whether the quorum was there, in a word; nothing if it was not looked at."""
    if item.has_quorum is None:
        return ""
    return "达到" if item.has_quorum else "未达到"


def quorum(item: ItemFound) -> str:
    """Return the sentence about the quorum; empty if it was not looked at."""
    if item.present is None or item.has_quorum is None:
        return ""
    needed = f"（需{item.quorum_needed}人）" if item.quorum_needed else ""
    return f"审议时到会{item.present}人，{quorum_word(item)}法定人数{needed}。"


def result_word(item: ItemFound) -> str:
    """Return what became of an item, in a word."""
    if item.outcome:
        return _OUTCOMES[Outcome(item.outcome)]
    return _STATES.get(ItemState(item.state), "未形成结论")


def result(item: ItemFound) -> str:
    """Return the sentence about what became of an item."""
    word = result_word(item)
    if item.outcome == Outcome.NO_QUORUM:
        word = "未达法定人数，表决无效"
    if item.vote is not None and item.vote.chosen and item.outcome == Outcome.PASSED:
        word = f"通过，选定：{'、'.join(item.vote.chosen)}"
    reason = item.reason.strip().rstrip("。")
    return f"{word}（{reason}）。" if reason else f"{word}。"


def vote(found: VoteFound) -> str:
    """Return the sentence about a vote: how it was taken, how many took part, the count."""
    if found.state == VoteState.ANNULLED:
        return "该次表决已作废，不计票。"
    way = "无记名投票" if found.mode == Mode.SECRET else "记名投票"
    said = f"采用{way}方式，有表决权{found.entitled}票，实投{found.cast}票"
    if found.of_paper:
        said += f"（其中纸质票{found.of_paper}票）"
    if found.quorum_needed is not None:
        said += f"，有效表决须达{found.quorum_needed}票"
    if any(option.votes is None for option in found.options):
        said += "；投票人数较少，为保护投票秘密不记录分项票数"
    else:
        first = "首选" if found.method == Method.RANKED else ""
        counts = [f"{option.label}{first}{option.votes}票" for option in found.options]
        counts += [f"弃权{found.abstained}票"] if found.abstained is not None else []
        counts += [f"无效{found.invalid}票"] if found.invalid else []
        said += f"；{'、'.join(counts)}"
    if found.settled_for:
        said += f"；票数相等，由主任裁定：{found.settled_for}"
    return f"{said}。"
