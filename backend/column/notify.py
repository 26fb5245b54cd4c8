"""Whom the column tells, and in which words.

Titles leave the house through push providers, so they are neutral: they name the function,
never the content or a person.
"""

from collections.abc import Collection
from uuid import UUID

import notifications
from backend import clock
from backend.column.models import ColumnItem, ColumnRelease, Series, SeriesKind
from notifications import Message

RELEASED = "column.released"

_TITLES = {
    SeriesKind.COLUMN: (
        "“家庭教育指导”专栏有新内容",
        "Something new in the guidance column",
    ),
    SeriesKind.TIPS: ("有新的家庭小贴士", "New tips for families"),
}


async def released(
    series: Series, release: ColumnRelease, items: list[UUID], schools: Collection[UUID]
) -> None:
    """One letter to all families; who still needs it is asked when each push is due."""
    if not schools:
        return
    zh, en = _TITLES[SeriesKind(series.kind)]
    await notifications.announce(
        [f"{school}/families" for school in schools],
        Message(
            occasion=RELEASED,
            category="column",
            title_zh=zh,
            title_en=en,
            link=f"/column/items/{items[0]}" if len(items) == 1 else "/column",
            subject_id=release.id,
        ),
        once=f"{RELEASED}:{release.id}",
    )


async def empty(series: Series, release: ColumnRelease, editors: Collection[UUID]) -> None:
    """Tell the editors that an occasion has passed with nothing to release."""
    await notifications.tell(
        editors,
        _work(
            "column.empty",
            f"《{series.title}》本期没有可发布的内容，请尽快补充。",
            f"“{series.title}” had nothing to release this time; please fill its queue.",
            series.id,
            f"/column/series/{series.id}/queue",
        ),
        once=f"column.empty:{release.id}",
    )


async def submitted(item: ColumnItem, editors: Collection[UUID]) -> None:
    """Ask those who did not write it for their review."""
    await notifications.tell(
        editors,
        _work(
            "column.review_asked",
            f"《{item.title}》提交审核，请审阅。",
            f"“{item.title}” was submitted for review.",
            item.id,
            f"/column/items/{item.id}",
        ),
        # The same text may be handed in once more.
        once=f"column.review_asked:{item.id}:{item.revision}:{clock.now().timestamp()}",
    )


async def reviewed(item: ColumnItem, writers: Collection[UUID], *, approved: bool) -> None:
    """Tell the writer what the review decided."""
    assert item.reviewed_at is not None
    zh, en = ("已通过审核", "was approved") if approved else ("被退回", "was returned")
    await _tell_writer(
        item,
        writers,
        f"您撰写的《{item.title}》{zh}。{item.reason}",
        f"Your “{item.title}” {en}. {item.reason}",
        once=f"column.reviewed:{item.id}:{item.revision}:{item.reviewed_at.timestamp()}",
    )


async def withdrawn(item: ColumnItem, writers: Collection[UUID]) -> None:
    """Tell the writer that the editors took it back, and why."""
    await _tell_writer(
        item,
        writers,
        f"您撰写的《{item.title}》已被撤下。{item.reason}",
        f"Your “{item.title}” was withdrawn. {item.reason}",
        once=f"column.withdrawn:{item.id}:{item.revision}",
    )


async def consent_withdrawn(item: ColumnItem, editors: Collection[UUID]) -> None:
    """Tell the editors that a contribution is gone."""
    await notifications.tell(
        editors,
        _work(
            "column.consent_withdrawn",
            f"投稿家长撤回了同意，《{item.title}》已停止展示。",
            f"The parent withdrew their consent; “{item.title}” is no longer shown.",
            item.id,
            f"/column/items/{item.id}",
        ),
        once=f"column.consent_withdrawn:{item.id}",
    )


async def _tell_writer(
    item: ColumnItem, writers: Collection[UUID], zh: str, en: str, *, once: str
) -> None:
    await notifications.tell(
        writers,
        Message(
            occasion="column.decided",
            category="column",
            title_zh="您的文章有新消息",
            title_en="News of what you wrote",
            body_zh=zh,
            body_en=en,
            link=f"/column/items/{item.id}",
            subject_id=item.id,
        ),
        once=once,
    )


def _work(occasion: str, zh: str, en: str, subject: UUID, link: str) -> Message:
    return Message(
        occasion=occasion,
        category="work",
        title_zh="有一项工作待您处理",
        title_en="Something is waiting for you",
        body_zh=zh,
        body_en=en,
        link=link,
        subject_id=subject,
    )
