"""A wording tried out on an invented meeting."""

from datetime import UTC, date, datetime
from uuid import UUID

from backend.ballots.models import Method, Mode, Outcome, VoteState
from backend.committees.models import (
    AttendanceMode,
    BodyKind,
    Constituency,
    ItemState,
    SeatRole,
)
from backend.committees.rules.composing import Standing, paper
from backend.committees.rules.record import (
    Attendee,
    DecisionFound,
    ItemFound,
    ObjectionFound,
    OptionVotes,
    Record,
    VoteFound,
)
from backend.committees.rules.wording import Wording
from backend.media.writing.blocks import Heading, Listing, Paragraph, Signatures, Table

_NOBODY = UUID(int=0)
_NAMES = ("张三", "李四", "王五", "赵六", "钱七")
_VOTE = VoteFound(
    vote_id=_NOBODY,
    state=VoteState.CERTIFIED.value,
    method=Method.MOTION.value,
    mode=Mode.OPEN.value,
    outcome=Outcome.PASSED.value,
    entitled=5,
    cast=4,
    invalid=0,
    abstained=1,
    of_paper=0,
    quorum_needed=3,
    options=(
        OptionVotes(key="for", label="赞成", votes=3),
        OptionVotes(key="against", label="反对", votes=0),
    ),
    chosen=(),
)


def preview(wording: Wording, place: str) -> list[str]:
    """Return the lines of minutes of an invented meeting of the committee of ``place``."""
    lines: list[str] = []
    written = datetime(2026, 9, 4, 1, 0, tzinfo=UTC)
    document = paper(
        invented(place), "会议对志愿者一学期以来的付出表示感谢。", wording,
        Standing(written_at=written, is_draft=True),
    )  # fmt: skip
    for block in document.blocks:
        match block:
            case Heading():
                lines.append(block.text)
            case Paragraph():
                lines.append(f"{block.lead}{block.text}")
            case Listing():
                lines += block.points
            case Table():
                lines.append("｜".join(column.heading for column in block.columns))
                lines += ["｜".join(row) for row in block.rows]
            case Signatures():
                lines += [f"{line}：" for line in block.lines]
    return lines


def invented(place: str) -> Record:
    """Return the record of a meeting that never was."""
    roles = (SeatRole.CHAIR, SeatRole.SECRETARY, SeatRole.MEMBER, SeatRole.MEMBER, SeatRole.MEMBER)
    ways = (*([AttendanceMode.IN_PERSON] * 3), AttendanceMode.ONLINE, None)
    return Record(
        body_id=_NOBODY,
        body=f"{place}家长委员会",
        kind=BodyKind.PARENT_COMMITTEE.value,
        district=place,
        school=place,
        zone="Asia/Shanghai",
        meeting_id=_NOBODY,
        meeting="第一次全体会议",
        started_at=datetime(2026, 9, 3, 7, 0, tzinfo=UTC),
        ended_at=datetime(2026, 9, 3, 8, 30, tzinfo=UTC),
        place="二楼会议室",
        online=True,
        chair=_NAMES[0],
        secretary=_NAMES[1],
        entitled=len(_NAMES),
        attendees=tuple(
            Attendee(
                seat_id=_NOBODY,
                name=name,
                role=role.value,
                office="",
                constituency=Constituency.PARENT.value,
                mode=way.value if way else None,
            )
            for name, role, way in zip(_NAMES, roles, ways, strict=True)
        ),
        items=(
            ItemFound(
                item_id=_NOBODY,
                number="1",
                title="审议家长陪餐方案",
                text="每周两次，每次四位家长。",
                state=ItemState.DECIDED.value,
                outcome=Outcome.PASSED.value,
                conclusion="方案可行，先试行一个月。",
                reason="",
                present=4,
                has_quorum=True,
                quorum_needed=3,
                vote=_VOTE,
            ),
        ),
        decisions=(
            DecisionFound(
                number=1,
                item="1",
                text="自九月起试行家长陪餐。",
                owner=_NAMES[2],
                due_on=date(2026, 9, 30),
                digest="0" * 64,
            ),
        ),
        objections=(
            ObjectionFound(
                name=_NAMES[3],
                text="到会人数有误。",
                upheld=True,
                answer="已更正。",
                answered_at=datetime(2026, 9, 4, 1, 0, tzinfo=UTC),
            ),
        ),
    )
