"""A phone that is a real browser: Chromium without a window, playing what the product serves."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
]
PAGE = """
<!doctype html><meta charset="utf-8"><body style="margin:0;background:#111">
<video id="film" playsinline preload="auto" style="width:100%"></video>
<script type="module">
import { Play } from "/player/beats.mjs";
const film = document.getElementById("film");
const ask = async (method, path, body) => {
  const answer = await fetch(path, {method, headers: {authorization: "Bearer " + window.token,
    "content-type": "application/json"}, body: JSON.stringify(body ?? {})});
  if (!answer.ok) throw {status: answer.status};
  return answer.json();
};
window.begin = async (lesson) => {
  window.play = new Play(film, lesson, ask);
  // The address of the film comes with the opening; a player sets it before it can seek.
  const opened = await play.open();
  film.src = opened.media.url;
  await new Promise((ready, bad) => { film.oncanplaythrough = ready; film.onerror = bad; });
  film.currentTime = opened.positionMs / 1000;
  return opened;
};
window.seek = (to) => new Promise((done) => { film.onseeked = done; film.currentTime = to; });
window.played = () => Array.from({length: film.played.length},
  (_, i) => [film.played.start(i) * 1000, film.played.end(i) * 1000]);
window.finished = () => new Promise((done) => { film.ended ? done() : film.onended = done; });
</script>
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser; where there is none, the test is skipped unless it is demanded."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("BROWSER_NEEDED"):
            pytest.fail("no chromium here; on Debian: apt-get install chromium")
        pytest.skip("needs chromium; on Debian: apt-get install chromium")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def phone(browser: Browser, origin: str, token: str) -> AsyncIterator[Page]:
    """Open the player's page on a phone of its own, signed in by ``token``."""
    context = await browser.new_context(viewport={"width": 390, "height": 700})
    page = await context.new_page()

    async def shown(route: Route) -> None:
        await route.fulfill(body=PAGE, content_type="text/html")

    async def script(route: Route) -> None:
        code = (ROOT / "openapi" / "player" / "beats.mjs").read_text("utf-8")
        await route.fulfill(body=code, content_type="text/javascript")

    await page.route("**/player.html", shown)
    await page.route("**/player/beats.mjs", script)
    await page.add_init_script(f"window.token = {token!r}")
    await page.goto(f"{origin}/player.html")
    await page.wait_for_function("typeof window.begin === 'function'")
    try:
        yield page
    finally:
        await context.close()


def length(spans: list[Any]) -> float:
    """Return the milliseconds that half-open stretches cover together."""
    whole, reached = 0.0, 0.0
    for begin, end in sorted(spans):
        whole += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return whole
