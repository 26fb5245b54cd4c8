"""Keeping files: whose they are, what they are called, and when there is no room."""

import unicodedata
from typing import ClassVar
from uuid import UUID

from backend.errors import Refusal
from backend.media.rules.formats import EXTENSIONS

LONGEST_NAME = 100
UNNAMED = "未命名"
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


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


class SchoolQuotaFull(Refusal):
    code = "school_quota_full"
    zh = "学校的存储空间已满（共{gibibytes}GB），请先删除不用的文件。"
    en = "The school's storage is full ({gibibytes} GB); please remove files no longer used."


def check_quota(filled: int, more: int, quota: int) -> None:
    """Raises :class:`SchoolQuotaFull`; all in bytes."""
    if filled + more > quota:
        raise SchoolQuotaFull(gibibytes=quota // 2**30)


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
