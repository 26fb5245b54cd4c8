"""What somebody may do in votes, minutes and panels ends with what it came from: the seat, the
guardianship, the office, and the school's own wish to have committees.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.database import execute, fetch
from backend.schools.models import FeatureSwitch, Function
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.state import undone
from tests.authz.world import World

ENDINGS = ("restricted = true", "valid_until = now()")


def _ballot() -> dict[str, Any]:
    return {"attempt": str(uuid4()), "choice": ["a"], "receipt": "0" * 31 + "1"}


async def _end_guardianship(world: World, name: str, ending: str = ENDINGS[1]) -> None:
    changed = await execute(
        f"UPDATE guardianships SET {ending} WHERE person_id = $1", world.people[name]
    )
    assert changed == 1


async def _unseat(world: World, name: str) -> None:
    """End somebody's seat on the committee of their class, and with it what it gave."""
    changed = await execute(
        "UPDATE seats SET state = 'ended', ended_at = now(), ended_reason = 'resigned' "
        "WHERE person_id = $1 AND state <> 'ended'",
        world.people[name],
    )
    assert changed >= 1


async def _boxes(vote_id: UUID) -> int:
    rows = await fetch(
        "SELECT (SELECT count(*) FROM sealed_ballots WHERE vote_id = $1) "
        "+ (SELECT count(*) FROM open_ballots WHERE vote_id = $1) AS n",
        vote_id,
    )
    return int(rows[0]["n"])


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_guardian_who_is_barred_votes_no_more_and_sees_nothing(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    secret, certified = f"/votes/{own.secret_vote}", f"/votes/{own.certified_vote}"
    reads = (
        secret, f"{secret}/ballot", certified, f"{certified}/result", f"{certified}/objections",
        f"/votes/{own.published_vote}/bundle", f"/votes/{own.published_vote}/picture.png",
        f"/bodies/{own.body_id}/votes", f"/bodies/{own.body_id}/decisions",
        f"/meetings/{own.confirmed_minutes}/minutes",
        f"/meetings/{own.filed_minutes}/minutes.docx",
    )  # fmt: skip
    for url in reads:
        assert (await phone.get(url)).status_code == 200, url
    async with undone():
        cast = await phone.put(f"{secret}/ballot", json=_ballot())
        assert cast.status_code == 200, cast.text
        there = await _boxes(own.secret_vote)
        await _end_guardianship(world, "parent", ending)
        for url in reads:
            assert (await phone.get(url)).status_code == 404, url
        again = await phone.put(f"{secret}/ballot", json=_ballot())
        assert again.status_code == 404
        doubt = {"reason": "人数不符"}
        objected = await phone.post(f"/votes/{own.doubted_vote}/objections", json=doubt)
        assert objected.status_code == 404
        assert (await phone.get("/me/votes")).json()["items"] == []
        # What was cast before stays cast, and what was judged stays judged.
        assert await _boxes(own.secret_vote) == there
        panel = await phone.get(f"/panels/{own.published_panel}")
        assert panel.status_code == 200


async def test_whose_seat_has_ended_keeps_the_ballot_and_nothing_else(world: World) -> None:
    own, phone = world.places["own"], world.phones["chair"]
    vote, minutes = f"/votes/{own.open_vote}", f"/meetings/{own.drafted_minutes}/minutes"
    inside = (
        f"/votes/{own.draft_vote}", f"{vote}/turnout", f"{vote}/paper", minutes,
        f"/bodies/{own.body_id}/decisions/chain", f"/votes/{own.counted_vote}/result",
    )  # fmt: skip
    verbs: tuple[tuple[str, dict[str, Any] | None], ...] = (
        (f"{vote}/closure", None),
        (f"{vote}/annulment", {"reason": "题目有误"}),
        (f"{vote}/reminder", None),
        (f"/votes/{own.counted_vote}/certification", None),
        (f"/votes/{own.tied_vote}/tie", {"settledFor": "a"}),
        (f"/votes/{own.certified_vote}/publication", None),
        (f"/votes/{own.draft_vote}/opening", {}),
        (f"{minutes}/remarks", {"remarks": "感谢各位。"}),
        (f"{minutes}/confirmation", {"digest": own.drafted_digest}),
        (f"/meetings/{own.settled_minutes}/minutes/submission", None),
    )
    for url in inside:
        assert (await phone.get(url)).status_code == 200, url
    for url, body in verbs:
        async with undone():
            done = await phone.put(url, json=body)
            assert done.status_code == 200, f"{url} {done.text}"
    async with undone():
        await _unseat(world, "chair")
        for url in inside:
            assert (await phone.get(url)).status_code in (403, 404, 409), url
        for url, body in verbs:
            answer = await phone.put(url, json=body)
            assert answer.status_code in (403, 404), f"{url} {answer.text}"
        # The electorate drawn up at the opening decides who may vote.
        seen = (await phone.get(vote)).json()
        assert (seen["turnout"], seen["recused"], len(seen["myUnits"])) == (None, [], 1)
        assert (await phone.put(f"{vote}/ballot", json=_ballot())).status_code == 200
        # A guardian of the class still reads what everybody there does.
        assert (await phone.get(f"/votes/{own.certified_vote}/result")).status_code == 200
        assert (await phone.get(f"/meetings/{own.filed_minutes}/minutes")).status_code == 200


async def test_a_seat_ends_with_the_guardianship_it_is_held_for(world: World) -> None:
    own, phone = world.places["own"], world.phones["chair"]
    for ending in ENDINGS:
        async with undone():
            await _end_guardianship(world, "chair", ending)
            for vote in (own.open_vote, own.secret_vote, own.draft_vote, own.certified_vote):
                assert (await phone.get(f"/votes/{vote}")).status_code == 404
            refused = await phone.put(f"/votes/{own.open_vote}/ballot", json=_ballot())
            assert refused.status_code == 404
            certify = await phone.put(f"/votes/{own.counted_vote}/certification")
            assert certify.status_code == 404


async def test_a_pupil_who_moved_takes_the_ballot_along_within_the_school_alone(
    world: World,
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    there, vote = world.places["other_class"], f"/votes/{own.secret_vote}"
    async with undone():
        moved = await execute(
            "UPDATE enrolments SET class_id = $2 WHERE student_id = $1 AND until IS NULL",
            own.student_id,
            there.class_id,
        )
        assert moved == 1
        # The electorate was drawn up before: they finish what they were asked.
        assert (await phone.put(f"{vote}/ballot", json=_ballot())).status_code == 200
        assert (await phone.get(vote)).status_code == 200
        # What the class does besides is no longer theirs; what the new one does is.
        assert (await phone.get(f"/votes/{own.published_vote}")).status_code == 404
        assert (await phone.get(f"/meetings/{own.filed_minutes}/minutes")).status_code == 404
        assert (await phone.get(f"/votes/{there.published_vote}")).status_code == 200
        assert (await phone.get(f"/votes/{there.secret_vote}")).status_code == 404
        cast = await phone.put(f"/votes/{there.secret_vote}/ballot", json=_ballot())
        assert cast.status_code == 404
    async with undone():
        await execute("UPDATE students SET left_at = now() WHERE id = $1", own.student_id)
        assert (await phone.get(vote)).status_code == 404
        assert (await phone.put(f"{vote}/ballot", json=_ballot())).status_code == 404


async def test_an_administrator_who_left_sees_and_answers_nothing(world: World) -> None:
    own, phone = world.places["own"], world.phones["admin"]
    reads = (
        f"/votes/{own.open_vote}", f"/votes/{own.counted_vote}/result",
        f"/meetings/{own.drafted_minutes}/minutes", f"/panels/{own.draft_panel}",
        f"/panels/{own.closed_panel}/results", f"/bodies/{own.body_id}/decisions/chain",
    )  # fmt: skip
    answer = {"upheld": False, "answer": "已核对"}
    for url in reads:
        assert (await phone.get(url)).status_code == 200, url
    async with undone():
        await execute(
            "UPDATE standings SET valid_until = now() WHERE person_id = $1", world.people["admin"]
        )
        for url in reads:
            assert (await phone.get(url)).status_code == 404, url
        said = await phone.put(f"/objections/{own.doubted_objection}/answer", json=answer)
        assert said.status_code == 404
        opened = await phone.put(f"/panels/{own.draft_panel}/opening")
        assert opened.status_code == 404
    async with undone():
        await execute(
            "UPDATE standings SET role = 'subject_teacher' WHERE person_id = $1",
            world.people["admin"],
        )
        for url in reads[:3]:
            assert (await phone.get(url)).status_code == 404, url


async def test_whoever_owns_a_decision_carries_it_out_after_their_seat_has_ended(
    world: World,
) -> None:
    own, phone = world.places["own"], world.phones["class_teacher"]
    url, note = f"/decisions/{own.decision_id}/completion", {"note": "已签约"}
    async with undone():
        await execute(
            "UPDATE standings SET valid_until = now() WHERE person_id = $1",
            world.people["class_teacher"],
        )
        assert (await phone.get(f"/bodies/{own.body_id}/decisions")).status_code == 404
        assert (await phone.put(url, json=note)).status_code == 200


def _of_committees(matrix: Matrix) -> Iterator[str]:
    modules = ("votes", "ballots", "certifying", "paper", "my_votes", "minutes", "decisions",
               "panel")  # fmt: skip
    for name, operation in matrix.operations.items():
        module = str(getattr(operation.handler.fn, "__module__", ""))
        if ".committees." in module and module.rpartition(".")[2].startswith(modules):
            yield name


async def test_where_the_school_wants_no_committees_there_are_none(matrix: Matrix) -> None:
    own = matrix.world.places["own"]
    variants = {
        "draftVote": "votable", "answerObjection": "doubted", "answerMinutesObjection": "confirmed",
        "objectToMinutes": "confirmed", "getMinutes": "filed", "getMinutesDocx": "filed",
        "getMinutesPdf": "filed", "scorePanelEntry": "open", "fileMinutes": "submitted",
    }  # fmt: skip
    routes = sorted(_of_committees(matrix))
    assert len(routes) >= 60
    everywhere = {"getSigningKey"}
    of_districts = {name for name in routes if "District" in name}
    async with undone():
        await FeatureSwitch.create(
            school_id=own.school_id, function=Function.COMMITTEES, is_on=False
        )
        for name in routes:
            if name in everywhere | of_districts:
                continue
            for who in ("parent", "chair", "class_teacher", "admin"):
                cell = Cell(who, "own", frozenset({404}))
                answer = await matrix.send(matrix.operations[name], variants.get(name, ""), cell)
                assert answer.status_code == 404, f"{name} {who}: {answer.text}"
