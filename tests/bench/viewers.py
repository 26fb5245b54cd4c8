"""Ten thousand guardians at the four lessons of one course, and the audit of what counts.

Everybody watches one lesson of five minutes on one phone that reports every fifteen
seconds. The course is the district's, published and taken by all of them.

Viewers open their lessons *afresh* before every round, by the product's own ``open_play``
and an hour ago by its clock: their meters then hold two hours, and twelve reports each
count as watched live before the clock must run on. So every report of a round is
acceptable, and what is stored must be what was sent. With ``under_way`` they have watched
between none and seventeen of the twenty stretches, the lessons before it are completed,
and one report in eighteen completes a lesson, one in seventy-two the course.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from tests.bench import district, phones

VIEWERS = 10_000
LESSONS = 4
STRETCH = 15_000
"""Milliseconds between two reports, all of them watched."""
LENGTH = 300_000
NEEDED = 18
"""Stretches that complete a lesson, at a threshold of 90 %."""
LIVE = 12
"""Reports that a viewer can make at once after an hour's silence."""
HOST, COURSE, LESSON, PLAY = range(9, 13)

PERSON = f"bench.id({district.PERSON}, ({{v}} % 3 + 1) * 1000000 + {{v}} / 3)"
"""Who the viewer ``v`` is, in SQL; :func:`person` says the same."""

_SHELF = [
    f"""
    INSERT INTO parent_schools (id, district_id, kind, name, opened_on)
        VALUES (bench.id({HOST}, 1), bench.id({district.DISTRICT}, 1), 'district',
                '量度区家长学校', current_date);
    INSERT INTO courses (id, host_id, district_id, state, title, topic, stages, grades,
                         author_id, writer_ids, reviewer_id, reviewed_at, published_at, created_at)
        VALUES (bench.id({COURSE}, 1), bench.id({HOST}, 1), bench.id({district.DISTRICT}, 1),
                'published', '会倾听的父母', 'parenting', '{{primary}}', '{{}}',
                bench.id({district.PERSON}, {district.ADMIN + 1}), '{{}}',
                bench.id({district.PERSON}, {district.ADMIN + 2}), now(), now(), now());
    INSERT INTO lessons (id, course_id, position, state, revision, created_at)
        SELECT bench.id({LESSON}, n), bench.id({COURSE}, 1), n + 1, 'published', 1, now()
        FROM generate_series(0, {LESSONS} - 1) n;
    INSERT INTO lesson_revisions (id, lesson_id, number, state, kind, title, paragraphs,
            duration_ms, author_id, writer_ids, reviewer_id, reviewed_at, published_at, created_at)
        SELECT uuidv7(), bench.id({LESSON}, n), 1, 'published', 'video', '第' || n + 1 || '课',
               '[]', {LENGTH}, bench.id({district.PERSON}, {district.ADMIN + 1}), '{{}}',
               bench.id({district.PERSON}, {district.ADMIN + 2}), now(), now(), now()
        FROM generate_series(0, {LESSONS} - 1) n;
    CREATE TABLE bench.viewers AS
        SELECT v, {PERSON.format(v="v")} AS person_id,
               bench.id({LESSON}, v % {LESSONS}) AS lesson_id, bench.id({PLAY}, v) AS play_id,
               0 AS done, 0 AS sent, '' AS digest
        FROM generate_series(0, {VIEWERS} - 1) v;
    ALTER TABLE bench.viewers ADD PRIMARY KEY (v);
    UPDATE bench.viewers v SET digest = t.digest
        FROM sessions s JOIN access_tokens t ON t.session_id = s.id
        WHERE s.person_id = v.person_id;
    INSERT INTO course_enrolments (id, course_id, person_id, enrolled_at, last_seen_at)
        SELECT uuidv7(), bench.id({COURSE}, 1), person_id, now(), now() FROM bench.viewers;
    """,
    "VACUUM (ANALYZE) bench.viewers, course_enrolments, lessons, lesson_revisions",
]
# The checkpoint comes first: the pages' images are then in the log before anybody reports.
_AFRESH = [
    "TRUNCATE watches, learners, lesson_completions, course_completions",
    "CHECKPOINT",
    f"""
    SELECT count(*) FROM bench.viewers v, LATERAL open_play(v.person_id, v.lesson_id, 1, 1,
        v.play_id, {LENGTH}, 90, 1200000, 1, now() - interval '1 hour') o
    """,
    "UPDATE bench.viewers SET done = 0, sent = 0 WHERE done + sent > 0",
]
_UNDER_WAY = [
    f"UPDATE bench.viewers SET done = v / {LESSONS} % {NEEDED}",
    f"""
    UPDATE watches w SET covered_ms = v.done * {STRETCH}, position_ms = v.done * {STRETCH},
        watched = int4multirange(int4range(0, v.done * {STRETCH}))
    FROM bench.viewers v WHERE (w.person_id, w.lesson_id) = (v.person_id, v.lesson_id)
    """,
    f"""
    INSERT INTO lesson_completions (id, lesson_id, person_id, revision, rule_version, means,
                                    covered_ms, duration_ms, completed_at)
        SELECT uuidv7(), bench.id({LESSON}, n), person_id, 1, 1, 'watched', {LENGTH}, {LENGTH},
               now() - interval '1 day'
        FROM bench.viewers, generate_series(0, {LESSONS} - 2) n WHERE n < v % {LESSONS}
    """,
]
_VACUUM = "VACUUM (ANALYZE) watches, learners, bench.viewers"
# How many viewers' rows are not exactly what they sent, and whose completion is missing
# or should not be there.
_AUDIT = f"""
WITH due AS (SELECT *, done + sent AS stretches, done + sent >= {NEEDED} AS completes
             FROM bench.viewers)
SELECT count(*) FILTER (WHERE w.watched IS DISTINCT FROM
           int4multirange(int4range(0, d.stretches * {STRETCH}))
           OR w.covered_ms <> d.stretches * {STRETCH})::int AS untrue,
       count(*) FILTER (WHERE d.completes <> (c.id IS NOT NULL)
           OR d.completes <> (w.settled_at IS NOT NULL))::int AS lessons,
       count(*) FILTER (WHERE (d.completes AND d.v % {LESSONS} = {LESSONS} - 1)
           <> (k.certificate_id IS NOT NULL))::int AS courses,
       count(*) FILTER (WHERE d.completes)::int AS completed
FROM due d LEFT JOIN watches w USING (person_id, lesson_id)
LEFT JOIN lesson_completions c USING (person_id, lesson_id)
LEFT JOIN course_completions k USING (person_id)
"""


