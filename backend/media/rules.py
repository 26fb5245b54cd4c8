"""What may be handed in, and what it is called afterwards.

Nothing here reads the database, the clock or a picture's pixels. The decoder's child
process imports this module too, so it leans on nothing heavy.
"""

import unicodedata
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from backend.errors import Refusal

MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_PDF_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 24_000_000
MAX_EDGE = 2560
THUMBNAIL_EDGE = 480
LONGEST_NAME = 100
UNNAMED = "未命名"


class FileTooLarge(Refusal):
    status = 413
    code = "file_too_large"
    zh = "文件过大，最多{megabytes}MB。"
    en = "The file is too large; at most {megabytes} MB."


class FileEmpty(Refusal):
    status = 422
    code = "file_empty"
    zh = "文件是空的。"
    en = "The file is empty."


class FileTypeRefused(Refusal):
    status = 415
    code = "file_type_refused"
    zh = "只接受 JPEG、PNG、WebP、AVIF 图片和 PDF 文件。"
    en = "Only JPEG, PNG, WebP and AVIF images and PDF files are taken."


class HeicRefused(FileTypeRefused):
    code = "heic_refused"
    zh = "暂不支持 HEIC 图片，请转存为 JPEG 后再上传。"
    en = "HEIC images are not taken; please save the picture as JPEG first."


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


class AttachmentMissing(Refusal):
    """Absent, swept, somebody else's, or carried by something else: all the same."""

    code = "attachment_missing"
    zh = "附件不存在或已失效，请重新上传。"
    en = "An attachment is missing or has expired; please upload it again."


class StorageFull(Refusal):
    status: ClassVar[int] = 507
    code = "storage_full"
    zh = "服务器存储空间不足，请稍后再试。"
    en = "The server is out of storage; please try again later."


class Format(StrEnum):
    """What the first bytes say a file is; the declared type and name are not believed."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    AVIF = "AVIF"
    PDF = "PDF"


EXTENSIONS = {"image/jpeg": "jpg", "image/webp": "webp", "application/pdf": "pdf"}
"""Media types we store, with the file name extension of each."""

_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}


def sniff(data: bytes) -> Format:
    """Return the format of ``data``. Raises :class:`FileEmpty`, :class:`FileTypeRefused`."""
    if not data:
        raise FileEmpty
    if data.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if data.startswith(b"%PDF-"):
        return Format.PDF
    if data[4:8] == b"ftyp":
        # The compatible brands matter as well: some cameras put a generic one first.
        size = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[at : at + 4] for at in (8, *range(16, size, 4))}
        if brands & {b"avif", b"avis"}:
            return Format.AVIF
        if brands & _HEIC_BRANDS:
            raise HeicRefused
    raise FileTypeRefused


def check_size(form: Format, byte_size: int) -> None:
    """Raises :class:`FileTooLarge`."""
    most = MAX_PDF_BYTES if form is Format.PDF else MAX_IMAGE_BYTES
    if byte_size > most:
        raise FileTooLarge(megabytes=most // (1024 * 1024))


def check_pixels(width: int, height: int) -> None:
    """Raises :class:`ImageTooManyPixels`; called on the header, before any pixel is read."""
    if width * height > MAX_PIXELS:
        raise ImageTooManyPixels(width=width, height=height)


def may_carry(carried_by: UUID | None, uploader_id: UUID, owner_id: UUID, person_id: UUID) -> bool:
    """Say whether ``person_id`` may let ``owner_id`` carry an attachment."""
    return carried_by == owner_id or (carried_by is None and uploader_id == person_id)


def display_name(given: str, media_type: str) -> str:
    """Return a name that is safe to show and to save under.

    Only the last path component is kept, without control, bidirectional and other
    invisible characters; the extension becomes that of what we store.
    """
    name = unicodedata.normalize("NFC", given[-4 * LONGEST_NAME :])
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(ch for ch in name if unicodedata.category(ch) not in _INVISIBLE)
    name = "".join("_" if ch in '<>:"|?*%' else ch for ch in name)
    stem, dot, extension = " ".join(name.split()).rpartition(".")
    if not dot or not (extension.isascii() and extension.isalnum() and len(extension) <= 5):
        stem = " ".join(name.split())
    stem = stem.strip(". ")[:LONGEST_NAME].strip(". ")
    return f"{stem or UNNAMED}.{EXTENSIONS[media_type]}"


_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
