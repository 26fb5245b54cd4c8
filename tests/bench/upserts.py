"""The limits of J6: statements that pgbench sends, and what else a report could cost.

The yardstick writes one row a report and asks nothing: a place in a lesson, by learner and
lesson. Beside it the same for many at once, and the product's own ``take_beats``.
"""

from typing import NamedTuple

from backend.people.callers import ACTOR
from tests.bench import pgbench
from tests.bench.figures import Load
from tests.bench.ground import Ground
from tests.bench.viewers import LESSON, LESSONS, PERSON, PLAY, STRETCH, VIEWERS

ALONE, TOGETHER = 64, 8
"""Clients that send one report each, and clients that send many in a statement."""

TABLE = """
CREATE TABLE bench.beats (person_id uuid NOT NULL, lesson_id uuid NOT NULL,
    position_ms int NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (person_id, lesson_id))
    WITH (fillfactor = 50);
INSERT INTO bench.beats SELECT person_id, lesson_id, 0, now() FROM bench.viewers;
"""
# The viewers report in turn: :v is the one whose turn it is, :n what they had watched.
_TURN = f"""
\\set i :client_id + :k * {{clients}}
\\set k :k + 1
\\set v :i % ({VIEWERS} / {{size}}) * {{size}}
\\set n :i / ({VIEWERS} / {{size}}) * {STRETCH}
"""
_PERSON, _LESSON = PERSON.format(v=":v"), f"bench.id({LESSON}, :v % {LESSONS})"
_ANEW = """
ON CONFLICT (person_id, lesson_id)
    DO UPDATE SET position_ms = excluded.position_ms, at = excluded.at
"""
_UPSERT = f"INSERT INTO bench.beats VALUES ({_PERSON}, {_LESSON}, :n, now()) {_ANEW}"
_UPSERTS = f"""
INSERT INTO bench.beats SELECT person_id, lesson_id, :n, now() FROM bench.viewers
    WHERE v >= :v AND v < :v + {{size}} {_ANEW}
"""
_TOLD = """
t.n, t.watched::text, t.duration_ms, t.covered_ms, t.offline_ms, t.position_ms, t.taken_ms,
t.refused_ms, t.reached, t.completed
"""
_CLAIM = f"int4multirange(int4range(:n, :n + {STRETCH}))"
_TAKE = f"""
SELECT {_TOLD} FROM take_beats(ARRAY[{_PERSON}], ARRAY[{_LESSON}], ARRAY[bench.id({PLAY}, :v)],
    ARRAY[:n / {STRETCH} + 1], ARRAY[:n + {STRETCH}], ARRAY[{_CLAIM}], now()) t
"""
_TAKES = f"""
SELECT {_TOLD} FROM (
    SELECT array_agg(person_id) who, array_agg(lesson_id) what, array_agg(play_id) plays,
           array_agg(:n / {STRETCH} + 1) seqs, array_agg(:n + {STRETCH}) places,
           array_agg({_CLAIM}) claims
    FROM bench.viewers WHERE v >= :v AND v < :v + {{size}}) s,
    LATERAL take_beats(who, what, plays, seqs, places, claims, now()) t
"""
_WHO_ASKS = ACTOR.replace("$1", "(SELECT digest FROM bench.viewers WHERE v = :v)")


class Limit(NamedTuple):
    """A statement, and how many reports it settles."""

    sql: str
    size: int = 1


LIMITS = {
    "upsert": Limit(_UPSERT),
    "upsert 64": Limit(_UPSERTS, 64),
    "upsert 500": Limit(_UPSERTS, 500),
    "take 1": Limit(_TAKE),
    "take 64": Limit(_TAKES, 64),
    "who asks": Limit(_WHO_ASKS.replace("$2", "now()")),
}


def send(ground: Ground, name: str) -> Load:
    """Let pgbench send one of the statements; rate and cost are of a report, and the
    latencies of a statement.
    """
    sql, size = LIMITS[name]
    clients = ALONE if size == 1 else TOGETHER
    script = f"{_TURN}{sql};\n".replace("{size}", str(size)).replace("{clients}", str(clients))
    found = pgbench.run(
        ground.server,
        "bench",
        script,
        clients=clients,
        seconds=ground.seconds,
        postmaster=ground.postmaster,
    )
    return Load(
        rate=found.rate * size,
        p50=found.p50,
        p99=found.p99,
        done=found.done * size,
        client=found.client / size,
        database=found.database / size,
        strangers=found.strangers,
    )
