"""Everything secret that is derived from the installation's one secret key.

Sign-in codes, session tokens and telephone numbers used as keys are stored only as
digests; a copy of the database alone signs nobody in.
"""

import base64
import hashlib
import hmac
import re
import secrets
from functools import lru_cache
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.identifiers import uuid7

ACCESS_PREFIX = "tx_a_"
REFRESH_PREFIX = "tx_r_"
_NONCE_BYTES = 12
_SHARD = r"(?:(?P<shard>[a-z][a-z0-9]{0,15})\.)?"
_ACCESS = re.compile(rf"{ACCESS_PREFIX}{_SHARD}[A-Za-z0-9_\-]{{43}}")
_REFRESH = re.compile(
    rf"{REFRESH_PREFIX}{_SHARD}"
    r"(?P<session>[0-9a-f]{32})\.(?P<generation>[0-9]{1,9})\.(?P<proof>[A-Za-z0-9_\-]{43})"
)


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
    """The derived keys of one installation; its tokens name ``shard``, if it has a name.

    The name only says where to ask. It proves nothing, and tokens without it stay good.
    """

    def __init__(self, secret: str, shard: str = "") -> None:
        self._secret = secret.encode()
        self._cipher = AESGCM(self._mac("sms"))
        self._mark = f"{shard}." if shard else ""

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
            access=f"{ACCESS_PREFIX}{self._mark}{access}",
            refresh=f"{REFRESH_PREFIX}{self._mark}{session_id.hex}.{generation}.{refresh}",
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
def keys_for(secret: str, shard: str = "") -> Keys:
    """Return the keys derived from ``secret``, made once per process."""
    return Keys(secret, shard)


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
    return _ACCESS.fullmatch(token) is not None


def shard_of(token: str) -> str | None:
    """Return the shard that an access or refresh token names, or ``None`` if none."""
    named = _ACCESS.fullmatch(token) or _REFRESH.fullmatch(token)
    return named["shard"] if named else None


def read_refresh(token: str) -> RefreshClaim | None:
    """Take a refresh token apart, or return ``None`` when it is none."""
    said = _REFRESH.fullmatch(token)
    if said is None:
        return None
    return RefreshClaim(
        session_id=UUID(hex=said["session"]),
        generation=int(said["generation"]),
        proof=said["proof"],
    )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
