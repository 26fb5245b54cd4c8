"""The demo's class committee: what it decided, what it is voting on, what it will meet about."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from backend import clock
from backend.ballots.models import Method, Mode, Vote
from backend.ballots.operations.casting import CastBallot
from backend.ballots.rules.charter import ORDINARY, PERSONNEL
from backend.committees.models import (
    AgendaItem,
    AttendanceMode,
    Body,
    BodyKind,
    Constituency,
    Level,
    Matter,
    Meeting,
    RuleKind,
    Seat,
    SeatRole,
    SeatState,
)
from backend.committees.operations import (
    agenda,
    attending,
    ballots,
    bodies,
    certifying,
    charters,
    decisions,
    meetings,
    minutes,
    panels,
    proposing,
    scheduling,
    seats,
    suggestions,
    votes,
)
from backend.committees.operations.bodies import BodyContent, Place
from backend.committees.operations.decisions import NewDecision
from backend.committees.operations.meetings import MeetingContent
from backend.committees.operations.panels import Asked, EntryContent, PanelContent
from backend.committees.operations.proposing import ItemContent
from backend.committees.operations.seats import Nominee
from backend.committees.operations.votes import Drafted
from backend.committees.rules.panels import Criterion
from backend.settings import Settings
from seed.cast import Cast
from seed.invitations import in_days

CLASS = "海湾/三年级/1班"
MEMBERS = ("周婷", "高远", "王立强", "李建国", "刘敏", "马静")
"""The committee of 三年级1班, chair first, then its secretary."""
COMMUNITY = ("苏望海", "+8619900000121")


async def plant(cast: Cast, settings: Settings) -> None:
    """Seat the committees and let them work."""
    body = await _class_committee(cast)
    await _coeducation_committee(cast)
    await _decided(cast, body, settings)
    await _being_voted(cast, body, settings)
    await _met(cast, body)
    await _to_meet(cast, body)
    await _suggested(cast, body)
    await _panel(cast)


async def _class_committee(cast: Cast) -> Body:
    """Found the committee of a class; its everyday matters need no days of notice."""
    school, class_ = cast.schools["海湾"], cast.classes[CLASS]
    admin = cast.id("许建安")
    body = await bodies.found(
        school, BodyKind.PARENT_COMMITTEE, Place(level=Level.CLASS, class_id=class_.id),
        _content("三年级1班家长委员会", "班级事务随到随议，重要事项全班家长知情。"), by=admin,
    )  # fmt: skip
    for kind, rules in ((RuleKind.ORDINARY, ORDINARY), (RuleKind.PERSONNEL, PERSONNEL)):
        quick = msgspec.structs.replace(rules, notice_days=0, objection_days=0)
        await charters.set_rules(body.id, kind, quick, "班级事务，不设提前通知期", by=admin)
    roles = [SeatRole.CHAIR, SeatRole.SECRETARY, *[SeatRole.MEMBER] * 4]
    for name, role in zip(MEMBERS, roles, strict=True):
        nominee = Nominee(person_id=cast.id(name), constituency=Constituency.PARENT, role=role)
        await seats.nominate(body.id, nominee, by=admin, until=SeatState.SERVING)
    return await bodies.activate(body.id, by=admin)


async def _coeducation_committee(cast: Cast) -> None:
    """A school's 家校共育委员会, complete with its four constituencies (V07)."""
    admin = cast.id("许建安")
    body = await bodies.found(
        cast.schools["海湾"], BodyKind.COEDUCATION_COMMITTEE, Place(level=Level.SCHOOL),
        _content("海湾实验小学家校共育委员会", "协调学校、家庭与社区共同育人。"), by=admin,
    )  # fmt: skip
    for nominee in (
        Nominee(
            person_id=cast.id("周慕云"), constituency=Constituency.SCHOOL_LEADER,
            role=SeatRole.CHAIR, office="校长",
        ),
        Nominee(person_id=cast.id("林晓岚"), constituency=Constituency.TEACHER, office="班主任"),
        Nominee(person_id=cast.id("王立强"), constituency=Constituency.PARENT),
        Nominee(
            name=COMMUNITY[0], phone=COMMUNITY[1], constituency=Constituency.COMMUNITY,
            office="社区网格长",
        ),
    ):  # fmt: skip
        await seats.nominate(body.id, nominee, by=admin, until=SeatState.SERVING)
    await bodies.activate(body.id, by=admin)


