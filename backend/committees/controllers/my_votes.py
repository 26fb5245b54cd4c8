"""Lists of votes: a body's, and those the caller may take part in."""

from datetime import timedelta

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend import clock
from backend.committees.models import Body
from backend.committees.permissions.bodies import BodySight, body_in_sight, the
from backend.committees.queries import votes as queries
from backend.committees.schemas.votes import MyVoteOut, MyVotesOut, VoteCard, VotePage
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

KEPT = timedelta(days=180)
"""How long a vote that is over stays in its voters' list."""


class BodyVotes(Controller):
    """A body's votes."""

    path = "/bodies/{body_id:uuid}/votes"
    dependencies = {"within": Provide(body_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listBodyVotes",
        summary="表决列表 A body's votes",
        responses=refusals(BadCursor),
    )
    async def list_votes(
        self,
        within: NamedDependency[BodySight],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> VotePage:
        """Newest first; from outside the body those whose result is certified."""
        of: Body = the(within)
        purpose = f"votes:{of.id}:{within.inside}"
        rows = await queries.of_body(
            of.id,
            inside=within.inside,
            after=cursors.open(purpose, cursor, Position) if cursor else None,
            limit=limit + 1,
        )
        last = rows[limit - 1] if len(rows) > limit else None
        return VotePage(
            items=[VoteCard.of(row) for row in rows[:limit]],
            next_cursor=cursors.seal(purpose, Position(last["created_at"], last["id"]))
            if last
            else None,
        )


class MyVotes(Controller):
    """What the caller may take part in."""

    path = "/me/votes"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyVotes",
        summary="我的表决 Votes I owe a ballot, and those I took part in",
    )
    async def list_mine(self, actor: NamedDependency[Actor]) -> MyVotesOut:
        """Those that still want the caller's ballot first, the next deadline at the top; then
        what is over, for half a year. A hundred at most.
        """
        rows = await queries.mine(actor.person_id, clock.now() - KEPT)
        return MyVotesOut(items=[MyVoteOut.of(row) for row in rows])


DUTY = (BodyVotes, MyVotes)
