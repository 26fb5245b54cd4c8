"""``tongxing verify-vote``: check a published result, with nothing but the file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from backend.ballots import verifying
from backend.ballots.models import Method, Outcome
from backend.ballots.rules import recounting
from backend.ballots.rules.bundle import Bundle
from backend.ballots.rules.checking import Check
from backend.ballots.rules.counting import ABSTAIN, AGAINST, FOR

SOUND, UNSOUND, UNREADABLE = 0, 1, 2

CHECKS = {
    Check.SIGNATURE: "签名与内容相符 the signature is of this content",
    Check.KEY: "由所给公钥签名 it is signed with the key given",
    Check.QUESTION: "议题、选项、规则与摘要相符 question, options and rules have their digest",
    Check.ELECTORATE: "名册完整、无重复，与摘要相符 the electorate has its digest",
    Check.TURNOUT: "票数与参加的表决单位数相符 as many ballots as units that took part",
    Check.BALLOTS: "选票合乎规则 the ballots are what the rules allow",
    Check.PAPER: "纸质票合计相符 the paper ballots add up",
    Check.COUNT: "重新计票结果相同 counted again it is the same",
    Check.OUTCOME: "结论与计票、法定人数相符 the outcome follows from count and quorum",
    Check.CERTIFICATION: "主任确认的时间 when it was certified",
    Check.OBJECTIONS: "异议都有答复 every objection is answered",
    Check.TIMES: "时间顺序、异议期 everything in its order, objections had their days",
}
TOTALS = "公布的各项票数彼此相符，得出此结论 the totals fit each other and lead to this"
"""Where ballots are secret, nobody can count them again."""
OUTCOMES = {
    Outcome.PASSED: "通过 passed",
    Outcome.FAILED: "未通过 failed",
    Outcome.NO_QUORUM: "未达法定人数 no quorum",
    Outcome.TIED: "票数相等，未通过 tied",
}
_WORDS = {FOR: "赞成", AGAINST: "反对", ABSTAIN: "弃权"}


def verify_vote(
    file: Annotated[Path, typer.Argument(help="A published result (JSON).")],
    key: Annotated[
        str | None, typer.Option(help="The installation's public key, 64 hexadecimal digits.")
    ] = None,
    receipt: Annotated[
        str | None, typer.Option(help="Your own receipt: says whether it is listed.")
    ] = None,
) -> None:
    """核对表决结果 · Check a published result offline; exits 0 sound, 1 not, 2 unreadable."""
    console = Console(highlight=False)
    try:
        report = verifying.verify(file.read_bytes(), key)
    except OSError as error:
        console.print(f"✗ {error.strerror}: {file}", style="red", markup=False)
        raise typer.Exit(UNREADABLE) from error
    except verifying.Unreadable as error:
        console.print(f"✗ 不是表决结果文件 not a published result: {error}", markup=False)
        raise typer.Exit(UNREADABLE) from error
    _head(console, report.bundle)
    _checks(console, report)
    is_listed = _receipt(console, report.bundle, receipt) if receipt else True
    console.print("\n无法由此文件证明 What this file cannot prove", style="bold")
    for limit in report.limits:
        _both(console, "  · ", limit)
    is_sound = report.is_sound and is_listed
    if not is_sound:
        console.print("\n✗ 结果不可信 not sound", style="bold red")
    elif key is None:
        console.print("\n✓ 结果自洽，签名人未核对 sound, its signer unknown", style="bold yellow")
    else:
        console.print("\n✓ 结果可信 sound", style="bold green")
    raise typer.Exit(SOUND if is_sound else UNSOUND)


def _both(console: Console, indent: str, sentence: str) -> None:
    """Print a sentence's two languages below each other; the terminal breaks long lines."""
    for language in sentence.split(" · ", 1):
        console.print(f"{indent}{language}", markup=False, soft_wrap=True)
        indent = " " * len(indent)


def _head(console: Console, bundle: Bundle) -> None:
    told, labels = bundle.result, dict(_WORDS)
    if bundle.question.method is not Method.MOTION:
        labels.update({option.key: option.label for option in bundle.question.options})
    console.print(bundle.question.title, style="bold", markup=False)
    lines = [
        f"{OUTCOMES[told.outcome]}{''.join(f' · {labels.get(key, key)}' for key in told.chosen)}",
        f"应投 entitled {bundle.electorate.entitled} · 参加 cast {told.cast}"
        f" · 法定 quorum {told.quorum_needed}",
    ]
    if bundle.tally is not None:
        votes = [
            f"{labels.get(key, key)} {bundle.tally.votes.get(key, 0)}"
            for key in recounting.asked(bundle).keys
        ]
        other = [f"弃权 {bundle.tally.abstained}", f"无效 {bundle.tally.invalid}"]
        lines.append(" · ".join([*votes, *other]))
    if bundle.tie is not None:
        lines.append(f"平局由主任决定 tie settled: {labels.get(bundle.tie.settled_for)}")
    late = "（逾期 late）" if bundle.certification.late else ""
    lines.append(f"{bundle.certification.by} {bundle.certification.at} 确认 certified{late}")
    if bundle.recounts:
        lines.append(f"重新计票 recounted: {bundle.recounts}")
    for line in lines:
        console.print(f"  {line}", markup=False)
    console.print()


def _checks(console: Console, report: verifying.Report) -> None:
    for finding in report.findings:
        mark, style = ("✓", "green") if finding.is_sound else ("✗", "red")
        if not finding.done:
            mark, style = "–", "yellow"
        title = CHECKS[finding.check]
        if finding.check is Check.COUNT and recounting.shown(report.bundle) is None:
            title = TOTALS
        console.print(f"{mark} {title}", style=style, markup=False)
        for fault in finding.faults:
            _both(console, "    ", fault)


def _receipt(console: Console, bundle: Bundle, receipt: str) -> bool:
    """Print whether a receipt is listed; a result that lists none says nothing of it."""
    listed = verifying.is_counted(bundle, receipt)
    mark, words = {
        True: ("✓", "您的回执在列 your receipt is listed"),
        False: ("✗", "您的回执不在列 your receipt is not listed"),
        None: ("–", "此结果不列回执 this result lists no receipts"),
    }[listed]
    console.print(f"\n{mark} {words}", markup=False)
    return listed is not False
