"""Pictures: how many pixels, of which formats.

Nothing here reads the database, the clock or a picture's pixels. The decoder's child
process imports this package too, so it leans on nothing heavy.
"""

from backend.errors import Refusal

MAX_PIXELS = 24_000_000
MAX_EDGE = 2560
THUMBNAIL_EDGE = 480


class ImageUnreadable(Refusal):
    status = 422
    code = "image_unreadable"
    zh = "图片已损坏或不完整，无法读取。"
    en = "The image is damaged or incomplete and cannot be read."


class ImageTooManyPixels(Refusal):
    status = 422
    code = "image_too_many_pixels"
    zh = "图片尺寸过大（{width}×{height}），最多2400万像素。"
    en = "The image is too large ({width}×{height}); at most 24 million pixels."


class ImageAnimated(Refusal):
    status = 422
    code = "image_animated"
    zh = "不支持动图，请上传静态图片。"
    en = "Animated images are not taken; please send a still one."


class ImageTooHeavy(Refusal):
    status = 422
    code = "image_too_heavy"
    zh = "图片处理所需资源过多，请压缩后再上传。"
    en = "The image takes too much to process; please compress it first."


def check_pixels(width: int, height: int) -> None:
    """Raises :class:`ImageTooManyPixels`; called on the header, before any pixel is read."""
    if width * height > MAX_PIXELS:
        raise ImageTooManyPixels(width=width, height=height)
