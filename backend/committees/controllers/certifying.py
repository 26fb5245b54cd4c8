"""Results: settling a tie, certifying, objecting, publishing; the file and the picture."""

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from backend.ballots import signing
from backend.ballots.models import Objection, Vote
from backend.ballots.queries import results
from backend.ballots.rules import certifying as engine
from backend.ballots.rules.digests import canonical
from backend.committees.controllers.results import picture, result
from backend.committees.controllers.showing import shown
from backend.committees.operations import certifying
from backend.committees.permissions.votes import (
    ObjectionSight,
    VoteSight,
    objection_to_answer,
    sight_on,
    vote_in_sight,
    vote_published,
    vote_to_chair,
    vote_to_doubt,
    vote_with_result,
)
from backend.committees.queries import votes as queries
from backend.committees.rules.agenda import WrongItemState
from backend.committees.rules.seats import WrongSeatState
from backend.committees.rules.votes import NoResultYet, NotPublishedYet
from backend.committees.schemas.certifying import (
    ObjectionAnswerIn,
    ObjectionIn,
    ObjectionOut,
    ObjectionsOut,
    SigningKeyOut,
    TieIn,
    VoteResultOut,
)
from backend.committees.schemas.votes import VoteOut
from backend.errors import NotAllowed
from backend.media.paper import results as drawing
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import language, refusals

Asked = Request[Actor, None, State]
BUNDLE = "application/vnd.tongxing.vote"


def _file(media_type: str, means: str) -> dict[int, ResponseSpec]:
    return {
        200: ResponseSpec(bytes, description=means, media_type=media_type, generate_examples=False)
    }


class Certification(Controller):
    """What the chair makes of a count."""

    path = "/votes/{vote_id:uuid}"
    dependencies = {"sight": Provide(vote_in_sight), "chaired": Provide(vote_to_chair)}
    opt = {"policy": Policy.SIGNED_IN}

    @put(
        "/tie",
        operation_id="settleTie",
        summary="平票裁定 Settle a tie",
        responses=refusals(
            NotAllowed, engine.NotCounted, engine.NoTieToSettle, engine.UnknownTieChoice
        ),
    )
    async def settle_tie(
        self,
        data: JSONBody[TieIn],
        request: Asked,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[VoteSight],
    ) -> VoteOut:
        """For the chair, where the rules give them a casting vote, before certifying."""
        vote = await certifying.settle_tie(chaired.vote.id, data.settled_for, by=actor.person_id)
        return await shown(await sight_on(actor, vote), language(request.headers))

    @put(
        "/certification",
        operation_id="certifyVote",
        summary="确认结果 Certify a count",
        responses=refusals(
            NotAllowed, engine.NotCounted, engine.TieUnsettled, WrongItemState, WrongSeatState
        ),
    )
    async def certify_vote(
        self,
        request: Asked,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[VoteSight],
    ) -> VoteOut:
        """For the chair: the count is the server's, nobody types a number. The item is decided
        at once, the electorate is told, and the result may be doubted until its window ends.
        """
        vote = await certifying.certify(chaired.vote.id, by=actor.person_id)
        return await shown(await sight_on(actor, vote), language(request.headers))

    @put(
        "/publication",
        operation_id="publishVote",
        summary="公布结果 Publish a certified result",
        responses=refusals(
            NotAllowed, engine.NotCertified, engine.ObjectionPending, engine.ObjectionWindowOpen
        ),
    )
    async def publish_vote(
        self,
        request: Asked,
        actor: NamedDependency[Actor],
        chaired: NamedDependency[VoteSight],
        settings: NamedDependency[Settings],
    ) -> VoteOut:
        """For the chair, once the window for objections has passed; the house does it by
        itself soon after. What is published never changes.
        """
        vote = await certifying.publish(chaired.vote.id, by=actor.person_id, settings=settings)
        return await shown(await sight_on(actor, vote), language(request.headers))


