"""What can happen to files: taken in one step or in parts, attached, released, swept."""

from backend.media.operations.attachments import (
    DAILY_PICTURES,
    DAILY_UPLOADS,
    FORGOTTEN_AFTER,
    LEAST_CHARGE,
    admit,
    attach,
    discard,
    kept_instead,
    receive,
    release,
    store_upload,
    sweep,
)

__all__ = [
    "DAILY_PICTURES",
    "DAILY_UPLOADS",
    "FORGOTTEN_AFTER",
    "LEAST_CHARGE",
    "admit",
    "attach",
    "discard",
    "kept_instead",
    "receive",
    "release",
    "store_upload",
    "sweep",
]
