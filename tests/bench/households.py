"""Three thousand households of the large school, and the votes they are asked to take part in.

Each has two guardians, of whom the first votes. Two thirds and a little more are for it.
"""

import base64
import json
import time
from collections import Counter
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from backend import clock
from backend.ballots import keys, sealing
from backend.ballots.models import Method, Mode, Unit, Vote
from backend.ballots.operations import closing, voting
from backend.ballots.operations.voting import VoteContent, seal_of
from backend.ballots.queries.electorates import UnitDraft, of_node
from backend.ballots.rules.charter import ORDINARY
from backend.committees.models import AgendaItem, Body, BodyKind, BodyState, Level, Matter
from tests.bench import district, phones
from tests.bench.ground import Ground

HOUSEHOLDS = 3_000
GRADES = 3
COUNT = "SELECT choice, count(*) FROM open_ballots WHERE vote_id = $1 GROUP BY choice"
BOXES = "SELECT box FROM sealed_ballots WHERE vote_id = $1"
CHOICES = ("for", "against", "abstain")
RULES = msgspec.structs.replace(
    ORDINARY, unit=Unit.HOUSEHOLD, closes_when_all_voted=False, chair_may_close=True
)
SCHOOL = district.row_id(district.SCHOOL, district.LARGE)
OFFICER = district.row_id(district.PERSON, district.ADMIN + district.LARGE)


def choice(household: int) -> str:
    """Return what a household is for."""
    return CHOICES[0] if household % 10 < 7 else CHOICES[1] if household % 10 < 9 else CHOICES[2]


SHARES = Counter(choice(household) for household in range(HOUSEHOLDS))


class Poll(NamedTuple):
    """A vote, and its units by their first guardian."""

    vote: Vote
    units: dict[UUID, UUID]


class Households:
    """Puts questions to the households and writes their ballots."""

    def __init__(
        self, ground: Ground, connection: "asyncpg.Connection[Any]", tokens: list[str]
    ) -> None:
        self.ground, self.connection, self.tokens = ground, connection, tokens
        self.units: list[UnitDraft] = []
        self.item = UUID(int=0)

    @staticmethod
    def voters() -> list[UUID]:
        """Return the guardians who vote, in the order of the households."""
        return [district.guardian(district.LARGE, 2 * n) for n in range(HOUSEHOLDS)]

    async def found(self) -> None:
        """Make the committee and its agenda, and draw up the electorate."""
        now = clock.now()
        matter = await Matter.create(title="校服选购")
        body = await Body.create(
            kind=BodyKind.PARENT_COMMITTEE,
            level=Level.SCHOOL,
            district_id=district.row_id(district.DISTRICT, 1),
            school_id=SCHOOL,
            name="家长委员会",
            state=BodyState.ACTIVE,
            term_from=date(2026, 9, 1),
            term_until=date(2027, 8, 31),
            founded_by=OFFICER,
            created_at=now,
            activated_at=now,
        )
        item = await AgendaItem.create(
            body=body, matter=matter, title="校服方案", proposer_id=OFFICER, created_at=now
        )
        self.item = item.id
        for grade in range(GRADES):
            node = district.row_id(district.GRADE, district.LARGE * 1000 + grade)
            self.units += await of_node(node, Level.GRADE, Unit.HOUSEHOLD)
        assert len(self.units) == HOUSEHOLDS
        await self.connection.execute(
            "CREATE TABLE bench.ballots (v int PRIMARY KEY, choice text[] NOT NULL);"
            "CREATE TABLE bench.voters (v int PRIMARY KEY, person_id uuid NOT NULL)"
        )
        await self.connection.copy_records_to_table(
            "voters", schema_name="bench", records=list(enumerate(self.voters()))
        )

    async def poll(self, mode: Mode) -> Poll:
        """Open a vote of its own for a round."""
        content = VoteContent(
            district_id=district.row_id(district.DISTRICT, 1),
            school_id=SCHOOL,
            subject_id=self.item,
            title="是否采用新校服方案",
            method=Method.MOTION,
            mode=mode,
            unit=Unit.HOUSEHOLD,
            rules=RULES,
            rule_set_id=uuid4(),
            closes_at=clock.now() + timedelta(hours=1),
        )
        draft = await voting.draft(content, by=OFFICER)
        vote = await voting.open_vote(
            draft.id, self.units, by=OFFICER, settings=self.ground.settings
        )
        rows = await self.connection.fetch(
            "SELECT person_id, unit_id FROM voters WHERE vote_id = $1", vote.id
        )
        await self.connection.execute("VACUUM (ANALYZE) votes, voters, voting_units")
        await self.connection.execute("CHECKPOINT")
        return Poll(vote, {row["person_id"]: row["unit_id"] for row in rows})

    def requests(self, poll: Poll, *, on_phone: bool) -> list[bytes]:
        """Return every household's ballot as it goes over the wire."""
        found = []
        for household, token in enumerate(self.tokens):
            says: dict[str, object] = {"choice": [choice(household)]}
            receipt = f"{uuid4().int:032x}"
            if on_phone:
                inside = sealing.Ballot(choice=(choice(household),), receipt=receipt)
                box = sealing.close(seal_of(poll.vote), inside)
                says = {"sealed": base64.b64encode(box).decode()}
            elif poll.vote.mode == Mode.SECRET:
                says["receipt"] = receipt
            body = json.dumps({**says, "attempt": str(uuid4())}).encode()
            path = f"/v1/votes/{poll.vote.id}/ballot"
            found.append(phones.request("PUT", path, token, body=body))
        return found

    async def plainly(self, poll: Poll) -> float:
        """Return the seconds it takes to do what no count of this vote can do without.

        Open ballots are counted by one statement. Of boxes each has to be opened, by the
        library alone: no choice is looked at, none is added up.
        """
        begun = time.perf_counter()
        if poll.vote.mode == Mode.OPEN:
            await self.connection.fetch(COUNT, poll.vote.id)
            return time.perf_counter() - begun
        directories = self.ground.settings.ballot_key_directories
        private = keys.load(directories, poll.vote.id, poll.vote.public_key)
        key, info = X25519PrivateKey.from_private_bytes(private), seal_of(poll.vote).info
        for row in await self.connection.fetch(BOXES, poll.vote.id):
            sealing._SUITE.decrypt(row["box"], key, info=info)
        return time.perf_counter() - begun

    async def counted(self, poll: Poll) -> float:
        """Return the seconds the product takes to count what lies in the box."""
        begun = time.perf_counter()
        await closing.counted(poll.vote, None, self.ground.settings)
        return time.perf_counter() - begun

    async def left(self, poll: Poll) -> int:
        """Return how many boxes and keys a counted vote has left behind."""
        boxes = await self.connection.fetchval(
            "SELECT count(*) FROM sealed_ballots WHERE vote_id = $1", poll.vote.id
        )
        files = [
            file
            for place in self.ground.settings.ballot_key_directories
            for file in place.glob(f"{poll.vote.id}*")
        ]
        return int(boxes) + len(files)
