"""Imports: the upload, its progress, faults and preview."""

from typing import Annotated, Self
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from backend.roster import rules
from backend.roster.models import ImportMode, ImportState, RosterImport
from backend.roster.operations.imports import summary_of
from backend.roster.queries import reporting
from backend.roster.spreadsheet.rows import Fault
from backend.web.structs import Count, Cursor, In, Moment, Out


class RosterForm(In):
    """花名册文件（.xlsx，不超过 10 MB）。

    mode 为 full 时，文件视为全校名单，未列出的学生将被标为离校。
    """

    file: UploadFile
    mode: ImportMode = ImportMode.MERGE


class ImportStartedOut(Out):
    """已受理的导入；用 id 查询检查进度。"""

    id: UUID
    state: ImportState

    @classmethod
    def of(cls, roster: RosterImport) -> Self:
        return cls(id=roster.id, state=ImportState(roster.state))


class FaultOut(Out):
    """一处错误或提醒；row 是表格软件中的行号，整张表的问题为 0；涉及个人信息的 value 已打码。"""

    sheet: str
    row: Count
    column: str
    code: str
    message: str
    value: str | None

    @classmethod
    def of(cls, fault: Fault) -> Self:
        return cls(**msgspec.structs.asdict(fault))


class FailureOut(Out):
    """文件为什么无法读取。"""

    code: str
    message: str


class ImportCountsOut(Out):
    """写入后会有变化的行数；names_kept 与 guardians_kept_apart 是保持不变、需要留意的。"""

    grades_new: Count
    classes_new: Count
    pupils_new: Count
    pupils_renamed: Count
    pupils_moved: Count
    pupils_returned: Count
    pupils_left: Count
    accounts_new: Count
    accounts_renamed: Count
    guardians_new: Count
    guardians_of_known_children: Count
    guardians_changed: Count
    guardians_kept_apart: Count
    names_kept: Count
    posts_new: Count
    posts_ended: Count
    changes: Count

    @classmethod
    def of(cls, counts: reporting.Counts) -> Self:
        return cls(**msgspec.structs.asdict(counts), changes=counts.changes)


class PupilSampleOut(Out):
    """一名学生的变化示例；班级写作“三年级2班”。"""

    number: str
    name: str
    from_class: str | None
    to_class: str | None

    @classmethod
    def of(cls, sample: reporting.Sample) -> Self:
        return cls(**msgspec.structs.asdict(sample))


class ImportSamplesOut(Out):
    """每种变化最多十个示例。"""

    pupils_new: list[PupilSampleOut]
    pupils_moved: list[PupilSampleOut]
    pupils_left: list[PupilSampleOut]

    @classmethod
    def of(cls, samples: reporting.Samples) -> Self:
        return cls(
            pupils_new=[PupilSampleOut.of(sample) for sample in samples.new],
            pupils_moved=[PupilSampleOut.of(sample) for sample in samples.moved],
            pupils_left=[PupilSampleOut.of(sample) for sample in samples.left],
        )


class RosterImportOut(Out):
    """一次花名册导入。

    state 依次为 queued、reading，然后是 ready、faulty 或 failed；确认写入后为 applied，
    撤销后为 undone。progress 是检查进度的百分数；faults 最多 500 条，全部错误见错误表。
    """

    id: UUID
    school_id: UUID
    filename: str
    mode: ImportMode
    state: ImportState
    progress: Annotated[int, Meta(ge=0, le=100)]
    failure: FailureOut | None
    fault_count: Count
    faults: list[FaultOut]
    warnings: list[FaultOut]
    counts: ImportCountsOut | None
    samples: ImportSamplesOut | None
    created_at: Moment
    applied_at: Moment | None
    undo_until: Moment | None
    undone_at: Moment | None

    @classmethod
    def of(cls, roster: RosterImport) -> Self:
        summary = summary_of(roster)
        failure = rules.FAILURES.get(roster.failure)
        state = ImportState(roster.state)
        undo_until = None
        if roster.applied_at is not None and state == ImportState.APPLIED:
            undo_until = roster.applied_at + rules.UNDO_WINDOW
        return cls(
            id=roster.id,
            school_id=roster.school_id,
            filename=roster.filename,
            mode=ImportMode(roster.mode),
            state=state,
            progress=roster.progress,
            failure=FailureOut(code=roster.failure, message=failure[0]) if failure else None,
            fault_count=summary.faults,
            faults=[FaultOut.of(fault) for fault in msgspec.convert(roster.faults, list[Fault])],
            warnings=[FaultOut.of(fault) for fault in summary.warnings],
            counts=ImportCountsOut.of(summary.counts) if summary.counts else None,
            samples=ImportSamplesOut.of(summary.samples) if summary.samples else None,
            created_at=roster.created_at,
            applied_at=roster.applied_at,
            undo_until=undo_until,
            undone_at=roster.undone_at,
        )


class ImportItem(Out):
    """导入记录中的一行。"""

    id: UUID
    filename: str
    mode: ImportMode
    state: ImportState
    created_at: Moment
    applied_at: Moment | None
    undone_at: Moment | None

    @classmethod
    def of(cls, roster: RosterImport) -> Self:
        return cls(
            id=roster.id,
            filename=roster.filename,
            mode=ImportMode(roster.mode),
            state=ImportState(roster.state),
            created_at=roster.created_at,
            applied_at=roster.applied_at,
            undone_at=roster.undone_at,
        )


class ImportPage(Out):
    """一页导入记录，新的在前。"""

    items: list[ImportItem]
    next_cursor: Cursor | None
