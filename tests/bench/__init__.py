"""Benchmarks of the hot paths, each beside its yardstick, in one run on one machine.

    make bench                                       everything, about eleven minutes
    python -m tests.bench --only J3,J4               some jobs
    python -m tests.bench --seconds 1 --rounds 5     shorter rounds
    python -m tests.bench --large                    a push to 200,000 phones instead of 2,000
    python -m tests.bench --json FILE                the figures for another program
    python -m tests.bench --picture FILE             the same as a PNG

The bench starts its own PostgreSQL in a temporary directory, with fsync on, grows a
district of 210,000 guardians (:mod:`tests.bench.district`), serves the product with
``tongxing serve`` in one and in two processes and removes everything again. Absolute
figures are colour, for machines differ and drift; the **ratios** of one run are the
result. Rounds of all competitors are interleaved and their medians compared; how much
of the CPU strangers took is printed, and above 12 % the run says that it proves little.

J1  Taking a place (:mod:`tests.bench.eight_o_clock`): 3,000 signed-in parents, 40 shifts of
    six places or one. Sustained; all at once on 3,000 connections; and within ten
    seconds of the opening. One in ten loses the first answer and asks again; every
    answer is held against the database. Limit: pgbench with one ticket statement.
J3  Home feed. Limits: pgbench sending the very statements that the product sends for
    one request, and pgbench sending the leanest feed we know (``S2``: the top 20 of
    each board merged, receipts by row, counters for unread). Floor: Litestar and
    asyncpg answering with the S2 statement, without sign-in. ETag: 304 answers.
J4  Mark read, confirm. Limits: pgbench with the product's marking statement, and with
    nothing but the bit.
J2  Publish to 50, 2,000 and 200,000. Yardstick: one inbox and one outbox row each.
    Also storage at 200,000 recipients, and the post office turning pages.
J5  Ballots (:mod:`tests.bench.ballots`): 3,000 households of one school vote, openly and
    secretly, once each, over 64 connections; then the box is closed and counted. Limits:
    pgbench with an INSERT a ballot, and with the product's ``cast_ballots``; for the count,
    SELECT choice, count(*). Every tally is held against what was sent.
J6  What viewers report (:mod:`tests.bench.beats`): 10,000 signed-in guardians in the four
    lessons of a course. Sustained; and every fifteen seconds, with completions, behind a
    proxy and on a connection each. Limits: pgbench with an upsert a report and with many
    in a statement; the product's ``take_beats`` alone. WAL and database CPU of a report.
    Every viewer's coverage and completion is held against what was sent and answered.
J8  Ranges of a film of 448 MiB by a signed link (:mod:`tests.bench.ranges`), memory over
    one of 1 GiB. Limit: nginx on the same file, asked without a link; where it is not
    installed the run says so. Floor: granian and one ``pread``.
J9  Sign-in storm (:mod:`tests.bench.sign_in_storm`): 2,000 phones renew their token and 500
    people type their code in one moment. Limit: pgbench turning a family by one, with its
    token. Every family, code and session is looked up afterwards.
J10 Open phones (:mod:`tests.bench.open_phones`): 5,000 live channels of one process and 200
    of another school's; notices to the whole school, timed from the commit until the last
    phone has heard. Memory of a channel, CPU of a phone and notice.
J7  Roster import (:mod:`tests.bench.roster`).

Where pgbench is not installed the run says so and sends the limits by asyncpg
(:mod:`tests.bench.stand_in`), which lie lower.

The goals are those the project set itself: a ratio to reach, not a time.
"""
