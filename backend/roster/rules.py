"""When an import may be applied or undone, a claim decided, a group kept.

Nothing here reads the database or the clock: callers bring the facts.
"""

from datetime import datetime, timedelta

from backend.errors import Refusal
from backend.roster.models import ClaimState, ImportMode, ImportState, JoinClaim, RosterImport
from backend.web.limits import Limit

UNDO_WINDOW = timedelta(hours=24)
LARGEST_FILE = 10 * 1024 * 1024
"""Bytes of one workbook, packed."""
INVITE_DAYS = 7
TRIES = Limit(name="roster.claim", most=10, seconds=24 * 3600)
"""Codes one account may try."""
IMPORTS = Limit(name="roster.upload", most=30, seconds=3600)
"""Workbooks one account may hand in."""
MOST_INVITES = 5
"""Codes of one class that work at the same time."""
MOST_GROUPS = 200
"""Groups of one school."""

FAILURES: dict[str, tuple[str, str]] = {
    "not_xlsx": (
        "这不是 .xlsx 文件，请用 Excel 或 WPS 另存为“Excel 工作簿（.xlsx）”后再上传。",
        "This is not an .xlsx file.",
    ),
    "old_or_locked": (
        "这是旧版 .xls 文件，或文件设置了密码；请去掉密码并另存为 .xlsx 后再上传。",
        "This is an old .xls file, or it has a password.",
    ),
    "too_many_parts": ("文件包含的工作表或部件过多。", "The file has too many parts."),
    "unpacks_too_large": ("文件解压后过大。", "The file unpacks to too much."),
    "document_type": ("文件内容不安全，无法读取。", "The file holds unsafe markup."),
    "sheet_too_large": (
        "工作表的行数或列数（60）过多；请删除多余的行列，或拆分为多个文件。",
        "A sheet has too many rows, or more than 60 columns.",
    ),
    "unreadable": ("文件已损坏，无法读取。", "The file is damaged."),
    "nothing_known": (
        "没有找到“学生”“家长”“班级”或“教师”表；请使用下载的模板。",
        "No sheet of pupils, guardians, classes or staff was found.",
    ),
    "too_heavy": (
        "读取文件占用的资源超过上限；请删除图片、格式和多余的工作表后再试。",
        "Reading the file took more than it may.",
    ),
    "gave_up": ("多次读取都未能完成，请重新上传。", "Reading it failed several times."),
}
"""Why a file could not be read at all."""


class FileTooLarge(Refusal):
    status = 413
    code = "roster_file_too_large"
    zh = "文件不能超过 10 MB。"
    en = "The file must not exceed 10 MB."


class FileEmpty(Refusal):
    status = 400
    code = "roster_file_empty"
    zh = "文件是空的。"
    en = "The file is empty."


class NotRead(Refusal):
    """The import is still waiting or being read."""

    code = "import_not_read"
    zh = "文件还在检查中，请稍候。"
    en = "The file is still being read."


class HasFaults(Refusal):
    code = "import_has_faults"
    zh = "文件中有错误，请按错误表改正后重新上传。"
    en = "The file has errors; correct them and upload it again."


class NotReadable(Refusal):
    code = "import_failed"
    zh = "文件无法读取，请重新上传。"
    en = "The file could not be read."


class AlreadyUndone(Refusal):
    code = "import_undone"
    zh = "该次导入已经撤销。"
    en = "This import has been undone."


class Outdated(Refusal):
    """The house changed since the preview; ``summary`` now shows the new one."""

    code = "import_outdated"
    zh = "预览之后学校的数据有了变化，请查看新的预览后再次确认。"
    en = "The school's data changed since the preview; look at the new one and confirm again."


class NotApplied(Refusal):
    code = "import_not_applied"
    zh = "该次导入还没有写入，无需撤销。"
    en = "This import has not been applied."


class UndoTooLate(Refusal):
    code = "undo_too_late"
    zh = "已超过 24 小时，不能撤销。"
    en = "More than 24 hours have passed; it can no longer be undone."


class BuiltUpon(Refusal):
    """Rows the import touched were changed since, or others lean on them."""

    code = "undo_built_upon"
    zh = "导入之后已有{rows}处数据被改动或使用，不能整体撤销；请逐项修改，或上传更正后的文件。"
    en = "{rows} rows have been changed or used since; correct them one by one instead."


class NoFaults(Refusal):
    code = "no_faults"
    zh = "该文件没有错误。"
    en = "This file has no errors."


class FileForgotten(Refusal):
    code = "file_forgotten"
    zh = "原文件已按规定删除，请重新上传。"
    en = "The original file has been deleted by now; upload it again."


class CodeUnknown(Refusal):
    """Wrong, expired and revoked alike, so that trying teaches nothing."""

    code = "code_unknown"
    zh = "邀请码不正确或已失效，请向班主任索取新的邀请码。"
    en = "This code is wrong or no longer valid; ask the class teacher for a new one."


class TooManyInvites(Refusal):
    code = "too_many_invites"
    zh = "该班已有 5 个有效的邀请码，请先停用不用的。"
    en = "This class has five codes that work; revoke one first."


class ClaimDecided(Refusal):
    code = "claim_decided"
    zh = "这个申请已经处理过了。"
    en = "This claim has been decided."


class NotInClass(Refusal):
    code = "not_in_class"
    zh = "该学生不在这个班。"
    en = "This pupil is not in this class."


class OwnClaim(Refusal):
    """Nobody decides their own claim."""

    code = "own_claim"
    zh = "不能处理自己的申请，请由学校管理员处理。"
    en = "You cannot decide your own claim."


class TieBarred(Refusal):
    """This tie was ended or restricted; only the school's administrators may reopen it."""

    code = "tie_barred"
    zh = "无法建立该监护关系，请联系学校管理员。"
    en = "This tie cannot be made here; please turn to the school's administrators."


class NameTaken(Refusal):
    code = "group_name_taken"
    zh = "本校已有同名的分组。"
    en = "The school has a group of this name."


class TooManyGroups(Refusal):
    code = "too_many_groups"
    zh = "本校的分组已达到 200 个。"
    en = "The school has 200 groups already."


class MemberOutside(Refusal):
    """A group holds pupils and staff of its school; a class teacher's, of their classes."""

    code = "member_outside"
    zh = "有成员不属于本校，或不在您任班主任的班级。"
    en = "A member is not of this school, or not of the classes you lead."


def check_can_apply(roster: RosterImport) -> None:
    """Raises the refusal that the import's state asks for."""
    match ImportState(roster.state):
        case ImportState.QUEUED | ImportState.READING:
            raise NotRead(retry_after=1)
        case ImportState.FAULTY:
            raise HasFaults
        case ImportState.FAILED:
            raise NotReadable
        case ImportState.UNDONE:
            raise AlreadyUndone
        case _:
            return


def check_can_undo(roster: RosterImport, now: datetime) -> None:
    """Raises :class:`NotApplied` and :class:`UndoTooLate`."""
    if roster.state != ImportState.APPLIED or roster.applied_at is None:
        raise NotApplied
    if now >= roster.applied_at + UNDO_WINDOW:
        raise UndoTooLate


def check_can_decide(claim: JoinClaim, person_id: object) -> None:
    """Raises :class:`ClaimDecided` and :class:`OwnClaim`."""
    if claim.person_id == person_id:
        raise OwnClaim
    if claim.state != ClaimState.PENDING:
        raise ClaimDecided


def whole_school(roster: RosterImport) -> bool:
    """Say whether absence from the file means having left."""
    return roster.mode == ImportMode.FULL