class Objections(Controller):
    """Doubts about a count."""

    path = "/votes/{vote_id:uuid}/objections"
    dependencies = {"sight": Provide(vote_in_sight)}
    opt = {"policy": Policy.SIGNED_IN}

    @post(
        dependencies={"doubted": Provide(vote_to_doubt)},
        operation_id="objectToVote",
        summary="提出异议 Doubt a count",
        responses=refusals(
            NotAllowed, KeyNeeded, KeyReused, engine.ObjectionsClosed,
            engine.NotEntitledToObject, engine.ObjectionRaised,
        ),
    )  # fmt: skip
    async def object_to(
        self,
        data: JSONBody[ObjectionIn],
        actor: NamedDependency[Actor],
        doubted: NamedDependency[VoteSight],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ObjectionOut:
        """For the electorate and for who runs the body, from the count until its window ends.
        Nothing is published before it is answered.
        """

        async def act() -> ObjectionOut:
            made = await certifying.object_to(
                doubted.vote.id, data.reason, by=actor.person_id, administers=doubted.runs
            )
            return ObjectionOut.of(made, actor.name, actor.person_id)

        return await once(
            actor.person_id, "objectToVote", idempotency_key, (doubted.vote.id, data),
            ObjectionOut, act, secret=settings.secret_key,
        )  # fmt: skip

    @get(operation_id="listObjections", summary="异议 Objections to a count")
    async def list_objections(
        self, actor: NamedDependency[Actor], sight: NamedDependency[VoteSight]
    ) -> ObjectionsOut:
        """All of them for those inside the body and the district's officers; anybody else sees
        their own.
        """
        everything = sight.inside or sight.officer
        rows = await queries.objections(sight.vote.id, None if everything else actor.person_id)
        names = await results.names_of([row.raised_by for row in rows])
        return ObjectionsOut(
            items=[
                ObjectionOut.of(row, names.get(row.raised_by, ""), actor.person_id) for row in rows
            ]
        )


class ObjectionAnswers(Controller):
    """Answering a doubt."""

    path = "/objections/{objection_id:uuid}/answer"
    dependencies = {"raised": Provide(objection_to_answer)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="answerObjection",
        summary="答复异议 Answer an objection",
        responses=refusals(
            NotAllowed, engine.ObjectionAnswered, engine.OwnObjection,
            engine.SecondPersonNeeded, engine.OtherOfficeNeeded, engine.NothingToRecount,
            WrongItemState,
        ),
    )  # fmt: skip
    async def answer(
        self,
        data: JSONBody[ObjectionAnswerIn],
        actor: NamedDependency[Actor],
        raised: NamedDependency[ObjectionSight],
    ) -> ObjectionOut:
        """For the school's administrators and principal, and the district's officers. Either
        rejects it alone; upholding takes one of each, and then the ballots are counted again.
        """
        made: Objection = await certifying.answer(
            raised.objection.id,
            upheld=data.upheld,
            answer=data.answer,
            office=raised.office,
            by=actor.person_id,
        )
        names = await results.names_of([made.raised_by])
        return ObjectionOut.of(made, names.get(made.raised_by, ""), actor.person_id)


class Results(Controller):
    """What a vote came to."""

    path = "/votes/{vote_id:uuid}"
    dependencies = {"sight": Provide(vote_in_sight)}
    opt = {"policy": Policy.SIGNED_IN}

    @get(
        "/result",
        dependencies={"told": Provide(vote_with_result)},
        operation_id="getVoteResult",
        summary="表决结果 What a vote came to",
        responses=refusals(NoResultYet),
    )
    async def get_result(self, told: NamedDependency[VoteSight]) -> VoteResultOut:
        """For those inside the body once it is counted, for everybody who sees the body once it
        is certified. How seats voted in an open vote is told when it is published, to all or to
        those inside as its rule set says; how guardians and households voted, never.
        """
        return await result(told)

    @get(
        "/bundle",
        dependencies={"public": Provide(vote_published)},
        operation_id="getVoteBundle",
        summary="核验文件 The published result, to be checked by anybody",
        responses=_file(BUNDLE, "The file.") | refusals(NotPublishedYet),
    )
    async def get_bundle(self, public: NamedDependency[VoteSight]) -> Response[bytes]:
        """Exactly what was signed, as canonical JSON (RFC 8785); `tongxing verify-vote` checks
        the file without this server.
        """
        vote: Vote = public.vote
        headers = {"content-disposition": f'attachment; filename="vote-{vote.id}.json"'}
        return Response(canonical(vote.bundle), headers=headers, media_type=BUNDLE)

    @get(
        "/picture.png",
        dependencies={"told": Provide(vote_with_result)},
        operation_id="getVotePicture",
        summary="结果图片 A picture of the result, to be passed on",
        responses=_file("image/png", "The picture.") | refusals(NoResultYet),
    )
    async def get_picture(self, told: NamedDependency[VoteSight]) -> Response[bytes]:
        """Once certified. Nobody is named in it."""
        body = await drawing.png(picture(told))
        headers = {"cache-control": "private, no-cache"}
        return Response(body, headers=headers, media_type="image/png")


class SigningKeys(Controller):
    """The key that published results are signed with."""

    path = "/ballots/signing-key"

    @get(
        opt={"policy": Policy.PUBLIC},
        operation_id="getSigningKey",
        summary="结果签名公钥 The key published results are checked with",
    )
    async def get_key(self, settings: NamedDependency[Settings]) -> SigningKeyOut:
        """Anybody's, so that a result can be checked without an account."""
        return SigningKeyOut(
            algorithm=signing.ALGORITHM, public_key=signing.public_key(settings.secret_key)
        )


DUTY = (Certification, Objections, ObjectionAnswers, Results, SigningKeys)
