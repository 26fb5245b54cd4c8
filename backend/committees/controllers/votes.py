"""Votes: putting the question, opening it, turnout, reminding, closing, annulling."""

import msgspec
from litestar import Controller, Request, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.ballots.models import CloseReason, Method, Mode, Unit, Vote
from backend.ballots.queries import turnout
from backend.ballots.rules import states
from backend.ballots.rules.charter import RuleSet
from backend.ballots.rules.counting import BadQuestion
from backend.committees.controllers import my_votes as lists
from backend.committees.controllers.showing import shown
from backend.committees.models import AgendaItem, Constituency
from backend.committees.operations import votes
from backend.committees.operations.votes import Drafted
from backend.committees.permissions.agenda import item_in_sight, item_to_chair
from backend.committees.permissions.votes import (
    VoteSight,
    sight_on,
    vote_from_inside,
    vote_in_sight,
    vote_to_annul,
    vote_to_chair,
)
from backend.committees.queries import votes as queries
from backend.committees.rules import votes as rules
from backend.committees.rules.agenda import NotWaitedYet, WrongItemState
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.votes import (
    AnnulmentIn,
    ConstituencyTurnoutOut,
    VoteIn,
    VoteOpeningIn,
    VoteOut,
    VoteReminderOut,
    VoteTurnoutOut,
)
from backend.errors import NotAllowed
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import language, refusals

Asked = Request[Actor, None, State]
_DRAFTED = (
    BadQuestion, WrongBodyState, WrongItemState, rules.SecrecyDemanded, rules.UnitOfTheRules,
    rules.ClosesTooSoon, rules.ClosesTooLate,
)  # fmt: skip