class Audit:
    """Reports whose coverage is not what was sent, lost ones and completions gone astray."""

    untrue = missing = uncounted = untold = completed = 0


class Viewers:
    """Lets the viewers open their lessons, and audits what counts for them."""

    def __init__(self, connection: "asyncpg.Connection[Any]", tokens: Sequence[str]) -> None:
        self.connection, self.tokens = connection, tokens
        self.audit = Audit()

    async def shelve(self) -> None:
        """Publish the course."""
        for step in _SHELF:
            await self.connection.execute(step)

    async def afresh(self, *, under_way: bool = False) -> None:
        """Let everybody open their lesson."""
        for step in (*_AFRESH, *(_UNDER_WAY if under_way else ()), _VACUUM):
            await self.connection.execute(step)

    async def sent(self, viewers: Sequence[int]) -> None:
        """Note that these viewers reported once more each, and were answered."""
        await self.connection.execute(
            "UPDATE bench.viewers v SET sent = s.times FROM (SELECT x, count(*)::int AS times "
            "FROM unnest($1::int[]) x GROUP BY x) s WHERE v.v = s.x",
            viewers,
        )

    async def look(self) -> None:
        """Hold what is stored against what was noted."""
        found = await self.connection.fetchrow(_AUDIT)
        assert found is not None
        self.audit.untrue += found["untrue"]
        self.audit.missing += found["lessons"] + found["courses"]
        self.audit.completed += found["completed"]

    async def weigh(self, reports: int) -> None:
        """Hold the sum of what is stored against the number of reports that were counted."""
        covered = await self.connection.fetchval("SELECT sum(covered_ms) FROM watches")
        self.audit.uncounted += abs(covered // STRETCH - reports)


def person(viewer: int) -> UUID:
    """Return who a viewer is."""
    return district.guardian(viewer % 3 + 1, viewer // 3)


def report(viewer: int, done: int, token: str) -> bytes:
    """Return the request of a viewer who has watched one stretch after ``done`` others."""
    begin, end = done * STRETCH, (done + 1) * STRETCH
    lesson = district.row_id(LESSON, viewer % LESSONS)
    path = f"/v1/lessons/{lesson}/plays/{district.row_id(PLAY, viewer)}/beats"
    body = f'{{"beats":[{{"seq":{done + 1},"from":{begin},"to":{end}}}],"position":{end}}}'
    return phones.request("PUT", path, token, body=body.encode())
