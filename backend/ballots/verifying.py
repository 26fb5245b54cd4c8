"""Checking a published result, offline, with nothing but the file and, at best, a public key.

What a file cannot show is said as well: a check that leaves it out would promise too much.
"""

import hashlib
import json
from typing import Any, NoReturn

import msgspec

from backend.ballots import signing
from backend.ballots.models import Method, Mode, Unit
from backend.ballots.rules.bundle import FORMAT, SIGNATURE, Bundle, Shown
from backend.ballots.rules.checking import CHECKS, Check
from backend.ballots.rules.digests import canonical

LARGEST = 32 * 1024 * 1024
"""Octets. A result of a hundred thousand units is smaller."""


class Unreadable(Exception):
    """The file is no published result; the message says why."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One check. ``faults`` is what does not fit; ``done`` is whether there was anything to
    check it by.
    """

    check: Check
    faults: list[str]
    done: bool = True

    @property
    def is_sound(self) -> bool:
        return not self.faults


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``limits`` are what no file of this kind can prove."""

    bundle: Bundle
    findings: list[Finding]
    limits: list[str]

    @property
    def is_sound(self) -> bool:
        return all(finding.is_sound for finding in self.findings)


def verify(text: bytes, key: str | None = None) -> Report:
    """Check a published result. ``key`` is the installation's public key, hexadecimal.

    Raises :class:`Unreadable`.
    """
    told = _read(text)
    bundle = _bundle(told)
    faults = {
        Check.SIGNATURE: _signature(told, bundle),
        Check.KEY: _key(bundle, key),
        **{check: list(look(bundle)) for check, look in CHECKS.items()},
    }
    faults[Check.QUESTION] += _question(told, bundle)
    absent = {
        Check.KEY: key is None,
        Check.PAPER: bundle.paper is None,
        Check.COUNT: bundle.tally is None,
    }
    findings = [
        Finding(check=check, faults=found, done=not absent.get(check, False))
        for check, found in faults.items()
    ]
    return Report(bundle=bundle, findings=findings, limits=limits(bundle, key is not None))


def is_counted(bundle: Bundle, receipt: str) -> bool | None:
    """Say whether a receipt is listed; ``None`` where the result lists none."""
    listed = bundle.ballots.receipts
    return None if not listed else receipt.strip().lower() in listed


def limits(bundle: Bundle, is_key_known: bool) -> list[str]:
    """Return what a result of this kind cannot prove, in both languages."""
    told = []
    if not is_key_known:
        told.append(
            "没有提供公钥，只能确认签名与文件内的公钥相符，不能确认是谁的公钥 · "
            "no key was given: somebody signed this, and the file cannot say who"
        )
    told.append(
        "名册中的人是否就是应有表决权的人：每人只能用自己的编号、盐值核对自己的一行，"
        "并核对投票时看到的名册摘要 · whether the right people were entitled: "
        "everybody can check a line of their own, and the digest they were shown"
    )
    told.append(
        "没有投票的人是否被记为已投票：只有其本人看得出 · whether somebody who never "
        "voted is listed as having taken part: that person alone can tell"
    )
    if bundle.question.unit is not Unit.SEAT or bundle.question.mode is Mode.SECRET:
        told.append("表决单位只有编号，没有姓名 · whose unit is whose: units are numbers here")
    told += _of_ballots(bundle)
    if bundle.paper is not None:
        told.append(
            "纸质票的内容：以录入人和核对人为准 · what lies on paper: "
            "two people's word stands for it"
        )
    if bundle.recounts:
        told.append(
            "重新计票之前的结果：不在此文件中，保存在平台的操作记录里 · what was counted "
            "before the recount: that is in the house's trail, not in here"
        )
    return told


def _of_ballots(bundle: Bundle) -> list[str]:
    if bundle.question.mode is Mode.SECRET and bundle.tally is None:
        return [
            "参与人数少，票数和回执都没有保留：结论无法重新计算 · so few voted that neither "
            "numbers nor receipts were kept: the outcome cannot be counted again"
        ]
    if bundle.question.mode is Mode.SECRET:
        told = [
            "各选项的票数：选票内容与回执分开，不予公布，只能核对票数之间是否相符；"
            "每人可凭回执确认自己的票在内 · the votes of each option: ballots stay secret, so "
            "the totals are checked against each other; your receipt shows yours is among them"
        ]
        receipts = bundle.ballots.receipts or []
        if len(set(receipts)) < len(receipts):
            told.append(
                "有相同的回执（由手机产生，各计一票）：无法分辨各是谁的 · some phones sent "
                "one receipt; each ballot is counted, and nobody can tell them apart"
            )
        if bundle.question.method is Method.RANKED:
            told.append(
                "各轮的转移票：只能核对每一轮是否可能 · how votes moved between rounds: "
                "each round is checked for being possible"
            )
        return told
    if bundle.ballots.shown is Shown.CHOICES:
        return ["每张票是谁投的：规则不公布姓名 · whose ballot is whose: the rules show no names"]
    return [
        "每张票是否与本人所投一致：请各自核对自己的一行 · whether each ballot says what was "
        "cast: everybody can look up their own"
    ]


def _signature(told: dict[str, Any], bundle: Bundle) -> list[str]:
    signature = bundle.signature
    if signature is None:
        return ["没有签名 · there is no signature"]
    if signature.algorithm != signing.ALGORITHM:
        return [f"未知的签名算法 · unknown kind of signature: {signature.algorithm}"]
    message = canonical({name: part for name, part in told.items() if name != SIGNATURE})
    if not signing.is_signed(signature.key, signature.value, message):
        return ["签名与内容不符，文件被改动过 · the signature is not of this: it was changed"]
    return []


def _question(told: dict[str, Any], bundle: Bundle) -> list[str]:
    """Hold the question and its rules, as the file has them, to the digest voters saw."""
    asked = {**told["question"], "rules": told["rules"]}
    digest = hashlib.sha256(canonical(asked)).hexdigest()
    if digest != bundle.question_digest:
        return [f"议题或规则与摘要不符 · question or rules do not have their digest: {digest}"]
    return []


def _key(bundle: Bundle, key: str | None) -> list[str]:
    if key is None:
        return []
    if bundle.signature is None or bundle.signature.key != key.strip().lower():
        return ["不是用所给公钥对应的密钥签名的 · somebody else signed this, not that key"]
    return []


def _read(text: bytes) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise Unreadable(f"larger than {LARGEST} octets")
    try:
        told = json.loads(
            text.decode(),
            object_pairs_hook=_without_repeats,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise Unreadable(f"no result of the kind {FORMAT}")
    return told


def _bundle(told: dict[str, Any]) -> Bundle:
    try:
        canonical(told)
        return msgspec.convert(told, Bundle)
    except (msgspec.ValidationError, ValueError) as error:
        raise Unreadable(str(error)) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a member stands there twice")
    return told


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"{number} is not a whole number")
