"""Published results to look at and to tamper with, made without a database."""

import copy
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from backend.ballots import bundle as building
from backend.ballots import signing, verifying
from backend.ballots.models import CloseReason, Method, Mode, Unit
from backend.ballots.rules import bundle as form
from backend.ballots.rules import certifying, digests
from backend.ballots.rules.charter import ORDINARY, RuleSet
from backend.ballots.rules.counting import Choice, count

SECRET = "tongxing-tests-secret-of-another-installation"
KEY = signing.public_key(SECRET)
COUNTED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def published(
    ballots: Sequence[Choice],
    *,
    silent: int = 2,
    paper: Sequence[tuple[Choice, int]] = (),
    paper_invalid: int = 0,
    method: Method = Method.MOTION,
    keys: Sequence[str] = ("for", "against"),
    mode: Mode = Mode.OPEN,
    unit: Unit = Unit.SEAT,
    rules: RuleSet = ORDINARY,
    choose_most: int = 1,
    winners: int = 1,
    settled_for: str | None = None,
    recounts: int = 0,
    unreadable: int = 0,
) -> form.Bundle:
    """Return the signed result of a vote in which ``silent`` units took no part."""
    of_paper = sum(number for _, number in paper) + paper_invalid
    phones = len(ballots) + unreadable
    cast, entitled = phones + of_paper, phones + of_paper + silent
    named = mode is Mode.OPEN and rules.names_shown and unit is Unit.SEAT
    units = [
        form.UnitLine(
            id=str(uuid4()),
            commitment=secrets.token_hex(32),
            took_part=at < cast,
            name=f"委员{at}" if named else None,
        )
        for at in range(entitled)
    ]
    options = [form.Option(key=key, label=f"选项{key}") for key in keys]
    question = form.question(method, list(keys), choose_most=choose_most, winners=winners)
    given = [*ballots, *([()] * unreadable)]
    tally = count(question, rules, entitled, given, paper=paper, paper_invalid=paper_invalid)
    outcome, chosen = tally.outcome, tally.chosen
    if settled_for is not None:
        outcome, chosen = certifying.settled(question, chosen, settled_for)
    vote = uuid4()
    certified = COUNTED + timedelta(days=1)
    is_small = certifying.is_small(mode, cast, of_paper)
    asked = form.Asked(
        title="是否通过春游方案",
        text="四月十二日，植物园。",
        method=method,
        options=options,
        choose_most=choose_most,
        winners=winners,
        mode=mode,
        unit=unit,
    )
    return building.signed(
        form.Bundle(
            format=form.FORMAT,
            vote=str(vote),
            question=asked,
            rules=rules,
            question_digest=digest_of(asked, rules),
            electorate=form.Electorate(
                digest=digests.electorate_digest(
                    vote, [(UUID(line.id), line.commitment) for line in units]
                ),
                entitled=entitled,
                recused=1,
                units=sorted(units, key=lambda line: line.id),
            ),
            ballots=_ballots(ballots, units, mode, rules, unreadable, is_small=is_small),
            paper=None
            if not of_paper
            else _paper(paper, paper_invalid, certifying.keeps_paper_back(mode, cast, of_paper)),
            tally=None if is_small else tally,
            result=form.Result(
                outcome=outcome,
                chosen=list(chosen),
                cast=cast,
                quorum_needed=tally.quorum_needed,
                has_quorum=tally.has_quorum,
            ),
            tie=None
            if settled_for is None
            else form.TieSettled(settled_for=settled_for, by="王芳"),
            certification=form.Certification(by="王芳", at=form.moment(certified), late=False),
            objections=form.Objections(raised=recounts + 1, rejected=1, upheld=recounts),
            recounts=recounts,
            times=form.Times(
                opened=form.moment(COUNTED - timedelta(days=5)),
                closes=form.moment(COUNTED - timedelta(hours=1)),
                closed=form.moment(COUNTED - timedelta(hours=1)),
                close_reason=CloseReason.DEADLINE,
                counted=form.moment(COUNTED),
                objections_until=form.moment(COUNTED + rules.objection_window),
                published=form.moment(COUNTED + timedelta(days=4)),
            ),
            signature=None,
        ),
        SECRET,
    )


def digest_of(asked: form.Asked, rules: RuleSet) -> str:
    """Return the digest voters saw of a question."""
    return digests.question_digest(
        title=asked.title,
        text=asked.text,
        method=asked.method,
        options=[{"key": option.key, "label": option.label} for option in asked.options],
        choose_most=asked.choose_most,
        winners=asked.winners,
        mode=asked.mode,
        unit=asked.unit,
        rules=rules,
    )


def _ballots(
    ballots: Sequence[Choice],
    units: Sequence[form.UnitLine],
    mode: Mode,
    rules: RuleSet,
    unreadable: int,
    *,
    is_small: bool,
) -> form.Ballots:
    names = choices = receipts = None
    if mode is Mode.SECRET:
        shown = form.Shown.RECEIPTS
        receipts = [] if is_small else sorted(secrets.token_hex(16) for _ in ballots)
    elif rules.names_shown:
        shown = form.Shown.NAMES
        names = [
            form.NamedBallot(unit=unit.id, choice=list(choice))
            for unit, choice in zip(units, ballots, strict=False)
        ]
    else:
        shown, choices = form.Shown.CHOICES, sorted(list(choice) for choice in ballots)
    return form.Ballots(
        shown=shown,
        unreadable=0 if is_small else unreadable,
        names=names,
        choices=choices,
        receipts=receipts,
    )


def _paper(paper: Sequence[tuple[Choice, int]], invalid: int, is_kept_back: bool) -> form.Paper:
    ballots = sum(number for _, number in paper) + invalid
    if is_kept_back:
        return form.Paper(ballots=ballots, choices=None, invalid=None)
    lines = [form.PaperChoice(choice=list(choice), count=number) for choice, number in paper]
    return form.Paper(ballots=ballots, choices=lines, invalid=invalid)


Tampering = Callable[[dict[str, Any]], object]


def tampered(bundle: form.Bundle, tamper: Tampering, *, resign: bool) -> bytes:
    """Return a result after ``tamper`` had it; ``resign``: whoever did it holds the key, too."""
    told = copy.deepcopy(building.written(bundle))
    tamper(told)
    if resign:
        rest = {name: part for name, part in told.items() if name != form.SIGNATURE}
        told[form.SIGNATURE]["value"] = signing.sign(SECRET, digests.canonical(rest))
    return digests.canonical(told)


def failed(text: bytes, key: str | None = KEY) -> set[str]:
    """Return the names of the checks a file does not pass."""
    report = verifying.verify(text, key)
    return {finding.check.value for finding in report.findings if not finding.is_sound}
