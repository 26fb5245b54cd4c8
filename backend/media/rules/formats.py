"""What a file is, by its first bytes, and how large each kind may be."""

from enum import StrEnum
from typing import Literal

from backend.errors import Refusal

MEBIBYTE = 1024 * 1024
MAX_IMAGE_BYTES = 10 * MEBIBYTE
MAX_PDF_BYTES = 20 * MEBIBYTE
MAX_AUDIO_BYTES = 200 * MEBIBYTE
MAX_VIDEO_BYTES = 1024 * MEBIBYTE
HEAD = 4096
"""Bytes of the beginning of a file that tell its format, if there are as many."""


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


class PicturesOnly(FileTypeRefused):
    """What a parent hands in: a document could be anything."""

    code = "pictures_only"
    zh = "只能上传图片。"
    en = "Only pictures are taken here."


class MediaTypeRefused(FileTypeRefused):
    code = "media_type_refused"
    zh = "只接受图片、PDF、视频（MP4、MOV、WebM、MKV）和音频（M4A、MP3、AAC、Ogg）文件。"
    en = "Only pictures, PDF, video (MP4, MOV, WebM, MKV) and audio (M4A, MP3, AAC, Ogg) are taken."


class Format(StrEnum):
    """What the first bytes say a file is; the declared type and name are not believed."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    AVIF = "AVIF"
    PDF = "PDF"
    MP4 = "MP4"
    MOV = "MOV"
    WEBM = "WEBM"
    MKV = "MKV"
    M4A = "M4A"
    MP3 = "MP3"
    AAC = "AAC"
    OGG = "OGG"


STILL = frozenset({Format.JPEG, Format.PNG, Format.WEBP, Format.AVIF, Format.PDF})
"""Formats that are taken in one step and kept at once."""

MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.MP4: "video/mp4",
    Format.MOV: "video/quicktime",
    Format.WEBM: "video/webm",
    Format.MKV: "video/x-matroska",
    Format.M4A: "audio/mp4",
    Format.MP3: "audio/mpeg",
    Format.AAC: "audio/aac",
    Format.OGG: "audio/ogg",
}
"""How a file that is kept as it came is called; pictures are drawn anew."""

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/webm": "weba",
}
"""Media types we store, with the file name extension of each."""

_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_MOVIE_BRANDS = {
    *(b"isom", b"mp41", b"mp42", b"mp71", b"avc1", b"dash", b"iso2", b"iso3", b"iso4"),
    *(b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"isoa", b"M4V ", b"M4VH", b"MSNV"),
    *(b"3gp4", b"3gp5", b"3gp6", b"3g2a"),
}
_SONG_BRANDS = {b"M4A ", b"M4B "}
_MP3_KILOBITS = {
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_HERTZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def kind_of(form: Format) -> Literal["image", "pdf", "video", "audio"]:
    """Return the kind of attachment that a file of ``form`` becomes."""
    if form in (Format.MP4, Format.MOV, Format.WEBM, Format.MKV):
        return "video"
    if form in (Format.M4A, Format.MP3, Format.AAC, Format.OGG):
        return "audio"
    return "pdf" if form is Format.PDF else "image"


def check_size(form: Format, byte_size: int) -> None:
    """Raises :class:`FileTooLarge`."""
    most = {
        "video": MAX_VIDEO_BYTES,
        "audio": MAX_AUDIO_BYTES,
        "pdf": MAX_PDF_BYTES,
        "image": MAX_IMAGE_BYTES,
    }[kind_of(form)]
    if byte_size > most:
        raise FileTooLarge(megabytes=most // MEBIBYTE)


def sniff(data: bytes) -> Format:
    """Return the format of a picture or a PDF.

    Raises :class:`FileEmpty`, :class:`FileTypeRefused` (for anything else, moving pictures
    too) and :class:`HeicRefused`.
    """
    form = _recognise(data)
    if form not in STILL:
        raise FileTypeRefused
    return form


def sniff_any(head: bytes) -> Format:
    """Return the format of a file that begins with ``head``, :data:`HEAD` bytes if it can.

    Raises :class:`FileEmpty`, :class:`MediaTypeRefused` and :class:`HeicRefused`.
    """
    form = _recognise(head)
    if form is None:
        raise MediaTypeRefused
    return form


def _recognise(data: bytes) -> Format | None:
    if not data:
        raise FileEmpty
    for prefix, form in (
        (b"\xff\xd8\xff", Format.JPEG),
        (b"\x89PNG\r\n\x1a\n", Format.PNG),
        (b"%PDF-", Format.PDF),
        (b"ID3", Format.MP3),
    ):
        if data.startswith(prefix):
            return form
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if data[4:8] == b"ftyp":
        return _of_brands(data)
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return _of_document(data)
    if data.startswith(b"OggS\x00"):
        sounds = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")
        return Format.OGG if any(mark in data[:256] for mark in sounds) else None
    return _of_frames(data)


def _of_brands(data: bytes) -> Format | None:
    # The compatible brands matter as well: some cameras put a generic one first.
    size = min(int.from_bytes(data[:4], "big"), 256)
    major = data[8:12]
    brands = {major} | {data[at : at + 4] for at in range(16, size, 4)}
    if brands & {b"avif", b"avis"}:
        return Format.AVIF
    if brands & _HEIC_BRANDS:
        raise HeicRefused
    if major == b"qt  ":
        return Format.MOV
    if major in _SONG_BRANDS:
        return Format.M4A
    return Format.MP4 if brands & _MOVIE_BRANDS else None


def _of_document(data: bytes) -> Format | None:
    """Read the document type from the header of an EBML file."""
    at = data.find(b"\x42\x82", 4, 64)
    if at < 0:
        return None
    length = data[at + 2 : at + 3]
    name = data[at + 3 : at + 3 + (length[0] & 0x7F if length else 0)].rstrip(b"\x00")
    return {b"webm": Format.WEBM, b"matroska": Format.MKV}.get(name)


def _of_frames(data: bytes) -> Format | None:
    """Recognise bare sound by two frames in a row: one begins like many another thing."""
    for measure, form in ((_mp3_frame, Format.MP3), (_aac_frame, Format.AAC)):
        length = measure(data)
        if length and measure(data[length:]):
            return form
    return None


def _mp3_frame(data: bytes) -> int:
    """Return the length of the MPEG layer III frame at the beginning, 0 if there is none."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
        return 0
    version, rate, hertz = data[1] >> 3 & 3, data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or hertz == 3:
        return 0
    is_first = version == 3
    bits = _MP3_KILOBITS[is_first][rate - 1] * 1000 * (144 if is_first else 72)
    return bits // _MP3_HERTZ[version][hertz] + (data[2] >> 1 & 1)


def _aac_frame(data: bytes) -> int:
    """Return the length of the ADTS frame at the beginning, 0 if there is none."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or data[2] >> 2 & 15 > 12:
        return 0
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return length if length >= 7 else 0
