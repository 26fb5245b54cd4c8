"""Rosters over HTTP: template, upload, progress, faults, application and undo."""

import hashlib
from functools import lru_cache
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery, HeaderParameter

from backend import clock
from backend.errors import Busy, TooMany
from backend.roster import rules
from backend.roster.models import WITHOUT_CONTENT, ImportState, RosterImport
from backend.roster.operations import imports, reading
from backend.roster.permissions import import_in_sight
from backend.roster.schemas.imports import (
    ImportItem,
    ImportPage,
    ImportStartedOut,
    RosterForm,
    RosterImportOut,
)
from backend.roster.spreadsheet.template import template
from backend.sandbox import SandboxKilled, SandboxRefused
from backend.schools.models import School
from backend.schools.permissions import school_to_run
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.idempotency import KeyNeeded, KeyReused, once
from backend.web.limits import spend
from backend.web.policy import Policy
from backend.web.problems import Clash, refusals
from backend.web.structs import Cursor, PageSize

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_FORM = rules.LARGEST_FILE + 64 * 1024


class RosterTemplate(Controller):
    """The empty workbook."""

    @get(
        "/roster-template.xlsx",
        opt={"policy": Policy.STAFF},
        operation_id="getRosterTemplate",
        summary="下载花名册模板",
        media_type=XLSX,
    )
    async def get_roster_template(self) -> Response[bytes]:
        """班级、学生、家长、教师四张表和填写说明。"""
        return _workbook(_template(), "roster-template.xlsx", "花名册模板.xlsx")


class SchoolImports(Controller):
    """Handing workbooks in, for those who run the school."""

    path = "/schools/{school_id:uuid}/roster-imports"
    opt = {"policy": Policy.STAFF}
    dependencies = {"school": Provide(school_to_run)}

    @post(
        status_code=202,
        operation_id="uploadRoster",
        summary="上传花名册",
        request_max_body_size=LARGEST_FORM,
        responses=refusals(rules.FileEmpty, rules.FileTooLarge, KeyNeeded, KeyReused, TooMany),
    )
    async def upload_roster(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        school: NamedDependency[School],
        data: Annotated[RosterForm, Body(media_type=RequestEncodingType.MULTI_PART)],
        idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
    ) -> ImportStartedOut:
        """只检查，不写入；随后查询进度，确认预览后再写入。"""
        await spend(rules.IMPORTS, str(actor.person_id), clock.now())
        content = await data.file.read()

        async def act() -> ImportStartedOut:
            return ImportStartedOut.of(
                await imports.upload(
                    school.id, actor.person_id, data.file.filename, content, mode=data.mode
                )
            )

        return await once(
            actor.person_id,
            "uploadRoster",
            idempotency_key,
            (school.id, data.mode, hashlib.sha256(content).hexdigest()),
            ImportStartedOut,
            act,
            secret=settings.secret_key,
        )

    @get(
        operation_id="listRosterImports",
        summary="导入记录",
        responses=refusals(BadCursor),
    )
    async def list_roster_imports(
        self,
        school: NamedDependency[School],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> ImportPage:
        """本校的导入记录，新的在前。"""
        purpose = f"rosters:{school.id}"
        query = RosterImport.filter(school_id=school.id)
        if cursor:
            query = query.filter(id__lt=cursors.open(purpose, cursor, UUID))
        found = await query.only(*WITHOUT_CONTENT).order_by("-id").limit(limit + 1)
        shown = found[:limit]
        more = len(found) > limit
        return ImportPage(
            items=[ImportItem.of(roster) for roster in shown],
            next_cursor=cursors.seal(purpose, shown[-1].id) if more else None,
        )


class RosterImports(Controller):
    """One import."""

    path = "/roster-imports/{import_id:uuid}"
    opt = {"policy": Policy.STAFF}
    dependencies = {"roster": Provide(import_in_sight)}

    @get(operation_id="getRosterImport", summary="导入进度与预览")
    async def get_roster_import(self, roster: NamedDependency[RosterImport]) -> RosterImportOut:
        """检查进度、错误和提醒；检查通过后是将要发生的变化。"""
        return RosterImportOut.of(roster)

    @get(
        "/errors.xlsx",
        operation_id="getRosterErrors",
        summary="下载错误表",
        media_type=XLSX,
        responses=refusals(
            rules.NotRead, rules.NotReadable, rules.NoFaults, rules.FileForgotten, Busy
        ),
    )
    async def get_roster_errors(self, roster: NamedDependency[RosterImport]) -> Response[bytes]:
        """原来的各行，最后一列写明错误；改正后可直接重新上传。"""
        if roster.state in (ImportState.QUEUED, ImportState.READING):
            raise rules.NotRead(retry_after=1)
        if roster.state == ImportState.FAILED:
            raise rules.NotReadable
        if roster.state != ImportState.FAULTY and not roster.summary.get("warnings"):
            raise rules.NoFaults
        try:
            content = await reading.write_corrections(roster.id)
        except SandboxRefused:
            raise rules.NotReadable from None
        except SandboxKilled:
            raise Busy(retry_after=5) from None
        return _workbook(content, "roster-errors.xlsx", "花名册错误表.xlsx")


class ImportApplication(Controller):
    """Whether an import stands in the house."""

    path = "/roster-imports/{import_id:uuid}/application"
    opt = {"policy": Policy.STAFF}
    dependencies = {"roster": Provide(import_in_sight)}

    @put(
        operation_id="applyRosterImport",
        summary="确认写入",
        responses=refusals(
            rules.NotRead,
            rules.HasFaults,
            rules.NotReadable,
            rules.AlreadyUndone,
            rules.Outdated,
            rules.FileForgotten,
            Clash,
        ),
    )
    async def apply_roster_import(
        self, actor: NamedDependency[Actor], roster: NamedDependency[RosterImport]
    ) -> RosterImportOut:
        """全部写入，或一行也不写；重复确认只写入一次。"""
        return RosterImportOut.of(await imports.apply(roster.id, actor.person_id, clock.now()))

    @delete(
        status_code=200,
        operation_id="undoRosterImport",
        summary="撤销写入",
        responses=refusals(rules.NotApplied, rules.UndoTooLate, rules.BuiltUpon, Clash),
    )
    async def undo_roster_import(
        self, actor: NamedDependency[Actor], roster: NamedDependency[RosterImport]
    ) -> RosterImportOut:
        """24 小时内可恢复到写入之前；写入的数据已被改动或使用时不能撤销。"""
        return RosterImportOut.of(await imports.undo(roster.id, actor.person_id, clock.now()))


@lru_cache(maxsize=1)
def _template() -> bytes:
    return template()


def _workbook(content: bytes, plain: str, name: str) -> Response[bytes]:
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    return Response(
        content,
        media_type=XLSX,
        headers={
            "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quoted}",
            "cache-control": "no-store",
        },
    )
