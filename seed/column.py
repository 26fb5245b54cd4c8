"""What the demo's families read: a school's column, a department's tips, a parent's text."""

from datetime import datetime, time, timedelta
from uuid import UUID

from backend import clock
from backend.column.models import ColumnItem, NamedAs, Series
from backend.column.operations import contributions, items, readers, releases, series
from backend.column.operations.contributions import Contribution
from backend.column.operations.items import ItemContent
from backend.column.operations.series import Place, SeriesPlan
from backend.column.rules.items import DECLARATION
from backend.people.operations import ties
from backend.schools.models import Department
from backend.web.actor import Role
from seed.cast import Cast

SECOND_OFFICER = ("叶知秋", "19900000013")
"""The district's second pair of eyes: nobody reviews what they wrote."""

COLUMN = (
    ItemContent(
        kind="parenting",
        title="慢一点，也没关系",
        paragraphs=[
            "孩子系鞋带要三分钟，大人替他系只要十秒。可那三分钟里，他在练习的是“我自己能行”。",
            "不妨把出门时间提前一刻钟：等得起，孩子才学得会。等待的时候少催促，多描述看到的进步。",
        ],
        stages=["kindergarten", "primary"],
    ),
    ItemContent(
        kind="experience",
        title="把手机放进篮子里",
        paragraphs=[
            "我们家客厅有一只藤篮，晚上七点以后，全家人的手机都在里面，大人也不例外。",
            "头一个星期最难熬的其实是爸爸。一个月以后，饭后散步成了孩子最喜欢的事。",
        ],
        source="海湾实验小学家委会推荐",
    ),
    ItemContent(
        kind="parenting",
        title="发脾气的时候，先陪他坐一会儿",
        paragraphs=[
            "情绪上来的那几分钟，道理听不进去。先蹲下来，说出他的感受：“你很着急，对吗？”",
            "等呼吸平稳了，再一起想办法。孩子记住的，是有人陪他度过了难受的时候。",
        ],
    ),
    ItemContent(
        kind="parenting",
        title="亲子阅读，从每天十分钟开始",
        paragraphs=[
            "不必挑大部头。睡前十分钟，一本绘本，轮流读一页，最后各说一句最喜欢的话。",
            "坚持比时长重要。出门在外，可以在路上讲昨天故事的下一集。",
        ],
        stages=["kindergarten", "primary"],
    ),
)
"""A school's column; all but the last have been released already."""

TIPS = (
    ItemContent(
        topic="traffic",
        title="过马路前，数到三",
        paragraphs=["走到路口先停下，数到三，左右各看一次。电动车后座的孩子也要戴好头盔。"],
    ),
    ItemContent(
        topic="drowning",
        title="水边的约定",
        paragraphs=[
            "和孩子约好：不私自下水，不独自到水库、池塘和海边，同伴落水先呼救，不手拉手施救。"
        ],
    ),
    ItemContent(
        topic="fraud",
        title="“免费皮肤”要不得",
        paragraphs=["游戏里送皮肤、送装备，要扫码或要家长手机号的，都是骗局。先停下，再告诉家人。"],
    ),
)
"""The police's tips; the last waits for its day."""


async def plant(cast: Cast) -> None:
    """Grow the column and the tips with what has been released and what waits; once."""
    if await Series.exists():
        return
    await _school_column(cast)
    await _tips(cast)


async def _school_column(cast: Cast) -> None:
    school = cast.schools["海湾"]
    admin, head = cast.id("许建安"), cast.id("周慕云")
    plan = SeriesPlan(title="家庭教育指导", minute=10 * 60, weekday=1)
    place = Place(district_id=school.district_id, school_id=school.id)
    column = await series.keep_column(place, plan, by=admin)
    made = [await _queue(column.id, content, (admin, "许建安"), head) for content in COLUMN]
    await _release_in_the_past(column.id, times=len(COLUMN) - 1)
    await readers.mark_read(cast.id("刘敏"), made[0].id)
    story = Contribution(
        title="一张家务抽签条",
        paragraphs=[
            "每个周六早上，全家抽签分家务。抽到洗碗的可以点一首歌，孩子抢着要洗碗。",
            "规矩只有一条：抽到什么就做什么，大人不代劳。",
        ],
        named_as=NamedAs.SURNAME,
        declaration=DECLARATION,
    )
    await contributions.hand_in(school.id, story, by=cast.id("王立强"), name="王立强")


async def _tips(cast: Cast) -> None:
    name, phone = SECOND_OFFICER
    second = await ties.open_account(name, f"+86{phone}")
    await ties.appoint(second.id, Role.DISTRICT_OFFICER, cast.district)
    police = await Department.get(district_id=cast.district.id, name__contains="公安")
    officer = cast.id("沈知微")
    plan = SeriesPlan(
        title="平安小贴士",
        minute=16 * 60,
        cadence_days=14,
        weekday=5,
        topics=["traffic", "drowning", "bullying", "fraud", "drugs"],
        department_id=police.id,
    )
    tips = await series.make_tips(Place(district_id=cast.district.id), plan, by=officer)
    for content in TIPS:
        await _queue(tips.id, content, (officer, "沈知微"), second.id)
    await _release_in_the_past(tips.id, times=len(TIPS) - 1)


async def _queue(
    series_id: UUID, content: ItemContent, writer: tuple[UUID, str], reviewer: UUID
) -> ColumnItem:
    item = await items.write(series_id, content, by=writer[0], name=writer[1])
    await items.submit(item.id, by=writer[0])
    return await items.review(
        item.id, approved=True, revision=item.revision, reason="", by=reviewer
    )


async def _release_in_the_past(series_id: UUID, *, times: int) -> None:
    """Let the series have appeared on its last occasions, so that there is something to read."""
    row = await Series.get(id=series_id)
    first = clock.local(row.next_release_at) - timedelta(days=row.cadence_days * times)
    await Series.filter(id=series_id).update(next_release_at=first)
    for number in range(times):
        due = first.date() + timedelta(days=row.cadence_days * number)
        at = datetime.combine(due, time(row.minute // 60, row.minute % 60), clock.CHINA)
        await releases.release_due(series_id, at)
