"""Where papers are drawn: beside the event loop, two at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from backend.deadline import WORK, allow

_pen = ThreadPoolExecutor(2, thread_name_prefix="paper")


async def away(draw: Callable[[], bytes]) -> bytes:
    """Return what ``draw`` draws, in a thread of its own."""
    allow(WORK)
    return await asyncio.get_running_loop().run_in_executor(_pen, draw)
