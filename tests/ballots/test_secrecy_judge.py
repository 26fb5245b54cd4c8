"""The judge of the secrecy trial: what chance finds, and how the best of many is judged."""

import math
import random
import statistics
from collections import Counter
from pathlib import Path

import pytest

from tests.ballots.adversary import judge, papers, plans, waldump
from tests.ballots.adversary.journal import decode

SPLITS = [
    {"for": 40, "against": 15, "abstain": 4, None: 1},
    {"yes": 30, "no": 30},
    {"a": 58, "b": 2},
]


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("among", [60, 17])
def test_chance_and_its_sigma_are_what_drawing_lots_gives(
    split: dict[str | None, int], among: int
) -> None:
    lots = random.Random(4)
    said: list[str | None] = [choice for choice, count in split.items() for _ in range(count)]
    lots.shuffle(said)
    expected = judge.blind(Counter(said[:among]), Counter(said))
    drawn = []
    for _ in range(6000):
        ballots = random.Random(lots.random()).sample(said, len(said))
        pairs = zip(said[:among], ballots, strict=False)
        drawn.append(sum(one == other for one, other in pairs))
    sigma = math.sqrt(expected.variance)
    assert abs(statistics.fmean(drawn) - expected.mean) < 5 * sigma / math.sqrt(len(drawn)) + 1e-9
    assert statistics.pstdev(drawn) == pytest.approx(sigma, rel=0.05)


def test_where_all_agree_everybody_is_known_and_nothing_was_leaked() -> None:
    said: Counter[str | None] = Counter({"for": 60})
    assert judge.blind(said, said) == judge.Expected(60.0, 0.0)


def test_the_best_of_many_readings_is_held_to_more_than_three_sigma() -> None:
    assert judge.bound(1) == pytest.approx(3.0)
    assert judge.bound(9) == pytest.approx(3.61, abs=0.02)
    assert judge.bound(1) < judge.bound(9) < judge.bound(27) < judge.bound(1000) < 5
    lots = random.Random(9)
    trials = 20_000
    beaten = sum(max(lots.gauss(0, 1) for _ in range(9)) > judge.bound(9) for _ in range(trials))
    assert beaten / trials < 2.5 * 0.00135


def test_whole_ballots_found_by_chance_follow_poissons_law() -> None:
    assert judge.tail(0, 3.0) == pytest.approx(1.0)
    assert judge.tail(1, 3.0) == pytest.approx(1 - math.exp(-3))
    assert judge.tail(5, 1.0) == pytest.approx(
        1 - sum(math.exp(-1) / math.factorial(n) for n in range(5))
    )
    assert judge.tail(60, 1.0) < 1e-60 or judge.tail(60, 1.0) == 0.0


def test_the_same_seed_draws_the_same_elections() -> None:
    first, again, other = plans.draw(7, 12), plans.draw(7, 12), plans.draw(8, 12)
    assert first == again != other
    assert {plan.over_http for plan in first} == {True, False}
    for plan in first:
        assert len({cast.voter for cast in plan.casts}) == plans.VOTERS
        assert len({cast.receipt for cast in plan.casts}) == len(plan.casts)
    waves = plans.interleave(random.Random(3), first)
    assert waves == plans.interleave(random.Random(3), first)
    for at, plan in enumerate(first):
        coming = [cast for wave in waves for n, cast in wave if n == at]
        assert coming == plan.casts, "mixed, but each election in its own order"
    for wave in waves:
        assert len({(n, cast.voter) for n, cast in wave}) == len(wave)


def test_the_logical_journal_is_read_with_old_rows_and_values_left_out() -> None:
    relation = (
        b"R" + (7).to_bytes(4, "big") + b"public\0boxes\0f" + (2).to_bytes(2, "big")
        + b"\x00id\0" + bytes(8) + b"\x00box\0" + bytes(8)
    )  # fmt: skip
    begin = b"B" + bytes(8) + (1_000_000).to_bytes(8, "big") + (42).to_bytes(4, "big")
    insert = b"I" + (7).to_bytes(4, "big") + b"N" + row(b"5", b"abc")
    update = b"U" + (7).to_bytes(4, "big") + b"O" + row(b"5", b"abc") + b"N" + row(b"6", None)
    first, second = decode(iter([begin, relation, insert, update]))
    assert (first.xid, first.kind, first.table, first.at) == (42, "I", "boxes", 946_684_801.0)
    assert first.new == {"id": "5", "box": "abc"} and first.old == {}
    assert second.new == {"id": "6", "box": "abc"} and second.old["id"] == "5"
    assert second.place == first.place + 1


def row(*values: bytes | None) -> bytes:
    """Write a row as pgoutput does; ``None`` is a long value that did not change."""
    written = [
        b"u" if value is None else b"t" + len(value).to_bytes(4, "big") + value for value in values
    ]
    return len(values).to_bytes(2, "big") + b"".join(written)


def test_the_physical_journal_is_read_row_by_row() -> None:
    said = (
        "rmgr: Heap        len (rec/tot):    211/  8403, tx:        811, lsn: 0/019B2C10, "
        "prev 0/019B2BD8, desc: INSERT off: 4, flags: 0x08, blkref #0: rel 1663/5/16385 blk 2 FPW\n"
        "rmgr: Heap        len (rec/tot):     72/    72, tx:        812, lsn: 0/019B2C90, "
        "prev 0/019B2C10, desc: HOT_UPDATE old_xmax: 812, old_off: 4, old_infobits: [], "
        "flags: 0x10, new_xmax: 0, new_off: 9, blkref #0: rel 1663/5/16385 blk 2\n"
        "rmgr: Transaction len (rec/tot):     46/    46, tx:        812, lsn: 0/019B2D00, "
        "prev 0/019B2C90, desc: COMMIT 2026-11-23 09:00:00 UTC\n"
    )
    assert waldump.parse(said) == [
        waldump.Record(811, "INSERT", "1663/5/16385", 2, 4, 211),
        waldump.Record(812, "HOT_UPDATE", "1663/5/16385", 2, 9, 72),
    ]


def test_the_servers_log_is_read_with_what_was_bound(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    bound = "2026-11-23 09:00:00.120 UTC [7] DETAIL:  Parameters: $1 = '{a,NULL}', $2 = 'it''s'"
    bound += """, $3 = '{"\\\\xab01"}', $4 = '{"a": 1}'\n"""

    path.write_text(
        "2026-11-23 09:00:00.120 UTC [7] LOG:  duration: 1 ms  bind x: SELECT\n\t1\n"
        + bound
        + "2026-11-23 09:00:00.121 UTC [7] LOG:  duration: 1 ms  execute x: SELECT\n\t1\n"
        + bound
    )
    lines = papers.of_server(path)
    assert [line.values for line in lines if line.values] == [
        [["a", "NULL"], "it's", ["\\xab01"], '{"a": 1}']
    ]
    assert all(line.source == "server 7" for line in lines)
