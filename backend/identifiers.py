"""Names for new rows, made by the process that makes the row."""

import os
import time
from uuid import UUID

_RANDOM_LOW = (1 << 62) - 1


def uuid7() -> UUID:
    """Return a version 7 UUID: 48 bits of Unix milliseconds, then 74 random bits.

    Rows made later sort later, to the millisecond, which keeps primary-key indexes
    dense. The time can be read back from it: never use one as a secret.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = random >> 62 & 0xFFF
    return UUID(
        int=(milliseconds << 80)
        | (0x7 << 76)
        | (high << 64)
        | (0b10 << 62)
        | (random & _RANDOM_LOW)
    )
