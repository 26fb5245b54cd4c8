"""Drawing a picture anew; runs only inside the sandbox's child.

Nothing else may import this module: the processes that answer requests never decode what
somebody sent. They do draw papers of their own, see ``paper``.
"""

import io
from collections.abc import Callable

import msgspec
from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, UnidentifiedImageError

from backend.media import rules

_TAKEN = ("JPEG", "PNG", "WEBP", "AVIF")
_SEVERAL_VIEWS_OF_ONE_PICTURE = "MPO"


class Drawing(msgspec.Struct, frozen=True):
    """One picture as the house keeps it; ``width`` and ``height`` are the original's."""

    media_type: str
    width: int
    height: int
    original: bytes
    thumbnail: bytes


def render(payload: bytes, progress: Callable[[dict[str, object]], None]) -> bytes:
    """Decode ``payload`` and return a msgpack :class:`Drawing` without any metadata.

    Raises :class:`rules.ImageTooManyPixels`, :class:`rules.ImageAnimated` and
    :class:`rules.ImageUnreadable`.
    """
    _prepare()
    try:
        with Image.open(io.BytesIO(payload), formats=_TAKEN) as image:
            rules.check_pixels(*image.size)
            _check_still(image)
            return msgspec.msgpack.encode(_draw(image))
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError, ValueError) as error:
        raise rules.ImageUnreadable from error


def _prepare() -> None:
    # Our own check stands right behind the header and names the size; Pillow's, inside
    # ``open``, would only say that it is a bomb.
    Image.MAX_IMAGE_PIXELS = None
    # Each decoder thread reserves address space, which the child has little of.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def _check_still(image: Image.Image) -> None:
    """Raises :class:`rules.ImageAnimated`.

    A phone's JPEG may carry a second view (depth, brightness); its first is the picture.
    """
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != _SEVERAL_VIEWS_OF_ONE_PICTURE:
        raise rules.ImageAnimated


def _draw(image: Image.Image) -> Drawing:
    is_photo = image.format in ("JPEG", _SEVERAL_VIEWS_OF_ONE_PICTURE)
    profile = image.info.get("icc_profile")
    # A JPEG decoder can skip detail we would only throw away; other formats ignore this.
    image.draft(None, _fitting(image.size, rules.MAX_EDGE))
    image.load()
    # Shrunk before it is turned: the child's memory holds one full-size copy, not three.
    upright = _eight_bits(image)
    upright.thumbnail((rules.MAX_EDGE, rules.MAX_EDGE), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(upright, in_place=True)
    upright = _bare(_in_srgb(upright, profile))
    small = upright.copy()
    small.thumbnail(
        (rules.THUMBNAIL_EDGE, rules.THUMBNAIL_EDGE), Image.Resampling.LANCZOS, reducing_gap=2.0
    )
    media_type = "image/jpeg" if is_photo else "image/webp"
    return Drawing(
        media_type=media_type,
        width=upright.width,
        height=upright.height,
        original=_encode(upright, media_type, quality=85),
        thumbnail=_encode(small, media_type, quality=78),
    )


def _fitting(size: tuple[int, int], edge: int) -> tuple[int, int]:
    longest = max(size)
    if longest <= edge:
        return size
    return max(1, size[0] * edge // longest), max(1, size[1] * edge // longest)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return ``image`` in a mode that resizes well: RGB, RGBA or CMYK.

    Sixteen-bit greys are scaled by hand, because converting them clips instead.
    """
    if image.mode.startswith("I"):
        grey = image.convert("I").point(lambda value: value * (1 / 256))
        return grey.convert("L").convert("RGB")
    if image.mode in ("RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return ``image`` in the colours every screen assumes, so its profile can go.

    Phones photograph in wider colour spaces; without this their pictures turn pale.
    """
    wanted = "RGB" if image.mode == "CMYK" else image.mode
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, given, ImageCms.createProfile("sRGB"), outputMode=wanted
            )
        except (ImageCms.PyCMSError, OSError):
            # A profile that does not parse, or one for another number of channels.
            return image.convert(wanted)
        return converted or image.convert(wanted)
    return image.convert(wanted)


def _bare(image: Image.Image) -> Image.Image:
    """Copy the pixels, and only them: EXIF, GPS, XMP, profile and comments stay behind."""
    fresh = Image.new(image.mode, image.size)
    fresh.paste(image)
    return fresh


def _encode(image: Image.Image, media_type: str, *, quality: int) -> bytes:
    out = io.BytesIO()
    if media_type == "image/jpeg":
        image.save(out, "JPEG", quality=quality)
    else:
        image.save(out, "WEBP", quality=quality, method=2)
    return out.getvalue()
