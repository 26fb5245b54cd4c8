"""The rules of minutes as tables: states, wording, numerals, sentences, the chain."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from backend.committees.models import MinutesState
from backend.committees.rules import minutes as rules
from backend.committees.rules import sentences, wording
from backend.committees.rules.chain import GENESIS, Entry, Flaw, Link, digest_of, verify
from backend.committees.rules.minutes import STEPS, WrongMinutesState
from backend.committees.rules.numerals import day, hours, spelt
from backend.committees.rules.previewing import invented, preview
from backend.committees.rules.record import ItemFound, OptionVotes, VoteFound
from backend.committees.rules.wording import STANDARD, MinutesSection, Wording

_S = MinutesState
ALLOWED = {
    "rewrite": {_S.DRAFT}, "confirm": {_S.DRAFT}, "object": {_S.CONFIRMED},
    "reject": {_S.CONFIRMED}, "uphold": {_S.CONFIRMED}, "correct": {_S.RETURNED},
    "submit": {_S.CONFIRMED, _S.RETURNED}, "file": {_S.SUBMITTED}, "return": {_S.SUBMITTED},
}  # fmt: skip


@pytest.mark.parametrize("act", STEPS)
@pytest.mark.parametrize("state", MinutesState)
def test_every_step_from_every_state(act: str, state: MinutesState) -> None:
    if state in ALLOWED[act]:
        STEPS[act].check(state)
    else:
        with pytest.raises(WrongMinutesState) as refusal:
            STEPS[act].check(state)
        assert refusal.value.facts == {"state": state.value}


def test_the_table_names_every_step() -> None:
    assert set(ALLOWED) == set(STEPS)


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (25, "二十五"), (100, "一百"),
     (101, "一百零一"), (110, "一百一十"), (119, "一百一十九"), (200, "二百"), (1005, "一千零五"),
     (1050, "一千零五十"), (9999, "九千九百九十九")],
)  # fmt: skip
def test_numbers_are_spelt(number: int, word: str) -> None:
    assert spelt(number) == word


def test_days_and_hours_are_the_districts() -> None:
    start = datetime(2026, 9, 3, 15, 30, tzinfo=UTC)
    zone = "Asia/Shanghai"
    assert day(start, zone) == "2026年9月3日（星期四）"
    assert hours(start - timedelta(hours=8), start - timedelta(hours=7), zone) == "15:30—16:30"
    assert hours(start, start + timedelta(hours=1), zone) == "23:30—9月4日00:30"


def test_the_standard_wording_is_sound_and_reads_well() -> None:
    wording.check(STANDARD)
    lines = preview(STANDARD, "海湾实验小学")
    assert lines[0] == "海湾实验小学家长委员会会议纪要"
    assert not any("{" in line or "}" in line for line in lines)
    assert [line[0] for line in lines if line[1:2] == "、"] == list("一二三四五六七")


@pytest.mark.parametrize(
    "text", ["{nobody}", "{", "}", "{{body}}", "{body:>9}", "{body.name}", "{body}{", "{ body}"]
)
@pytest.mark.parametrize("where", ["heading", "opening", "closing", "filing_prefix"])
def test_a_placeholder_that_is_none_is_refused(text: str, where: str) -> None:
    with pytest.raises(wording.UnknownPlaceholder):
        wording.check(msgspec.structs.replace(STANDARD, **{where: text}))


def test_signatures_and_titles_are_checked_too() -> None:
    first, *rest = STANDARD.sections
    odd = msgspec.structs.replace(first, title="{x}")
    for words in (
        msgspec.structs.replace(STANDARD, signatures=("{x}",)),
        msgspec.structs.replace(STANDARD, sections=(odd, *rest)),
    ):
        with pytest.raises(wording.UnknownPlaceholder):
            wording.check(words)


@pytest.mark.parametrize("missing", MinutesSection)
def test_no_part_may_be_left_out(missing: MinutesSection) -> None:
    fewer = tuple(part for part in STANDARD.sections if part.section != missing)
    with pytest.raises(wording.SectionsIncomplete):
        wording.check(msgspec.structs.replace(STANDARD, sections=fewer))


def test_what_is_filled_in_is_not_read_again() -> None:
    assert (
        wording.filled("{body}与{place}", {"body": "{place}", "place": "二楼"}) == "{place}与二楼"
    )


def test_parts_come_in_the_order_and_under_the_names_of_the_school() -> None:
    turned = tuple(
        msgspec.structs.replace(part, title=f"部分{part.section}")
        for part in reversed(STANDARD.sections)
    )
    lines = preview(msgspec.structs.replace(STANDARD, sections=turned), "海湾")
    titles = [line for line in lines if "部分" in line]
    assert titles[0] == "一、部分objections"
    assert titles[-1] == "七、部分attendance"


NOW = datetime(2026, 9, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "open_", "refused"),
    [(NOW, 0, False), (NOW - timedelta(days=1), 0, False), (NOW, 1, True),
     (NOW + timedelta(seconds=1), 0, True)],
)  # fmt: skip
def test_minutes_are_submitted_when_nobody_may_object(
    until: datetime, open_: int, refused: bool
) -> None:
    if refused:
        with pytest.raises(rules.ObjectionsOpen):
            rules.check_unopposed(until, open_, NOW)
    else:
        rules.check_unopposed(until, open_, NOW)


def test_the_digest_covers_everything_that_is_said() -> None:
    record = invented("海湾")
    digests = {
        rules.digest_of(record, "", STANDARD),
        rules.digest_of(record, "另外", STANDARD),
        rules.digest_of(record, "", Wording(heading="记录")),
        rules.digest_of(msgspec.structs.replace(record, place="三楼"), "", STANDARD),
        rules.digest_of(msgspec.structs.replace(record, items=()), "", STANDARD),
    }
    assert len(digests) == 5
    assert rules.digest_of(invented("海湾"), "", STANDARD) in digests


VOTE = VoteFound(
    vote_id=UUID(int=1), state="certified", method="motion", mode="open", outcome="passed",
    entitled=7, cast=6, invalid=1, abstained=1, of_paper=2, quorum_needed=4,
    options=(OptionVotes(key="for", label="赞成", votes=3),
             OptionVotes(key="against", label="反对", votes=1)), chosen=(),
)  # fmt: skip


_COUNT = "有效表决须达4票；赞成3票、反对1票、弃权1票"
_SIX = "有表决权7票，实投6票"
_PLAIN = {"of_paper": 0, "invalid": 0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, f"采用记名投票方式，{_SIX}（其中纸质票2票），{_COUNT}、无效1票。"),
        (_PLAIN | {"mode": "secret"}, f"采用无记名投票方式，{_SIX}，{_COUNT}。"),
        ({"state": "annulled"}, "该次表决已作废，不计票。"),
        (
            _PLAIN | {"settled_for": "赞成"},
            f"采用记名投票方式，{_SIX}，{_COUNT}；票数相等，由主任裁定：赞成。",
        ),
    ],
)
def test_a_vote_in_a_sentence(change: dict[str, object], said: str) -> None:
    assert sentences.vote(msgspec.structs.replace(VOTE, **change)) == said


@pytest.mark.parametrize(
    ("state", "outcome", "chosen", "reason", "said"),
    [
        ("decided", "passed", (), "", "通过。"),
        ("decided", "passed", ("甲", "乙"), "", "通过，选定：甲、乙。"),
        ("decided", "failed", (), "", "未通过。"),
        ("decided", "no_quorum", (), "", "未达法定人数，表决无效。"),
        ("decided", "tied", (), "", "票数相等。"),
        ("noted", None, (), "", "已通报。"),
        ("deferred", None, (), "材料不齐。", "延期审议（材料不齐）。"),
        ("scheduled", None, (), "", "未形成结论。"),
    ],
)
def test_what_became_of_an_item(
    state: str, outcome: str | None, chosen: tuple[str, ...], reason: str, said: str
) -> None:
    item = ItemFound(
        item_id=UUID(int=1), number="1", title="甲", text="", state=state, outcome=outcome,
        conclusion="", reason=reason, present=None, has_quorum=None, quorum_needed=None,
        vote=msgspec.structs.replace(VOTE, chosen=chosen),
    )  # fmt: skip
    assert sentences.result(item) == said


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    before = GENESIS
    for number in range(1, length + 1):
        entry = Entry(
            number=number, body=UUID(int=9), item=None, meeting=None, vote=None,
            text=f"第{number}项", owner=None, owner_name="", due=None, decided_at=NOW,
            entered_by=UUID(int=8), entered_at=NOW,
        )  # fmt: skip
        digest = digest_of(before, entry)
        links.append(Link(entry=entry, previous=before, digest=digest))
        before = digest
    return links


def test_a_sound_chain_has_no_flaw_and_every_break_is_found() -> None:
    links = chain(5)
    assert verify(links) == verify([]) == []
    assert verify(links[:2] + links[3:]) == [
        Flaw(number=3, what="missing"), Flaw(number=4, what="previous"),
    ]  # fmt: skip
    assert verify([links[1], links[0], *links[2:]]) != []
    assert verify([*links, links[4]]) != []
    anew = chain(5)
    anew[2] = msgspec.structs.replace(
        anew[2], entry=msgspec.structs.replace(anew[2].entry, text="改写")
    )
    assert verify(anew) == [Flaw(number=3, what="digest")]
    shorter = links[:3]
    assert verify(shorter) == []
    assert verify(shorter, vouched=[(5, links[4].digest)]) == [Flaw(number=5, what="vouched")]


def test_moments_count_the_same_in_every_zone() -> None:
    link = chain(1)[0]
    abroad = msgspec.structs.replace(
        link.entry, decided_at=datetime.fromisoformat("2026-09-04T08:00:00+08:00")
    )
    assert digest_of(GENESIS, abroad) == link.digest
