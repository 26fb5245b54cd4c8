"""The post office: it takes letters, keeps addresses by opaque person id, carries them.

A *letter* is one occasion told once, to named people or to whole *audiences*. A
*delivery* is a letter on its way to one *device*; it disappears when the provider has
accepted it. The *inbox* is the truth, a push is only a hint to look there.

A room needs nothing but what this module exports; the post office knows nobody in the
house and is handed all it needs.
"""

from notifications.message import LIVE_CHANNEL, Message, Outcome, Priority, Reach
from notifications.outbox import (
    OutsideTransaction,
    Seen,
    announce,
    awaited,
    clear,
    clearing,
    settle,
    tell,
    withdraw,
    withdraw_about,
)

__all__ = [
    "LIVE_CHANNEL",
    "Message",
    "Outcome",
    "OutsideTransaction",
    "Priority",
    "Reach",
    "Seen",
    "announce",
    "awaited",
    "clear",
    "clearing",
    "settle",
    "tell",
    "withdraw",
    "withdraw_about",
]
