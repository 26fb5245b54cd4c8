"""A published result is checked offline: what is right passes, what was touched does not."""

import msgspec
import pytest

from backend.ballots import bundle as building
from backend.ballots import signing, verifying
from backend.ballots.models import Mode
from backend.ballots.rules import bundle as form
from backend.ballots.rules.charter import PERSONNEL
from backend.ballots.rules.checking import CHECKS
from backend.ballots.rules.digests import canonical
from tests.ballots.results import KEY, Tampering, failed, published, tampered
from tests.ballots.tamperings import ANOTHER, MOTION, RESULTS, TAMPERINGS, at, every


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_as_published_passes_every_check(kind: str) -> None:
    text = canonical(building.written(RESULTS[kind]))
    report = verifying.verify(text, KEY)
    assert [finding for finding in report.findings if finding.faults] == []
    missing = {finding.check.value for finding in report.findings if not finding.done}
    assert ("paper" in missing) is (RESULTS[kind].paper is None)
    assert ("count" in missing) is (RESULTS[kind].tally is None)
    assert missing <= {"paper", "count"}
    assert report.limits


def test_a_result_printed_prettily_is_the_same_result() -> None:
    text = msgspec.json.format(canonical(building.written(RESULTS["secret"])), indent=4)
    assert failed(text) == set()


@pytest.mark.parametrize(
    ("kind", "tamper", "wanted"),
    [row[1:] for row in TAMPERINGS],
    ids=[row[0] for row in TAMPERINGS],
)
def test_tampering_is_noticed_by_the_signature_and_even_under_a_good_signature(
    kind: str, tamper: Tampering, wanted: set[str]
) -> None:
    bundle = RESULTS[kind]
    assert failed(tampered(bundle, tamper, resign=False)) == {"signature"} | wanted
    # Whoever holds the signing key still cannot make the numbers fit.
    assert failed(tampered(bundle, tamper, resign=True)) == wanted


def test_every_check_is_needed() -> None:
    """Each is the only one that notices something: without it, that would pass."""
    alone = {next(iter(wanted)) for _, _, _, wanted in TAMPERINGS if len(wanted) == 1}
    assert alone == {check.value for check in CHECKS}


def test_a_wrong_signature_is_noticed() -> None:
    bundle = RESULTS["secret"]
    other = published(MOTION, mode=Mode.SECRET, rules=PERSONNEL)
    assert bundle.signature is not None and other.signature is not None
    told = building.written(bundle)
    told["signature"]["value"] = other.signature.value
    assert failed(canonical(told)) == {"signature"}
    told["signature"] = None
    assert failed(canonical(told)) == {"signature", "key"}
    told["signature"] = {"algorithm": "none", "key": KEY, "value": ""}
    assert failed(canonical(told)) == {"signature"}


def test_a_result_signed_by_somebody_else_fails_for_the_key_alone() -> None:
    forged = building.signed(
        msgspec.structs.replace(RESULTS["secret"], signature=None), "somebody else's secret"
    )
    text = canonical(building.written(forged))
    assert failed(text) == {"key"}
    # Without the key nobody can know, and the report says so.
    report = verifying.verify(text)
    assert report.is_sound
    assert {finding.check for finding in report.findings if not finding.done} == {"key", "paper"}
    assert "no key was given" in report.limits[0]


def test_a_key_may_be_typed_in_capitals_but_a_signature_has_one_form() -> None:
    text = canonical(building.written(RESULTS["secret"]))
    assert failed(text, KEY.upper()) == set()
    told = building.written(RESULTS["secret"])
    told["signature"]["value"] = told["signature"]["value"].upper()
    assert failed(canonical(told)) == {"signature"}
    assert failed(text, "nonsense") == {"key"}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format":"tongxing-vote-2"}',
        b'{"format":"tongxing-vote-1"}',
        b'{"format":"tongxing-vote-1","format":"tongxing-vote-1"}',
        b'{"format":"tongxing-vote-1","recounts":1.0}',
        b'{"format":"tongxing-vote-1","recounts":NaN}',
        b'{"format":"tongxing-vote-1","vote":"\\ud800"}',
    ],
)
def test_what_is_no_result_is_unreadable(text: bytes) -> None:
    with pytest.raises(verifying.Unreadable):
        verifying.verify(text)


def test_a_member_nobody_knows_makes_it_no_result() -> None:
    told = building.written(RESULTS["secret"])
    told["remark"] = "checked"
    with pytest.raises(verifying.Unreadable):
        verifying.verify(canonical(told))


def test_a_voter_finds_the_receipt_and_learns_nothing_else() -> None:
    bundle = RESULTS["secret"]
    assert bundle.ballots.receipts is not None
    assert verifying.is_counted(bundle, bundle.ballots.receipts[0].upper()) is True
    assert verifying.is_counted(bundle, ANOTHER) is False
    assert verifying.is_counted(RESULTS["small and secret"], ANOTHER) is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("secret", "totals are checked against each other"),
        ("secret, ranked", "how votes moved between rounds"),
        ("small and secret", "neither numbers nor receipts were kept"),
        ("secret among households", "whose unit is whose"),
        ("open without names", "whose ballot is whose"),
        ("open by name", "everybody can look up their own"),
        ("open with paper", "two people's word"),
        ("after a recount", "before the recount"),
    ],
)
def test_the_report_says_what_such_a_result_cannot_prove(kind: str, words: str) -> None:
    limits = verifying.limits(RESULTS[kind], is_key_known=True)
    assert any(words in limit for limit in limits)


def test_numbers_out_of_the_world_are_refused_and_not_counted_through() -> None:
    """A file may not make the checker build a million million ballots."""
    for kind in ("secret", "secret, several of several", "secret, ranked"):
        many = every(
            at("tally", "cast", to=10**12),
            at("tally", "valid", to=10**12),
            at("result", "cast", to=10**12),
            at("electorate", "entitled", to=10**12),
            at("tally", "votes", to=lambda own: dict.fromkeys(own, 10**12)),
        )
        assert "count" in failed(tampered(RESULTS[kind], many, resign=True))


def test_a_signature_says_nothing_about_another_message_or_key() -> None:
    value = signing.sign("secret one", b"said")
    assert signing.is_signed(signing.public_key("secret one"), value, b"said")
    assert not signing.is_signed(signing.public_key("secret one"), value, b"said otherwise")
    assert not signing.is_signed(signing.public_key("secret two"), value, b"said")
    assert not signing.is_signed("00" * 32, value, b"said")
    assert not signing.is_signed("zz" * 32, value, b"said")


def test_secret_results_name_nobody_and_pair_nothing_with_a_choice() -> None:
    for kind, bundle in RESULTS.items():
        if bundle.question.mode is Mode.SECRET:
            assert bundle.ballots.names is bundle.ballots.choices is None, kind
            assert {unit.name for unit in bundle.electorate.units} == {None}, kind
            assert form.UnitLine.__struct_fields__ == ("id", "commitment", "took_part", "name")
