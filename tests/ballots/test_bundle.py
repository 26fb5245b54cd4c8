"""What goes out of votes of every kind: it can be checked, and it tells on nobody."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from typer.testing import CliRunner

from backend.ballots import signing, verifying
from backend.ballots.models import Method, Mode, Office, Unit, Vote
from backend.ballots.operations import certifying, paper
from backend.ballots.operations.voting import UnitDraft
from backend.ballots.queries import turnout
from backend.ballots.rules.bundle import Shown
from backend.ballots.rules.charter import ORDINARY, PERSONNEL, Tie
from backend.ballots.rules.digests import canonical, commitment
from backend.ballots.rules.paper import PaperChoice
from backend.cli import app
from backend.database import fetch
from backend.settings import Settings
from tests.ballots import chairing, stage
from tests.ballots.chairing import ABSTAIN, AGAINST, FOR, MOTION
from tests.ballots.stage import Put

NAMELESS = msgspec.structs.replace(ORDINARY, names_shown=False)
CASTING = msgspec.structs.replace(ORDINARY, tie=Tie.CHAIR)
PLURAL = msgspec.structs.replace(PERSONNEL, majority=None)
SECRET: dict[str, Any] = {"mode": Mode.SECRET, "rules": PERSONNEL}
OPTIONS = [{"key": key, "label": f"人选{key}"} for key in ("b", "a", "c")]
RANKED: dict[str, Any] = {"method": Method.RANKED, "options": OPTIONS}
ORDERS = [("a", "b", "c")] * 3 + [("b", "c")] * 2 + [("c", "b"), ABSTAIN]


async def finish(put: Put, settings: Settings) -> Put:
    """Close, certify and publish a vote."""
    put.vote = await chairing.close(put, settings)
    if put.vote.outcome == "tied" and put.vote.rules["tie"] == "chair":
        await certifying.settle_tie(put.id, "for", by=await chairing.a_chair())
    await certifying.certify(put.id, by=await chairing.a_chair())
    await chairing.turn_back(put.id, days=4)
    put.vote = await certifying.publish(put.id, settings=settings)
    return put


async def by_name(settings: Settings) -> Put:
    voters = await stage.people(9)
    units = [
        UnitDraft(ref_id=uuid4(), label=f"委员{at}", constituency="parents", voter_ids=(voter,))
        for at, voter in enumerate(voters)
    ]
    put = await stage.put(settings, units=units)
    for at, choice in enumerate(MOTION):
        await stage.say(put, at, *choice)
    return await finish(put, settings)


async def of_households(settings: Settings) -> Put:
    voters = await stage.people(12)
    units = [
        UnitDraft(ref_id=uuid4(), label="", voter_ids=tuple(voters[at : at + 2]))
        for at in range(0, 12, 2)
    ]
    put = await stage.put(settings, units=units, unit=Unit.HOUSEHOLD, **SECRET)
    for at in range(5):
        await stage.say(put, at, "for" if at else "against")
    return await finish(put, settings)


async def on_paper(settings: Settings, **more: Any) -> Put:
    put = await stage.put(settings, 14, **more)
    lines = [PaperChoice(choice=FOR, count=3), PaperChoice(choice=AGAINST, count=2)]
    await paper.enter(put.id, put.units[:6], lines, 1, by=stage.CHAIR)
    await paper.confirm(put.id, by=uuid4())
    for at in range(6, 12):
        await stage.say(put, at, "for")
    return await finish(put, settings)


async def few_on_phones(settings: Settings) -> Put:
    put = await stage.put(settings, 14, **SECRET)
    lines = [PaperChoice(choice=FOR, count=8)]
    await paper.enter(put.id, put.units[:8], lines, by=stage.CHAIR)
    await paper.confirm(put.id, by=uuid4())
    for at in range(8, 11):
        await stage.say(put, at, "against")
    return await finish(put, settings)


async def recounted(settings: Settings) -> Put:
    put = await chairing.certified(settings, **SECRET)
    objection = await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    for _ in range(2):
        await certifying.answer_objection(
            objection.id, upheld=True, answer="重新计票", office=Office.DISTRICT, by=uuid4()
        )
    await certifying.certify(put.id, by=await chairing.a_chair())
    await chairing.turn_back(put.id, days=4)
    put.vote = await certifying.publish(put.id, settings=settings)
    return put


def plain(ballots: list[tuple[str, ...]], **more: Any) -> Callable[[Settings], Awaitable[Put]]:
    async def make(settings: Settings) -> Put:
        return await chairing.published(settings, ballots, **more)

    return make


async def settled(settings: Settings) -> Put:
    put = await stage.put(settings, 5, rules=CASTING)
    for at, choice in enumerate([FOR, FOR, AGAINST, AGAINST]):
        await stage.say(put, at, *choice)
    return await finish(put, settings)


KINDS: dict[str, tuple[Callable[[Settings], Awaitable[Put]], Shown]] = {
    "open by name": (by_name, Shown.NAMES),
    "open without names": (plain(MOTION, rules=NAMELESS), Shown.CHOICES),
    "open among guardians": (plain(MOTION, unit=Unit.PERSON), Shown.NAMES),
    "open, ranked": (plain(ORDERS, **RANKED), Shown.NAMES),
    "open with paper": (on_paper, Shown.NAMES),
    "secret": (plain(MOTION, **SECRET), Shown.RECEIPTS),
    "secret among households": (of_households, Shown.RECEIPTS),
    "secret, ranked": (
        plain(ORDERS, mode=Mode.SECRET, rules=PLURAL, **RANKED), Shown.RECEIPTS,
    ),
    "secret with paper": (lambda settings: on_paper(settings, **SECRET), Shown.RECEIPTS),
    "secret, few on phones": (few_on_phones, Shown.RECEIPTS),
    "small and secret": (plain([FOR] * 3 + [AGAINST], silent=3, **SECRET), Shown.RECEIPTS),
    "after a recount": (recounted, Shown.RECEIPTS),
    "tied and settled": (settled, Shown.NAMES),
    "no quorum": (plain([FOR], silent=6), Shown.NAMES),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_is_published_can_be_checked(
    db: None, settings: Settings, kind: str, tmp_path: Path
) -> None:
    make, shown = KINDS[kind]
    put = await make(settings)
    kept = (await Vote.get(id=put.id)).bundle
    assert kept is not None and kept == put.vote.bundle
    key = signing.public_key(settings.secret_key)
    report = verifying.verify(canonical(kept), key)
    assert [finding for finding in report.findings if finding.faults] == []
    assert report.bundle.ballots.shown is shown
    file = tmp_path / "result.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
    done = CliRunner().invoke(app, ["verify-vote", str(file), "--key", key])
    assert (done.exit_code, "结果可信" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("kind", [kind for kind, (_, shown) in KINDS.items()])
async def test_no_result_names_a_voter_beside_the_seats_of_an_open_vote(
    db: None, settings: Settings, kind: str
) -> None:
    put = await KINDS[kind][0](settings)
    bundle = verifying.verify(canonical(put.vote.bundle)).bundle
    text = canonical(put.vote.bundle).decode()
    rows = await fetch(
        "SELECT u.ref_id, u.salt, v.person_id FROM voting_units u "
        "JOIN voters v ON v.unit_id = u.id WHERE u.vote_id = $1",
        put.id,
    )
    assert rows
    for row in rows:
        assert not any(str(value) in text for value in row.values())
    named = {unit.name for unit in bundle.electorate.units} - {None, ""}
    assert bool(named) is (kind == "open by name")
    if put.vote.mode == Mode.SECRET:
        # Nothing that says what was chosen stands in one part with a unit.
        assert bundle.ballots.names is bundle.ballots.choices is None
        assert set(msgspec.to_builtins(bundle.electorate.units[0])) == {
            "id", "commitment", "took_part", "name",
        }  # fmt: skip


async def test_a_voter_recognises_the_own_line_and_the_own_receipt(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 7, **SECRET)
    mine = "5e" * 16
    await stage.say(put, 0, "against", receipt=mine)
    for at in range(1, 6):
        await stage.say(put, at, "for")
    await finish(put, settings)
    bundle = verifying.verify(canonical(put.vote.bundle)).bundle
    [unit] = await turnout.units_of(put.id, put.voters[0])
    line = next(line for line in bundle.electorate.units if line.id == str(unit.id))
    assert line.took_part
    assert line.commitment == commitment(unit.salt, unit.ref_id, unit.voter_ids)
    assert verifying.is_counted(bundle, mine) is True


async def test_few_on_phones_are_not_found_by_taking_the_paper_away(
    db: None, settings: Settings
) -> None:
    put = await few_on_phones(settings)
    bundle = verifying.verify(canonical(put.vote.bundle)).bundle
    assert bundle.tally is None and bundle.ballots.receipts == []
    assert bundle.paper is not None
    assert (bundle.paper.ballots, bundle.paper.choices, bundle.result.cast) == (8, None, 11)


async def test_a_result_without_names_keeps_no_order(db: None, settings: Settings) -> None:
    """The choices stand in the order of the alphabet, whoever voted first."""
    put = await chairing.published(settings, [ABSTAIN, FOR, AGAINST, FOR], rules=NAMELESS)
    bundle = verifying.verify(canonical(put.vote.bundle)).bundle
    assert bundle.ballots.choices == [["abstain"], ["against"], ["for"], ["for"]]


def test_the_command_says_what_it_found(tmp_path: Path) -> None:
    from tests.ballots.results import KEY, tampered
    from tests.ballots.tamperings import RESULTS, at

    run, file = CliRunner(), tmp_path / "result.json"
    file.write_bytes(canonical(RESULTS["secret"]))
    sound = run.invoke(app, ["verify-vote", str(file)])
    assert (sound.exit_code, "签名人未核对" in sound.stdout) == (0, True)
    receipts = RESULTS["secret"].ballots.receipts
    assert receipts is not None
    listed = run.invoke(app, ["verify-vote", str(file), "--receipt", receipts[0]])
    assert (listed.exit_code, "your receipt is listed" in listed.stdout) == (0, True)
    missing = run.invoke(app, ["verify-vote", str(file), "--receipt", "0" * 32])
    assert (missing.exit_code, "your receipt is not listed" in missing.stdout) == (1, True)
    other = run.invoke(app, ["verify-vote", str(file), "--key", "0" * 64])
    assert (other.exit_code, "somebody else signed this" in other.stdout) == (1, True)
    file.write_bytes(tampered(RESULTS["secret"], at("recounts", to=1), resign=True))
    bent = run.invoke(app, ["verify-vote", str(file), "--key", KEY])
    assert (bent.exit_code, "结果不可信 not sound" in bent.stdout) == (1, True)
    assert "✗ 异议都有答复" in bent.stdout and "✓ 签名与内容相符" in bent.stdout
    file.write_text("no result")
    assert run.invoke(app, ["verify-vote", str(file)]).exit_code == 2
    assert run.invoke(app, ["verify-vote", str(tmp_path / "nothing")]).exit_code == 2
