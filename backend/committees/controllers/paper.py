"""Paper ballots: entering them, and the second pair of eyes."""

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.ballots.models import PaperBallots, PaperState, Vote
from backend.ballots.operations import paper as engine
from backend.ballots.queries import results
from backend.ballots.rules import paper as rules
from backend.ballots.rules.paper import PaperChoice
from backend.committees.operations import paper
from backend.committees.permissions.votes import (
    VoteSight,
    sees_units,
    vote_from_inside,
    vote_in_sight,
    vote_to_keep,
)
from backend.committees.queries import votes as queries
from backend.committees.rules.paper import PaperDiffers
from backend.committees.schemas.paper import (
    PaperBallotsIn,
    PaperBallotsOut,
    PaperChoiceIn,
    PaperChoiceOut,
    PaperConfirmationIn,
    PaperUnitOut,
)
from backend.errors import NotAllowed, TooMany
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals


class Paper(Controller):
    """What was cast on paper in a vote."""

    path = "/votes/{vote_id:uuid}/paper"
    dependencies = {"sight": Provide(vote_in_sight), "inner": Provide(vote_from_inside)}
    opt = {"policy": Policy.SIGNED_IN}

    @get(
        operation_id="getPaperBallots",
        summary="纸质选票 What was entered of paper ballots",
        responses=refusals(NotAllowed),
    )
    async def get_paper(
        self, actor: NamedDependency[Actor], inner: NamedDependency[VoteSight]
    ) -> PaperBallotsOut:
        """For those inside the body: whether paper was entered and waits for a second person;
        what it says is for the two who counted it. Chair and secretary also get the
        electorate's units to enter from: seats by name, households of a class by their
        children, larger electorates only if they work at the school.
        """
        return await _shown(inner, actor)

    @put(
        dependencies={"kept": Provide(vote_to_keep)},
        operation_id="enterPaperBallots",
        summary="录入纸质选票 Enter paper ballots",
        responses=refusals(
            NotAllowed, rules.PaperTooLate, rules.PaperEntered, rules.UnknownUnits,
            rules.PaperTooFew, rules.VotedByPhone, rules.PaperMisread, rules.PaperMiscounted,
        ),
    )  # fmt: skip
    async def enter_paper(
        self,
        data: JSONBody[PaperBallotsIn],
        actor: NamedDependency[Actor],
        kept: NamedDependency[VoteSight],
    ) -> PaperBallotsOut:
        """For chair and secretary, while the vote is open. Those units vote on no phone any
        more; the ballots count once somebody else has confirmed them.
        """
        await paper.enter(
            kept.vote.id,
            data.unit_ids,
            _lines(data.choices),
            data.invalid,
            by=actor.person_id,
        )
        return await _shown(kept, actor)

    @put(
        "/confirmation",
        operation_id="confirmPaperBallots",
        summary="复核纸质选票 Confirm paper ballots as a second person",
        responses=refusals(
            NotAllowed, rules.PaperTooLate, rules.NoPaper, rules.PaperNeedsAnother,
            PaperDiffers, TooMany,
        ),
    )  # fmt: skip
    async def confirm_paper(
        self,
        data: JSONBody[PaperConfirmationIn],
        actor: NamedDependency[Actor],
        inner: NamedDependency[VoteSight],
        settings: NamedDependency[Settings],
    ) -> PaperBallotsOut:
        """For anybody inside the body but whoever entered them, who counts the paper again and
        sends what they have counted, without having seen what was entered. A vote that waited
        for this is counted.
        """
        await paper.confirm(
            inner.vote.id, _lines(data.choices), data.invalid, by=actor.person_id,
            settings=settings,
        )  # fmt: skip
        return await _shown(inner, actor)

    @delete(
        dependencies={"kept": Provide(vote_to_keep)},
        operation_id="withdrawPaperBallots",
        summary="撤回纸质选票 Take back what was entered",
        responses=refusals(NotAllowed, rules.PaperTooLate, rules.NoPaper, rules.PaperConfirmed),
    )
    async def withdraw_paper(
        self, actor: NamedDependency[Actor], kept: NamedDependency[VoteSight]
    ) -> None:
        """For chair and secretary: to enter them anew, or to let those units vote on phones."""
        await engine.withdraw(kept.vote.id, by=actor.person_id)


def _lines(choices: list[PaperChoiceIn]) -> list[PaperChoice]:
    return [PaperChoice(choice=tuple(one.choice), count=one.count) for one in choices]


async def _shown(sight: VoteSight, actor: Actor) -> PaperBallotsOut:
    vote: Vote = sight.vote
    entered: PaperBallots | None = await queries.paper(vote.id)
    people = [entered.entered_by, entered.confirmed_by] if entered else []
    names = await results.names_of([person for person in people if person is not None])
    units = await queries.units(vote.id) if sees_units(sight) else []
    return PaperBallotsOut(
        state=PaperState(entered.state) if entered else None,
        choices=[
            PaperChoiceOut(choice=list(line["choice"]), count=line["count"])
            for line in entered.choices
        ]
        if entered and actor.person_id in people
        else None,
        invalid=entered.invalid if entered and actor.person_id in people else None,
        units=[
            PaperUnitOut(unit_id=row["id"], label=row["label"], on_paper=row["on_paper"])
            for row in units
        ],
        entered_by=names.get(entered.entered_by) if entered else None,
        entered_at=entered.entered_at if entered else None,
        confirmed_by=names.get(entered.confirmed_by) if entered and entered.confirmed_by else None,
        confirmed_at=entered.confirmed_at if entered else None,
    )


DUTY = (Paper,)
