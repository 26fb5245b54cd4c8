"""Files as strangers send them, made afresh for each run: good, odd and hostile."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

CANARY = b"CANARY-31.2304N-121.4737E"
"""What no stored picture may contain: it stands in for a place, a name, a comment."""

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (250, 250, 250)


def encode(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def quarters(width: int = 640, height: int = 480) -> Image.Image:
    """Red at the top left, green at the top right, blue below it, white at the bottom left."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (width // 2, height // 2, width, height))
    image.paste(WHITE, (0, height // 2, width // 2, height))
    return image


def photo(width: int, height: int) -> Image.Image:
    """A picture with as much detail as a photograph."""
    coarse = Image.effect_noise((width // 8, height // 8), 60).resize((width, height))
    fine = Image.effect_noise((width, height), 18)
    ramp = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (coarse, ramp, Image.blend(fine, coarse, 0.5)))


def sideways_jpeg_with_gps() -> bytes:
    """What a phone held upright writes: pixels lying down, orientation 6, a place."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = CANARY.decode()
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (31.0, 13.0, 49.0), 3: "E", 4: (121.0, 28.0, 25.0), 29: CANARY.decode()}
    )
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + CANARY + b"</x:xmpmeta>"
    lying = quarters().transpose(Image.Transpose.ROTATE_90)
    return encode(
        lying,
        "JPEG",
        quality=95,
        exif=exif,
        xmp=xmp,
        comment=CANARY,
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    )


def png_with_text() -> bytes:
    info = PngInfo()
    info.add_text("Comment", CANARY.decode())
    info.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    return encode(quarters(), "PNG", pnginfo=info, exif=exif)


def jpeg_in_swapped_colours() -> bytes:
    """A red picture whose colour profile says that its red is green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    return encode(Image.new("RGB", (64, 64), (255, 0, 0)), "JPEG", icc_profile=swapped)


def jpeg_with_broken_profile() -> bytes:
    return encode(quarters(), "JPEG", icc_profile=b"\x00" * 300)


def two_views_of_one_picture() -> bytes:
    """A phone's JPEG with a second view appended (multi-picture format)."""
    return encode(quarters(), "MPO", save_all=True, append_images=[photo(320, 240)])


def frames(count: int = 12) -> list[Image.Image]:
    return [Image.new("RGB", (80, 60), (20 * n, 255 - 20 * n, 90)) for n in range(count)]


def animated(form: str) -> bytes:
    first, *rest = frames()
    return encode(first, form, save_all=True, append_images=rest, duration=40)


def sixteen_bit_grey(value: int = 0x8000) -> bytes:
    return encode(Image.new("I;16", (64, 48), value), "PNG")


def palette_with_alpha() -> bytes:
    image = Image.new("P", (64, 48), 1)
    image.putpalette([0, 0, 0, *RED, *BLUE])
    image.paste(0, (0, 0, 32, 48))
    return encode(image, "PNG", transparency=0)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bomb(edge: int = 13_000) -> bytes:
    """A valid square RGB picture of one colour: half a megabyte that unfolds to 500 and more."""
    squeeze = zlib.compressobj(9)
    row = bytes(1 + 3 * edge)
    body = b"".join(squeeze.compress(row * 100) for _ in range(edge // 100)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", body)
        + _chunk(b"IEND", b"")
    )


def png_text_bomb() -> bytes:
    """A tiny picture with a compressed comment that unfolds to 200 MB."""
    note = b"Comment\x00\x00" + zlib.compress(bytes(200 << 20), 9)
    small = encode(quarters(8, 8), "PNG")
    return small[:33] + _chunk(b"zTXt", note) + small[33:]


def webp_with_giant_canvas() -> bytes:
    """A still picture whose extended header claims 16,384 × 16,384 pixels."""
    still = encode(quarters(64, 64), "WEBP")
    edge = (16_383).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x00\x00\x00\x00" + edge + edge
    body = b"WEBP" + extended + still[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def progressive_with_many_scans(scans: int = 3_000) -> bytes:
    """A progressive JPEG whose last scan comes again and again: little data, much work."""
    plain = encode(photo(2000, 1500), "JPEG", progressive=True, quality=30)
    last = plain.rindex(b"\xff\xda")
    return plain[:-2] + plain[last:-2][:2000] * scans + b"\xff\xd9"


SVG = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "&b;&b;"><!ENTITY b "lol">]>
<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><text>&a;</text></svg>"""

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def jpeg_then_script() -> bytes:
    """One file, two meanings: a picture to us, a page with a script to a careless browser."""
    return encode(quarters(), "JPEG", quality=90) + b"<script>" + CANARY + b"</script>PK\x03\x04"