async def _decided(cast: Cast, body: Body, settings: Settings) -> None:
    """A choice made in writing: open, counted, certified, published."""
    item = await _item(
        cast, body, "秋季研学去哪里", "三处都在一小时车程内，费用相近。", by="王立强"
    )
    await scheduling.put_in_writing(cast.id("周婷"), item.id)
    vote = await _put(cast, item, settings, method=Method.SINGLE, mode=Mode.OPEN, options=[
        ("harbour", "同安湾海洋科普馆"), ("farm", "大嶝岛盐田与农庄"), ("museum", "市科技馆"),
    ])  # fmt: skip
    wishes = ("harbour", "farm", "harbour", "harbour", "museum", "harbour")
    for name, wish in zip(MEMBERS, wishes, strict=True):
        await _cast(cast, vote, name, (wish,), settings)
    await certifying.certify(vote.id, by=cast.id("周婷"))
    await certifying.publish(vote.id, by=cast.id("周婷"), settings=settings)
    secretary = await Seat.get(body_id=body.id, person_id=cast.id("高远"))
    due = clock.local(clock.now()).date() + timedelta(days=10)
    await decisions.enter(
        body.id,
        NewDecision(
            text="秋季研学前往同安湾海洋科普馆，由秘书联系场馆并拟定接送名单。",
            item_id=item.id, seat_id=secretary.id, due_on=due,
        ),
        by=cast.id("高远"),
    )  # fmt: skip


async def _being_voted(cast: Cast, body: Body, settings: Settings) -> None:
    """A secret vote under way: two have voted, four are still asked."""
    item = await _item(
        cast, body, "推选副主任", "副主任协助主任召集会议，任期至本学年末。",
        by="周婷", kind=RuleKind.PERSONNEL,
    )  # fmt: skip
    await scheduling.put_in_writing(cast.id("周婷"), item.id)
    vote = await _put(
        cast, item, settings, method=Method.SINGLE, mode=Mode.SECRET,
        options=[("gao", "高远"), ("ma", "马静")],
    )  # fmt: skip
    await _cast(cast, vote, "李建国", ("ma",), settings)
    await _cast(cast, vote, "马静", ("gao",), settings)


async def _met(cast: Cast, body: Body) -> None:
    """A meeting that has just been held; its minutes are drafted and wait for the chair."""
    chair = cast.id("周婷")
    begins = clock.now() + timedelta(minutes=10)
    meeting = await _plan(cast, body, "十一月例会", begins)
    item = await _item(
        cast, body, "食堂陪餐安排", "每周三请两位家长到校陪餐，记录菜品与孩子的意见。", by="刘敏"
    )
    await scheduling.schedule(chair, item.id, meeting.id, parent_id=None, position=0)
    await meetings.convene(chair, meeting.id)
    for name in MEMBERS[:5]:
        seat = await Seat.get(body_id=body.id, person_id=cast.id(name))
        mode = AttendanceMode.ONLINE if name == "刘敏" else AttendanceMode.IN_PERSON
        await attending.come(meeting.id, seat.id, mode, by=seat.person_id)
    await meetings.start(chair, meeting.id)
    await agenda.discuss(chair, item.id)
    await agenda.note(chair, item.id, "同意每周三陪餐，由秘书排表，意见当日反馈食堂。")
    await meetings.end(chair, meeting.id)
    await minutes.draft_minutes(meeting.id)


async def _to_meet(cast: Cast, body: Body) -> None:
    """A meeting that is convened, with two items on its agenda."""
    chair = cast.id("周婷")
    meeting = await _plan(cast, body, "期末工作会议", in_days(6, 19))
    for position, (title, text, by) in enumerate((
        ("期末家长会分工", "签到、引导和答疑各需要两位家长。", "高远"),
        ("班费使用情况通报", "本学期支出明细见附表，欢迎核对。", "马静"),
    )):  # fmt: skip
        item = await _item(cast, body, title, text, by=by)
        await scheduling.schedule(chair, item.id, meeting.id, parent_id=None, position=position)
    await meetings.convene(chair, meeting.id)


