"""Refresh tokens that the house did not make."""

import secrets
from uuid import UUID

KINDS = ("next", "proof", "family", "negative", "digit", "empty", "long", "access", "seed", "none")


def forged(kind: str, pair: dict[str, str]) -> str:
    """Return a refresh token that was never given out, made from one that was."""
    name, generation, proof = pair["refresh"].split(".")
    other = f"tx_r_{UUID(int=7).hex}"
    return {
        "next": f"{name}.{int(generation) + 1}.{proof}",
        "proof": f"{name}.{generation}.{'A' * len(proof)}",
        "family": f"{other}.{generation}.{proof}",
        "negative": f"{name}.-1.{proof}",
        "digit": f"{name}.٠.{proof}",
        "empty": f"{name}..{proof}",
        "long": "tx_r_" + "x" * 80,
        "access": pair["access"],
        "seed": f"{name}.{generation}.{secrets.token_urlsafe(32)}",
        "none": "",
    }[kind]
