"""The installation's signature under a published result: Ed25519, its key derived from the secret.

Whoever knows the public key can check a result without us (RFC 8032, HKDF of RFC 5869).
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALGORITHM = "Ed25519"
PUBLIC_DIGITS, SIGNATURE_DIGITS = 64, 128

_CONTEXT = b"tongxing vote result 1\n"
"""Goes before what is signed, so that no other signature of ours can be taken for this one."""


def public_key(secret: str) -> str:
    """Return the key results of this installation are checked with: 64 hexadecimal digits."""
    return _private(secret).public_key().public_bytes_raw().hex()


def sign(secret: str, message: bytes) -> str:
    """Return the signature of ``message``: 128 hexadecimal digits, always the same."""
    return _private(secret).sign(_CONTEXT + message).hex()


def is_signed(key: str, signature: str, message: bytes) -> bool:
    """Say whether the holder of the public ``key`` signed ``message``.

    Both come from strangers; what is not written in small hexadecimal digits signs nothing.
    """
    if not (_is_hex(key, PUBLIC_DIGITS) and _is_hex(signature, SIGNATURE_DIGITS)):
        return False
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), _CONTEXT + message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and set(text) <= set("0123456789abcdef")


def _private(secret: str) -> Ed25519PrivateKey:
    seed = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=b"tongxing", info=b"vote results 1"
    ).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)
