"""Everything secret that is derived from the installation's one secret key.

Sign-in codes, session tokens and telephone numbers used as keys are stored only as
digests; a copy of the database alone signs nobody in.
"""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.identifiers import uuid7

ACCESS_PREFIX = "tx_a_"
REFRESH_PREFIX = "tx_r_"
_NONCE_BYTES = 12
_TOKEN_CHARACTERS = 43


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """The two tokens of one generation of a session."""

    access: str
    refresh: str


class RefreshClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh token says of itself; nothing is proven yet."""

    session_id: UUID
    generation: int
    proof: str


class Keys:
    """The derived keys of one installation."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._cipher = AESGCM(self._mac("sms"))

    def subject(self, kind: str, value: str) -> str:
        """Return the digest under which ``value`` (a phone, an address) is counted."""
        return self._mac("subject", kind, value).hex()

    def code_digest(self, request_id: UUID, code: str) -> str:
        """Return what is stored of a sign-in code, bound to its request."""
        return self._mac("code", request_id.hex, code).hex()

    def pair(self, session_id: UUID, seed: str, generation: int) -> Pair:
        """Return the tokens of ``generation``; the same arguments give the same tokens.

        A phone that lost the reply to a refresh can therefore be given it again.
        """
        refresh = self._proof(session_id, seed, generation)
        access = _text(self._mac("access", session_id.hex, seed, str(generation)))
        return Pair(
            access=f"{ACCESS_PREFIX}{access}",
            refresh=f"{REFRESH_PREFIX}{session_id.hex}.{generation}.{refresh}",
        )

    def proves(self, claim: RefreshClaim, seed: str) -> bool:
        """Say whether the house made this refresh token for the family of ``seed``."""
        expected = self._proof(claim.session_id, seed, claim.generation)
        return hmac.compare_digest(expected.encode(), claim.proof.encode())

    def seal(self, row_id: UUID, text: str) -> str:
        """Encrypt ``text`` for the row that will hold it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _text(nonce + self._cipher.encrypt(nonce, text.encode(), row_id.bytes))

    def unseal(self, row_id: UUID, sealed: str) -> str:
        """Decrypt what :meth:`seal` made. Raises ``InvalidTag`` for anything else."""
        raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], row_id.bytes).decode()

    def _proof(self, session_id: UUID, seed: str, generation: int) -> str:
        return _text(self._mac("refresh", session_id.hex, seed, str(generation)))

    def _mac(self, *parts: str) -> bytes:
        # NUL never occurs in the parts, so no two lists of parts give the same message.
        return hmac.digest(self._secret, "\0".join(parts).encode(), "sha256")


@lru_cache(maxsize=4)
def keys_for(secret: str) -> Keys:
    """Return the keys derived from ``secret``, made once per process."""
    return Keys(secret)


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def new_request_id() -> UUID:
    """Return the name of a code request; its 74 random bits are what binds the code."""
    return uuid7()


def new_seed() -> str:
    """Return the 256-bit seed of a refresh family, in hexadecimal."""
    return secrets.token_hex(32)


def digest(token: str) -> str:
    """Return the SHA-256 under which an access token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def looks_like_access(token: str) -> bool:
    """Say whether it is worth asking the database about ``token``."""
    return (
        token.startswith(ACCESS_PREFIX)
        and len(token) == len(ACCESS_PREFIX) + _TOKEN_CHARACTERS
        and token.isascii()
    )


def read_refresh(token: str) -> RefreshClaim | None:
    """Take a refresh token apart, or return ``None`` when it is none."""
    name, _, rest = token.removeprefix(REFRESH_PREFIX).partition(".")
    generation, _, proof = rest.partition(".")
    if not token.startswith(REFRESH_PREFIX) or not token.isascii():
        return None
    if len(proof) != _TOKEN_CHARACTERS or len(name) != 32 or not 0 < len(generation) <= 9:
        return None
    try:
        session_id = UUID(hex=name)
    except ValueError:
        return None
    if not generation.isdigit():
        return None
    return RefreshClaim(session_id=session_id, generation=int(generation), proof=proof)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