async def _suggested(cast: Cast, body: Body) -> None:
    """A parent's suggestion that others have co-signed."""
    made = await suggestions.put(
        cast.id("刘敏"), body.id, "放学时段分批接送",
        "校门口放学时人车混行。建议按楼层错开五分钟放学，家长在划线区等候。",
    )  # fmt: skip
    await suggestions.sign(cast.id("李建国"), made.id)


async def _panel(cast: Cast) -> None:
    """A district's panel on what schools have tried; some have given their points."""
    officer = cast.id("沈知微")
    panel = await panels.draft(
        cast.district,
        PanelContent(
            title="家校共育成果评议", text="请按实际了解打分，每项满分十分。",
            criteria=[
                Criterion(key="use", label="家长受益", most=10),
                Criterion(key="last", label="能否长期坚持", most=10),
            ],
            closes_at=in_days(7, 18),
        ),
        by=officer,
    )  # fmt: skip
    await panels.show(panel.id, [
        _shown("校门口的十分钟", "海湾实验小学", "家长志愿者分时段护学，拥堵从二十分钟降到七分。"),
        _shown("一起读完一本书", "莲塘中学", "一百二十个家庭共读，每周一次线上分享。"),
    ], by=officer)  # fmt: skip
    await panels.ask(panel.id, [
        Asked(person_id=cast.id("王立强"), constituency=Constituency.PARENT),
        Asked(person_id=cast.id("孙海燕"), constituency=Constituency.PARENT),
        Asked(person_id=cast.id("林晓岚"), constituency=Constituency.TEACHER),
        Asked(name=COMMUNITY[0], phone=COMMUNITY[1], constituency=Constituency.COMMUNITY),
    ], by=officer)  # fmt: skip
    await panels.open_panel(panel.id, by=officer)


def _shown(title: str, presenter: str, text: str) -> EntryContent:
    return EntryContent(id=None, title=title, presenter=presenter, text=text, attachment_ids=[])


def _content(name: str, remit: str) -> BodyContent:
    today = clock.local(clock.now()).date()
    return BodyContent(
        name=name, remit=remit, term_from=today - timedelta(days=60),
        term_until=today + timedelta(days=300),
    )  # fmt: skip


async def _item(
    cast: Cast, body: Body, title: str, text: str, *, by: str, kind: RuleKind = RuleKind.ORDINARY
) -> AgendaItem:
    """Return an item that the chair has accepted."""
    matter = await Matter.filter(rule_kind=kind, school_id=None, retired_at=None).first()
    assert matter is not None
    item = await proposing.propose(
        cast.id(by), body.id, ItemContent(matter_id=matter.id, title=title, text=text)
    )
    await proposing.accept(cast.id("周婷"), item.id, names_no_pupil=True)
    return item


async def _put(
    cast: Cast, item: AgendaItem, settings: Settings, *, method: Method, mode: Mode,
    options: Sequence[tuple[str | None, str]],
) -> Vote:  # fmt: skip
    """Open a vote on an item, for three days."""
    chair = cast.id("周婷")
    vote = await votes.draft(
        item.id,
        Drafted(
            title=None, text="", method=method, options=list(options), choose_most=1, winners=1,
            mode=mode, unit=None, closes_at=clock.now() + timedelta(days=3),
        ),
        by=chair,
    )  # fmt: skip
    return await votes.open_vote(vote.id, None, by=chair, settings=settings)


async def _cast(
    cast: Cast, vote: Vote, name: str, choice: tuple[str, ...], settings: Settings
) -> None:
    receipt = secrets.token_hex(16) if vote.mode == Mode.SECRET else None
    ballot = CastBallot(choice=choice, receipt=receipt, attempt=uuid4())
    await ballots.cast(vote.id, cast.id(name), ballot, settings=settings)


async def _plan(cast: Cast, body: Body, title: str, begins: datetime) -> Meeting:
    content = MeetingContent(
        title=title, starts_at=begins, ends_at=begins + timedelta(hours=1),
        place="三年级1班教室", online_url="",
    )  # fmt: skip
    return await meetings.plan(cast.id("周婷"), body.id, content)