class ItemVotes(Controller):
    """Putting an agenda item to the vote."""

    path = "/agenda-items/{item_id:uuid}/vote"
    dependencies = {"held": Provide(item_in_sight), "chaired": Provide(item_to_chair)}
    opt = {"policy": Policy.SIGNED_IN}

    @post(
        operation_id="draftVote",
        summary="起草表决 Draw up the question of an agenda item",
        responses=refusals(NotAllowed, KeyNeeded, KeyReused, rules.AlreadyPut, *_DRAFTED),
    )
    async def draft_vote(
        self,
        data: JSONBody[VoteIn],
        request: Asked,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> VoteOut:
        """For the chair, once the item is scheduled. Mode and unit are those of the rules that
        were frozen then: a secret ballot cannot be made open, and who votes cannot be narrowed.
        """

        async def act() -> VoteOut:
            made = await votes.draft(chaired.id, _drafted(data), by=actor.person_id)
            return await shown(await sight_on(actor, made), language(request.headers))

        return await once(
            actor.person_id, "draftVote", idempotency_key, (chaired.id, data), VoteOut, act,
            secret=settings.secret_key,
        )  # fmt: skip


class Votes(Controller):
    """One vote."""

    path = "/votes/{vote_id:uuid}"
    dependencies = {"sight": Provide(vote_in_sight)}
    opt = {"policy": Policy.SIGNED_IN}

    @get(operation_id="getVote", summary="表决 A vote, as the caller may see it")
    async def get_vote(self, request: Asked, sight: NamedDependency[VoteSight]) -> VoteOut:
        """Voters see the question, the electorate's size and digest, their own units and
        whether these have voted; inside the body also the turnout; everybody else at its level
        once the result is certified.
        """
        return await shown(sight, language(request.headers))

    @put(
        dependencies={"chaired": Provide(vote_to_chair)},
        operation_id="rewriteVote",
        summary="修改表决草稿 Word a draft anew",
        responses=refusals(NotAllowed, states.NotDraft, *_DRAFTED),
    )
    async def rewrite_vote(
        self,
        data: JSONBody[VoteIn],
        request: Asked,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[VoteSight],
    ) -> VoteOut:
        """For the chair, until it opens."""
        vote = await votes.rewrite(chaired.vote.id, _drafted(data), by=actor.person_id)
        return await shown(await sight_on(actor, vote), language(request.headers))

    @delete(
        dependencies={"chaired": Provide(vote_to_chair)},
        operation_id="discardVote",
        summary="删除表决草稿 Throw a draft away",
        responses=refusals(NotAllowed, states.NotDraft),
    )
    async def discard_vote(
        self, actor: NamedDependency[Actor], chaired: NamedDependency[VoteSight]
    ) -> None:
        """For the chair, until it opens."""
        await votes.discard(chaired.vote.id, by=actor.person_id)

    @put(
        "/opening",
        dependencies={"chaired": Provide(vote_to_chair)},
        operation_id="openVote",
        summary="发起表决 Open a vote",
        responses=refusals(
            NotAllowed, WrongBodyState, WrongItemState, NotWaitedYet, rules.ClosesTooSoon,
            rules.ClosesTooLate, states.NotDraft, states.ElectorateTooSmall,
            states.NobodyEntitled, states.KeysUnwritable, states.ClosesInThePast,
        ),
    )  # fmt: skip
    async def open_vote(
        self,
        data: JSONBody[VoteOpeningIn],
        request: Asked,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[VoteSight],
        settings: NamedDependency[Settings],
    ) -> VoteOut:
        """For the chair: while the item is discussed, or in writing once its notice has passed.
        The electorate is drawn up now, without whoever stands aside, and everybody in it is
        told. At a meeting it stays open for ten minutes at least, otherwise for a day, unless
        everybody has voted.
        """
        vote = await votes.open_vote(
            chaired.vote.id, data.closes_at, by=actor.person_id, settings=settings
        )
        return await shown(await sight_on(actor, vote), language(request.headers))

    @put(
        "/reminder",
        dependencies={"chaired": Provide(vote_to_chair)},
        operation_id="remindVoters",
        summary="提醒未投票者 Remind those who have not voted",
        responses=refusals(NotAllowed, states.NotOpen, rules.RemindedLately),
    )
    async def remind_voters(
        self, actor: NamedDependency[Actor], chaired: NamedDependency[VoteSight]
    ) -> VoteReminderOut:
        """For the chair, once in twelve hours. The house reminds them by itself a day before
        the deadline.
        """
        told = await votes.remind(chaired.vote.id, by=actor.person_id)
        return VoteReminderOut(told=told)

    @get(
        "/turnout",
        dependencies={"inner": Provide(vote_from_inside)},
        operation_id="getVoteTurnout",
        summary="投票进度 How many have voted",
        responses=refusals(NotAllowed),
    )
    async def get_turnout(self, inner: NamedDependency[VoteSight]) -> VoteTurnoutOut:
        """For those inside the body; never which units, and before the vote closes no choice."""
        vote: Vote = inner.vote
        counted = await queries.taken_part(vote)
        needed = rules.quorum_needed(msgspec.convert(vote.rules, RuleSet), vote.entitled)
        rows = rules.shown_constituencies(await turnout.by_constituency(vote.id))
        return VoteTurnoutOut(
            entitled=vote.entitled,
            cast=counted.cast,
            on_paper=counted.on_paper,
            quorum_needed=needed,
            has_quorum=counted.cast >= needed,
            constituencies=[
                ConstituencyTurnoutOut(
                    constituency=Constituency(row.constituency),
                    entitled=row.entitled,
                    cast=row.cast,
                )
                for row in rows
            ],
        )

    @put(
        "/closure",
        dependencies={"chaired": Provide(vote_to_chair)},
        operation_id="closeVote",
        summary="结束投票 Close a vote and count it",
        responses=refusals(
            NotAllowed, states.NotOpen, states.TooEarlyToClose,
        ),
    )  # fmt: skip
    async def close_vote(
        self,
        request: Asked,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[VoteSight],
        settings: NamedDependency[Settings],
    ) -> VoteOut:
        """For the chair, where the rules let them. Votes close by themselves at the deadline
        and, where the rules say so, once everybody has voted.
        """
        vote = await votes.close(
            chaired.vote.id, CloseReason.CHAIR, by=actor.person_id, settings=settings
        )
        return await shown(await sight_on(actor, vote), language(request.headers))

    @put(
        "/annulment",
        dependencies={"annulled": Provide(vote_to_annul)},
        operation_id="annulVote",
        summary="取消表决 Call a vote off",
        responses=refusals(NotAllowed, states.NotUnderWay),
    )
    async def annul_vote(
        self,
        data: JSONBody[AnnulmentIn],
        request: Asked,
        actor: NamedDependency[Actor],
        annulled: NamedDependency[VoteSight],
        settings: NamedDependency[Settings],
    ) -> VoteOut:
        """For the chair and for who runs the body, until it is counted. Whoever could vote
        reads the reason; ballots stay sealed for good.
        """
        vote = await votes.annul(
            annulled.vote.id, data.reason, by=actor.person_id, settings=settings
        )
        return await shown(await sight_on(actor, vote), language(request.headers))


def _drafted(data: VoteIn) -> Drafted:
    return Drafted(
        title=data.title,
        text=data.text,
        method=Method(data.method.value),
        options=[(option.key, option.label) for option in data.options],
        choose_most=data.choose_most,
        winners=data.winners,
        mode=Mode(data.mode.value) if data.mode else None,
        unit=Unit(data.unit.value) if data.unit else None,
        closes_at=data.closes_at,
    )


DUTY = (ItemVotes, Votes, *lists.DUTY)
