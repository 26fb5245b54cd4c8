"""Duty logs and their checklists over HTTP."""

from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from backend.errors import NotFound
from backend.media import rules as media_rules
from backend.schools.models import School
from backend.schools.permissions import school_in_sight, school_to_run
from backend.settings import Settings
from backend.volunteering.controllers.photos import photos_of
from backend.volunteering.models import DutyLog, Hazard, HazardState, Severity
from backend.volunteering.operations import logs as operations
from backend.volunteering.operations.kinds import kinds_at
from backend.volunteering.permissions.duties import duty_shift, shift_to_review
from backend.volunteering.queries import logs as queries
from backend.volunteering.queries.logs import DutyShift
from backend.volunteering.rules import logs as rules
from backend.volunteering.rules.shifts import UnknownKind
from backend.volunteering.schemas.logs import (
    ChecklistIn,
    ChecklistItemOut,
    ChecklistOut,
    CheckOut,
    DutyLogIn,
    DutyLogOut,
    FindingOut,
    ReviewedLogOut,
    ReviewedLogsOut,
)
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals


class Checklists(Controller):
    """What volunteers tick, by kind of duty."""

    path = "/schools/{school_id:uuid}/checklists/{duty:str}"
    dependencies = {"school": Provide(school_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getChecklist",
        summary="值班检查清单 The checklist of a duty",
    )
    async def get_checklist(
        self, school: NamedDependency[School], duty: FromPath[str]
    ) -> ChecklistOut:
        """The school's own list, or the built-in one; empty where there is none."""
        if duty not in await kinds_at(school.id):
            raise NotFound
        return _checklist(duty, await operations.checklist_of(school.id, duty))


class ChecklistChange(Controller):
    """A school's own list."""

    path = "/schools/{school_id:uuid}/checklists/{duty:str}"
    dependencies = {"school": Provide(school_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="setChecklist",
        summary="设置检查清单 Set the checklist of a duty",
        responses=refusals(UnknownKind, rules.MediationHasNoLog),
    )
    async def set_checklist(
        self,
        data: JSONBody[ChecklistIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        duty: FromPath[str],
    ) -> ChecklistOut:
        """Logs already begun keep the list they began with."""
        items = await operations.set_checklist(school.id, duty, data.items, by=actor.person_id)
        return _checklist(duty, items)


class MyDutyLog(Controller):
    """The caller's own log of a shift."""

    path = "/shifts/{shift_id:uuid}"
    dependencies = {"shift": Provide(duty_shift)}

    @get(
        "/duty-log",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getDutyLog",
        summary="我的值班记录 My duty log",
        responses=refusals(rules.MediationHasNoLog),
    )
    async def get_duty_log(
        self,
        actor: NamedDependency[Actor],
        shift: NamedDependency[DutyShift],
        settings: NamedDependency[Settings],
    ) -> DutyLogOut:
        """The log so far; before the first save, the list to tick."""
        rules.check_has_log(shift.duty)
        log = await DutyLog.filter(shift_id=shift.id, person_id=actor.person_id).first()
        return await _own(shift, log, actor, settings)

    @put(
        "/duty-log",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="writeDutyLog",
        summary="填写值班记录 Write my duty log",
        responses=refusals(
            rules.MediationHasNoLog,
            rules.NotOnDuty,
            rules.LogClosed,
            rules.LogChanged,
            rules.OnlyCanteensAreRated,
            rules.UnknownItem,
            rules.TickOutsideShift,
            rules.FindingInHand,
            media_rules.AttachmentMissing,
        ),
    )
    async def write_duty_log(
        self,
        data: JSONBody[DutyLogIn],
        actor: NamedDependency[Actor],
        shift: NamedDependency[DutyShift],
        settings: NamedDependency[Settings],
    ) -> DutyLogOut:
        """Save the whole log; the same log sent twice is saved once. Each finding opens one
        hazard.
        """
        log = await operations.write(shift, actor.person_id, data.said)
        return await _own(shift, log, actor, settings)


class ShiftLogs(Controller):
    """Every log of a shift, for the school."""

    path = "/shifts/{shift_id:uuid}/duty-logs"
    dependencies = {"shift": Provide(shift_to_review)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listDutyLogs",
        summary="班次的值班记录 All logs of a shift",
        responses=refusals(rules.MediationHasNoLog),
    )
    async def list_duty_logs(
        self,
        actor: NamedDependency[Actor],
        shift: NamedDependency[DutyShift],
        settings: NamedDependency[Settings],
    ) -> ReviewedLogsOut:
        """For the organiser and whoever runs the school; guidance notes for the organiser."""
        rules.check_has_log(shift.duty)
        items = []
        for row in await queries.of_shift(shift.id):
            checks = [CheckOut.of(item) for item in row.checklist]
            open_to_me = rules.may_read_remarks(
                row.duty, actor.person_id, row.person_id, shift.organiser_id
            )
            items.append(
                ReviewedLogOut(
                    author_id=row.person_id,
                    author=row.author,
                    checks=checks,
                    unticked=[check.text for check in checks if check.at is None],
                    rating=row.rating,
                    remarks=row.remarks if open_to_me else None,
                    findings=await _findings(row.id, actor, settings),
                    updated_at=row.updated_at,
                )
            )
        return ReviewedLogsOut(shift_id=shift.id, duty=shift.duty, items=items)


def _checklist(duty: str, items: list[rules.Item]) -> ChecklistOut:
    shown = [ChecklistItemOut(id=item.id, text=item.text) for item in items]
    return ChecklistOut(duty=duty, items=shown)


async def _own(
    shift: DutyShift, log: DutyLog | None, actor: Actor, settings: Settings
) -> DutyLogOut:
    listed = (
        rules.restored(log.checklist)
        if log
        else await operations.checklist_of(shift.school_id, shift.duty)
    )
    return DutyLogOut(
        shift_id=shift.id,
        duty=shift.duty,
        version=log.version if log else 0,
        checks=[CheckOut.of(item) for item in listed],
        unticked=[item.text for item in listed if item.at is None],
        rating=log.rating if log else None,
        remarks=log.remarks if log else "",
        findings=await _findings(log.id, actor, settings) if log else [],
        updated_at=log.updated_at if log else None,
        writable_until=shift.ends_at + rules.LATE,
    )


async def _findings(log_id: UUID, actor: Actor, settings: Settings) -> list[FindingOut]:
    hazards = await Hazard.filter(log_id=log_id, withdrawn_at=None).order_by("id")
    photos = await photos_of([hazard.id for hazard in hazards], actor, settings)
    return [
        FindingOut(
            key=hazard.finding_key,
            hazard_id=hazard.id,
            text=hazard.text,
            severity=Severity(hazard.severity),
            place=hazard.place,
            state=HazardState(hazard.state),
            photos=photos[hazard.id],
        )
        for hazard in hazards
    ]


DUTY = (Checklists, ChecklistChange, MyDutyLog, ShiftLogs)
