"""Files that arrive in parts: how many, how long each, and what may go wrong."""

import base64
import binascii
import re

from backend.errors import BadInput, Refusal

PART_BYTES = 2 * 1024 * 1024
"""Half a minute on a slow phone: what is lost at most when the network goes."""
LARGEST_PART = 4 * 1024 * 1024
"""What a part may ever be, whatever the size that an upload was begun with."""

_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{1,60}):\s*(?:,|$)")


class NoSuchPart(Refusal):
    status = 422
    code = "no_such_part"
    zh = "分片编号超出范围，该文件共{parts}片。"
    en = "There is no such part; the file has {parts} parts."


class PartSizeWrong(Refusal):
    status = 422
    code = "part_size_wrong"
    zh = "分片大小不对，应为{expected}字节。"
    en = "The part does not have the right size; it should be {expected} bytes."


class PartDamaged(Refusal):
    status = 422
    code = "part_damaged"
    zh = "分片在传输中损坏，请重新发送。"
    en = "The part was damaged on the way; please send it again."


class PartsMissing(Refusal):
    """``missing`` names the first of them."""

    code = "parts_missing"
    zh = "还有{count}个分片没有收到。"
    en = "{count} parts have not arrived yet."


class UploadDigestDiffers(Refusal):
    status = 422
    code = "upload_digest_differs"
    zh = "文件内容与声明的 SHA-256 不符，请重新上传。"
    en = "The file is not the one whose SHA-256 was declared; please upload it again."


class UploadJoining(Refusal):
    """The parts are being put together; ask again, or ask how far it is."""

    code = "upload_joining"
    zh = "文件正在合并，请稍候。"
    en = "The parts are being put together; please wait."


class UploadComplete(Refusal):
    code = "upload_complete"
    zh = "该文件已上传完成。"
    en = "That upload is complete already."


class DigestUnreadable(BadInput):
    code = "digest_unreadable"
    zh = "Content-Digest 请求头无法识别，请发送 sha-256=:Base64:。"
    en = "The Content-Digest header cannot be read; send sha-256=:Base64:."


def parts_of(byte_size: int, part_size: int) -> int:
    """Return how many parts a file has."""
    return -(-byte_size // part_size)


def check_part(number: int, length: int, byte_size: int, part_size: int) -> None:
    """Raises :class:`NoSuchPart` and :class:`PartSizeWrong`; parts count from 1."""
    parts = parts_of(byte_size, part_size)
    if not 1 <= number <= parts:
        raise NoSuchPart(parts=parts)
    expected = byte_size - (parts - 1) * part_size if number == parts else part_size
    if length != expected:
        raise PartSizeWrong(expected=expected)


def declared_digest(header: str | None) -> bytes | None:
    """Return the SHA-256 of a ``Content-Digest`` header (RFC 9530), if it gives one.

    Raises :class:`DigestUnreadable` for one of another shape.
    """
    found = _DIGEST.search(header) if header else None
    if found is None:
        return None
    try:
        digest = base64.b64decode(found.group(1), validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 32:
        raise DigestUnreadable(field="Content-Digest")
    return digest
