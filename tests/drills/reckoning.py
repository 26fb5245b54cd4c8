"""After the kills: what was answered, what was promised, and what was pushed, held together."""

import asyncio
import time
from collections import Counter, defaultdict

from backend import clock
from backend.committees.queries.decisions import chain_of
from backend.committees.rules.chain import verify
from notifications.parcels import tag_of
from tests.bookings.invariants import broken
from tests.drills.burst import Answered, misjudged
from tests.drills.killing import PATIENCE, Installation

# The witness is a trigger of the drill's own: which moves somebody is owed a letter for.
WITNESS = """
CREATE TABLE owed (move bigint, person uuid);
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.told THEN INSERT INTO owed VALUES (NEW.id, NEW.person_id); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER INSERT ON booking_moves
    FOR EACH ROW EXECUTE FUNCTION witness();
"""
_OPEN = """
SELECT (SELECT count(*) FROM booking_moves WHERE NOT told) AS moves,
       (SELECT count(*) FROM post_letter WHERE state = 'open') AS letters,
       (SELECT count(*) FROM post_delivery WHERE state = 'queued') AS pushes
"""
# What failed while the database was away waits for a minute; that minute is not waited for.
_HURRY = (
    "UPDATE post_delivery SET due_at = now() WHERE state = 'queued' AND due_at > now() "
    "AND leased_until IS NULL",
    "UPDATE post_letter SET leased_until = now() WHERE state = 'open' "
    "AND leased_until > now() + interval '20 seconds'",
)
# Each returns a row for everything that is wrong.
_WRONG = {
    "{person} was owed {letters} letters about move {move}": """
        SELECT o.move, o.person, count(l.id) AS letters FROM owed o
        LEFT JOIN post_letter l ON l.once = 'bookings.move:' || o.move
        GROUP BY 1, 2 HAVING count(l.id) <> 1""",
    "{person} has {rows} inbox rows about move {move}": """
        SELECT o.move, o.person, count(i.id) AS rows FROM owed o
        JOIN post_letter l ON l.once = 'bookings.move:' || o.move
        LEFT JOIN post_inbox_item i ON i.letter_id = l.id AND i.person_id = o.person
        GROUP BY 1, 2 HAVING count(i.id) <> 1""",
    "decision {number} has {rows} inbox rows": """
        SELECT d.number, count(i.id) AS rows FROM decisions d
        LEFT JOIN post_letter l ON l.once = 'committees.decision_assigned:' || d.id
        LEFT JOIN post_inbox_item i ON i.letter_id = l.id AND i.person_id = d.owner_id
        GROUP BY 1 HAVING count(i.id) <> 1""",
    "{person} finds {letter} {rows} times in the inbox": """
        SELECT person_id AS person, letter_id AS letter, count(*) AS rows FROM post_inbox_item
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "notice {title} has {letters} letters": """
        SELECT n.title, count(l.id) AS letters FROM notices n
        LEFT JOIN post_letter l ON l.subject_id = n.id AND l.occasion = 'notices.published'
        WHERE n.state = 'published' GROUP BY n.id, n.title HAVING count(l.id) <> 1""",
    "{once}: {accepted} pushes accepted, {rest} otherwise, {devices} phones": """
        SELECT l.once, l.accepted, l.suppressed + l.refused AS rest, x.devices
        FROM post_letter l CROSS JOIN LATERAL (
            SELECT count(*) AS devices FROM post_device d WHERE d.person_id IN (
                SELECT person_id FROM post_inbox_item i WHERE i.letter_id = l.id
                UNION SELECT m.person_id FROM audience_members m
                WHERE m.node_id::text || '/' || m.who = ANY (l.audiences))) x
        WHERE l.accepted + l.suppressed + l.refused <> x.devices""",
    "{action} of {subject} was recorded {entries} times": """
        SELECT x.action, x.id AS subject, count(a.id) AS entries FROM (
            SELECT 'notices.published' AS action, id FROM notices WHERE state = 'published'
            UNION SELECT 'committees.decision_entered', id FROM decisions) x
        LEFT JOIN audit_entries a ON a.action = x.action AND a.subject_id = x.id
        GROUP BY 1, 2 HAVING count(a.id) <> 1""",
    "{title} was created {n} times": """
        SELECT title, count(*) AS n FROM notices GROUP BY 1 HAVING count(*) > 1
        UNION SELECT text, count(*) FROM decisions GROUP BY 1 HAVING count(*) > 1""",
}


async def settled(standing: Installation) -> float:
    """Wait until nothing is left to tell or to push; returns the seconds it took."""
    begun = time.monotonic()
    while any((await standing.fetch(_OPEN))[0]):
        assert time.monotonic() < begun + PATIENCE, dict((await standing.fetch(_OPEN))[0])
        await asyncio.sleep(0.3)
        for hurry in _HURRY:
            await standing.fetch(hurry)
    return time.monotonic() - begun


async def reckon(standing: Installation, answered: Answered) -> list[str]:
    """Return what is wrong, one sentence each."""
    found = [*answered.surprises, *await misjudged(standing, answered.families)]
    found += await broken(standing.fetch, clock.now())
    found += await lost(standing, answered)
    for sentence, sql in _WRONG.items():
        found += [sentence.format(**dict(row)) for row in await standing.fetch(sql)]
    for body in await standing.fetch("SELECT id FROM bodies"):
        found += [f"the chain of decisions: {flaw}" for flaw in verify(await chain_of(body["id"]))]
    return found


async def lost(standing: Installation, answered: Answered) -> list[str]:
    """Return what clients were told is there, and is not under the id they were told."""
    decisions = {str(row["id"]) for row in await standing.fetch("SELECT id FROM decisions")}
    notices = {
        str(row["id"])
        for row in await standing.fetch("SELECT id FROM notices WHERE state = 'published'")
    }
    gone = [text for text, told in answered.decisions.items() if told not in decisions]
    gone += [title for title, told in answered.notices.items() if told not in notices]
    return [f"{one} was answered and is lost" for one in gone]


class Pushes:
    """What the provider was handed, by phone and occasion."""

    def __init__(self, standing: Installation) -> None:
        self.kills = [kill for kill in standing.kills if kill.kind != "api"]
        self.times: dict[tuple[str, str], list[float]] = defaultdict(list)
        for push in standing.town.pushes():
            tag = push["message"]["android"]["collapse_key"]
            self.times[push["token"], tag].append(push["at"])

    @property
    def repeated(self) -> Counter[tuple[float, str, str]]:
        """Count the repetitions, by the kill before each of them, phone and occasion."""
        seen: Counter[tuple[float, str, str]] = Counter()
        for (token, tag), times in self.times.items():
            for at in times[1:]:
                cause = max((kill.at for kill in self.kills if kill.at < at), default=0.0)
                seen[cause, token, tag] += 1
        return seen

    async def wrong(self, standing: Installation) -> list[str]:
        """More than one repetition for a kill, or a push that was counted and never sent."""
        found = [
            f"{token} was told {tag} again {times} times after the kill at {cause:.1f}"
            for (cause, token, tag), times in self.repeated.items()
            if times > 1 or cause == 0.0
        ]
        handed = Counter(tag for _, tag in self.times)
        for letter in await standing.fetch("SELECT once, accepted FROM post_letter"):
            once, counted = letter["once"], letter["accepted"]
            if handed[tag_of(once)] < counted:
                found.append(f"{once}: {counted} pushes counted, {handed[tag_of(once)]} seen")
        return found
