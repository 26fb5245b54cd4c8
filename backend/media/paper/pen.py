"""Where papers are drawn: beside the event loop, two at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_pen = ThreadPoolExecutor(2, thread_name_prefix="paper")


async def away(draw: Callable[[], bytes]) -> bytes:
    """Return what ``draw`` draws, in a thread of its own."""
    return await asyncio.get_running_loop().run_in_executor(_pen, draw)
