"""Files that unfold to more than they weigh meet the header check, then the child's limits."""

from typing import Any

import pytest
from PIL import Image

from backend import sandbox
from backend.media import images, rules
from backend.sandbox import SandboxKilled
from tests.media import corpus

pytestmark = pytest.mark.usefixtures("bounded")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_twenty_four_megapixels_fit_into_the_childs_memory(form: str) -> None:
    ramp = Image.linear_gradient("L").resize((6000, 4000))
    layers = (ramp, ramp.rotate(180), ramp) if form == "JPEG" else (ramp,) * 4
    picture = Image.merge("RGB" if form == "JPEG" else "RGBA", layers)
    speed: dict[str, Any] = {"AVIF": {"speed": 10}, "WEBP": {"method": 1, "quality": 5}}.get(
        form, {}
    )
    sent = corpus.encode(picture, form, **speed)
    assert len(sent) < rules.MAX_IMAGE_BYTES
    notes: list[dict[str, Any]] = []
    await sandbox.run(
        "tests.media.targets:measured",
        sent,
        memory=images.MEMORY,
        cpu_seconds=images.CPU_SECONDS,
        wall_seconds=images.WALL_SECONDS,
        on_progress=notes.append,
    )
    assert notes[-1]["peak"] <= images.MEMORY
    assert notes[-1]["cpu"] <= images.CPU_SECONDS


async def test_many_scans_end_at_a_limit_or_are_read_within_it() -> None:
    sent = corpus.progressive_with_many_scans()
    assert len(sent) < rules.MAX_IMAGE_BYTES
    try:
        await images.redraw(sent)
    except (rules.ImageTooHeavy, rules.ImageUnreadable) as no:
        assert no.status == 422


@pytest.fixture(scope="module")
def bomb() -> bytes:
    data = corpus.png_bomb()
    assert len(data) < 1_000_000
    return data


async def run_measured(
    target: str, data: bytes
) -> tuple[BaseException | None, list[dict[str, Any]]]:
    notes: list[dict[str, Any]] = []
    try:
        await sandbox.run(
            target,
            data,
            memory=images.MEMORY,
            cpu_seconds=images.CPU_SECONDS,
            wall_seconds=images.WALL_SECONDS,
            on_progress=notes.append,
        )
    except (sandbox.SandboxRefused, SandboxKilled) as end:
        return end, notes
    return None, notes


async def test_a_bomb_is_refused_by_its_header_before_a_pixel_is_read(bomb: bytes) -> None:
    with pytest.raises(rules.ImageTooManyPixels) as no:
        await images.redraw(bomb)
    assert no.value.facts == {"width": 13_000, "height": 13_000}
    _, notes = await run_measured("tests.media.targets:measured", bomb)
    assert notes[-1]["peak"] < 100 << 20
    assert notes[-1]["cpu"] < 1.0


async def test_with_the_header_check_forgotten_the_childs_limits_still_stop_the_bomb(
    bomb: bytes,
) -> None:
    end, _ = await run_measured("tests.media.targets:without_the_header_check", bomb)
    assert isinstance(end, SandboxKilled)
    assert end.reason == "memory"


async def test_without_any_limit_the_bomb_would_have_gone_off(bomb: bytes) -> None:
    """The control of the control: the file is a picture, and it is the limits that stop it."""
    drawn = await sandbox.run(
        "tests.media.targets:without_the_header_check",
        bomb,
        memory=4 << 30,
        cpu_seconds=30,
        wall_seconds=60,
    )
    assert drawn
