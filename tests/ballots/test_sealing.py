"""Whatever is in a box, opening it ends in a ballot, valid or not."""

import secrets
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ballots import sealing

KEYS = ("for", "against", "方案", "x" * 40)
PRIVATE, PUBLIC = sealing.new_key()
SEAL = sealing.Seal(
    vote_id=uuid4(),
    public_key=PUBLIC,
    question_digest=secrets.token_hex(32),
    length=sealing.length_for(KEYS),
)
UNREADABLE = sealing.Opened(receipt=None, choice=())


def opened(box: bytes) -> sealing.Opened:
    [found] = sealing.open_all(SEAL, PRIVATE, [box])
    return found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([*KEYS, "abstain"]), max_size=5, unique=True),
    st.binary(min_size=16, max_size=16),
)
def test_what_is_sealed_is_opened_and_every_box_is_as_long(
    choice: list[str], receipt: bytes
) -> None:
    ballot = sealing.Ballot(choice=tuple(choice), receipt=receipt.hex())
    box = sealing.close(SEAL, ballot)
    assert len(box) == SEAL.box_length
    assert opened(box) == sealing.Opened(receipt=ballot.receipt, choice=ballot.choice)
    assert sealing.close(SEAL, ballot) != box, "the same ballot never makes the same box"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, SEAL.box_length * 8 - 1))
def test_a_box_with_one_bit_changed_is_no_ballot(bit: int) -> None:
    """Least of all another box for the same ballot, which could be cast as a copy."""
    ballot = sealing.Ballot(choice=("for",), receipt="0" * 32)
    box = bytearray(sealing.close(SEAL, ballot))
    box[bit // 8] ^= 1 << bit % 8
    assert opened(bytes(box)) == UNREADABLE


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_octets_at_all_are_no_accident(octets: bytes) -> None:
    assert opened(octets) == UNREADABLE


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=SEAL.length)
    | st.fixed_dictionaries({"choice": _ANYTHING, "receipt": _ANYTHING}).map(
        lambda said: str(said).replace("'", '"').encode("utf-8", "surrogatepass")[: SEAL.length]
    )
)
def test_anything_at_all_inside_is_no_accident(inside: bytes) -> None:
    key = X25519PublicKey.from_public_bytes(bytes.fromhex(PUBLIC))
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    found = opened(suite.encrypt(inside, key, info=SEAL.info))
    assert found.receipt is None or sealing.is_receipt(found.receipt)
    assert all(isinstance(key, str) for key in found.choice)
