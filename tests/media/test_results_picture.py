"""The picture of a result: it says what the count says, at the width of a phone."""

import io

import msgspec
import pytest
from PIL import Image, ImageChops

from backend.media.paper import results
from backend.media.paper.results import ResultsCard
from backend.media.paper.sheet import Sheet

CARD = ResultsCard(
    title="关于调整2026学年春季学期校服款式与采购方式的议案",
    body="海湾实验小学家长委员会",
    date_line="2026年11月23日",
    options=[("赞成", 19, True), ("反对", 5, False)],
    abstained=3,
    invalid=1,
    entitled=36,
    cast=28,
    of_paper=3,
    quorum_needed=19,
    has_quorum=True,
    outcome_words="通过",
    split_kept=True,
    whole=24,
    needed=13,
)
LONG = "新生家长一对一结对帮扶，特别是进城务工人员随迁子女家庭与特殊需要儿童家庭"
change = msgspec.structs.replace


class Reader(Sheet):
    """A sheet that remembers the words set on it."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        super().__init__(width, height, ground)
        self.words: list[str] = []

    def line(self, text: str, *args: object, **more: object) -> float:
        self.words.append(text)
        return super().line(text, *args, **more)  # type: ignore[arg-type]


def words(card: ResultsCard) -> str:
    sheet = Reader(results.WIDTH, 1, "#ffffff")
    results._drawn(sheet, card)
    return "|".join(sheet.words)


def opened(card: ResultsCard) -> Image.Image:
    return Image.open(io.BytesIO(results.draw(card))).convert("RGB")


def test_it_says_who_decided_what_how_many_took_part_and_what_came_out() -> None:
    said = words(CARD)
    assert "关于调整2026学年春季学期|校服款式与采购方式的议案" in said
    for part in (
        "海湾实验小学家长委员会", "2026年11月23日", "通过",
        "应投票|36", "已投票|28", "其中纸质票|3", "法定人数 19，已达到", "投票率 77.8%",
        "79.2%|19 票|赞成", "20.8%|5 票|反对", "通过线 13 票",
        "弃权 3 票  ·  无效 1 票",
    ):  # fmt: skip
        assert part in said


def test_numbers_that_are_not_kept_are_not_drawn_even_if_they_are_given() -> None:
    small = change(CARD, split_kept=False, entitled=6, cast=4, of_paper=0, quorum_needed=4)
    said = words(small)
    assert "19 票" not in said
    assert "弃权" not in said
    assert "各选项的票数不保留" in said.replace("|", "")
    assert "赞成" in said
    assert "反对" not in said
    other = change(small, options=[("赞成", 1, True), ("反对", 3, False)], abstained=0, invalid=0)
    assert results.draw(small) == results.draw(other)


def test_without_a_quorum_it_says_so_and_shows_nothing_as_chosen() -> None:
    none = change(CARD, cast=12, has_quorum=False, outcome_words="未达法定人数",
                  options=[("赞成", 9, False), ("反对", 2, False)])  # fmt: skip
    assert "法定人数 19，未达到" in words(none)
    assert opened(none).getpixel((10, 10)) != opened(CARD).getpixel((10, 10))


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [(0, 0, "—"), (0, 9, "0.0%"), (1, 3, "33.3%"), (1, 9999, "0.1%"), (9998, 9999, "99.9%"),
     (5, 5, "100.0%")],
)  # fmt: skip
def test_a_share_is_never_rounded_up_to_all_or_down_to_nothing(
    part: int, whole: int, share: str
) -> None:
    assert results._share(part, whole) == share


@pytest.mark.parametrize(
    "card",
    [
        CARD,
        change(CARD, split_kept=False),
        change(CARD, options=[(f"{LONG}之{n}", 40 - 3 * n, n < 4) for n in range(12)], whole=300),
        change(CARD, options=[("长" * 120, 3, True)] * 30, needed=None),
        change(CARD, title="长" * 120, body="会" * 60, outcome_words=f"当选：{'王丽娟、' * 12}"),
        change(CARD, entitled=0, cast=0, of_paper=0, quorum_needed=1, has_quorum=False, whole=0,
               options=[("赞成", 0, False), ("反对", 0, False)], outcome_words="未达法定人数"),
        change(CARD, entitled=123456, cast=123456, of_paper=99999, quorum_needed=123457,
               options=[("赞成", 123456, True), ("反对", 0, False)], whole=123456, needed=61729),
        change(CARD, title="🌹", options=[("😀", 1, False), ("", 0, False)]),
    ],
    ids=["motion", "not kept", "twelve", "thirty", "long words", "empty", "large", "signs"],
)  # fmt: skip
def test_whatever_is_put_on_it_stays_on_it(card: ResultsCard) -> None:
    picture = opened(card)
    assert picture.width == 1080
    below = picture.crop((0, picture.height - 24, 1080, picture.height))
    assert (
        ImageChops.difference(below, Image.new("RGB", below.size, results._PAPER)).getbbox() is None
    )
    for left in (0, 1048):
        beside = picture.crop((left, 0, left + 32, picture.height))
        assert len(beside.getcolors(64) or []) <= 3


async def test_the_same_result_is_the_same_picture() -> None:
    assert await results.png(CARD) == results.draw(CARD)
