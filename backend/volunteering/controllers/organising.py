"""What whoever runs a school decides: duties, settings, templates."""

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from backend.settings import Settings
from backend.volunteering.models import ShiftTemplate
from backend.volunteering.operations import kinds, templates
from backend.volunteering.operations.shifts import SHAPING
from backend.volunteering.permissions.shifts import (
    SchoolSight,
    template_to_run,
    volunteering_at,
    volunteering_to_run,
)
from backend.volunteering.queries.lists import built_in_kinds, templates_at
from backend.volunteering.rules.shifts import KindFixed, UnknownKind
from backend.volunteering.rules.templates import BadTemplate
from backend.volunteering.schemas.organising import (
    DutyKindIn,
    DutyKindOut,
    DutyKindPage,
    TemplateEndedOut,
    TemplateEndIn,
    TemplateIn,
    TemplateMadeOut,
    TemplateOut,
    TemplatePage,
    VolunteeringSettingsIn,
    VolunteeringSettingsOut,
)
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class DutyKinds(Controller):
    path = "/schools/{school_id:uuid}/duty-kinds"
    dependencies = {"school": Provide(volunteering_at)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listDutyKinds",
        summary="岗位种类 Kinds of duty",
    )
    async def list_duty_kinds(self, school: NamedDependency[SchoolSight]) -> DutyKindPage:
        """Five built in and the guard post, then the school's own."""
        return await _kinds(school)


class DutyKindSetting(Controller):
    path = "/schools/{school_id:uuid}"
    dependencies = {"school": Provide(volunteering_to_run)}

    @put(
        "/duty-kinds/{duty_key:str}",
        opt={"policy": Policy.STAFF},
        operation_id="setDutyKind",
        summary="新增岗位或修改说明 Add a duty, or say more of a built-in one",
        responses=refusals(KindFixed, UnknownKind),
    )
    async def set_duty_kind(
        self,
        data: JSONBody[DutyKindIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[SchoolSight],
        duty_key: FromPath[str],
    ) -> DutyKindOut:
        """A built-in duty keeps its name, and what protects the people in it stays on."""
        kind = await kinds.set_kind(school.school_id, duty_key, data.text(), by=actor.person_id)
        settings = await kinds.settings_of(school.school_id)
        return DutyKindOut.of(kind, list(settings.closed_kinds), await built_in_kinds())

    @get(
        "/volunteering-settings",
        opt={"policy": Policy.STAFF},
        operation_id="getVolunteeringSettings",
        summary="驻校志愿设置 How the school runs its volunteering",
    )
    async def get_volunteering_settings(
        self, school: NamedDependency[SchoolSight]
    ) -> VolunteeringSettingsOut:
        """What was decided, or the defaults."""
        return VolunteeringSettingsOut.of(await kinds.settings_of(school.school_id))

    @put(
        "/volunteering-settings",
        opt={"policy": Policy.STAFF},
        operation_id="decideVolunteeringSettings",
        summary="修改驻校志愿设置 Decide how the school runs its volunteering",
        responses=refusals(UnknownKind),
    )
    async def decide_volunteering_settings(
        self,
        data: JSONBody[VolunteeringSettingsIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[SchoolSight],
    ) -> VolunteeringSettingsOut:
        """Shifts made from now on follow it; those made before stay as they are."""
        decided = await kinds.decide_settings(school.school_id, data.decided(), by=actor.person_id)
        return VolunteeringSettingsOut.of(decided)


class ShiftTemplates(Controller):
    path = "/schools/{school_id:uuid}/shift-templates"
    dependencies = {"school": Provide(volunteering_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listShiftTemplates",
        summary="班次模板 What recurs",
    )
    async def list_shift_templates(self, school: NamedDependency[SchoolSight]) -> TemplatePage:
        """The newest first, the ended ones last."""
        found = await templates_at(school.school_id)
        return TemplatePage(items=[TemplateOut.of(one) for one in found])

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="makeShifts",
        summary="按模板一次建好整学期班次 A term of shifts in one call",
        responses=refusals(KeyNeeded, KeyReused, BadTemplate, *SHAPING),
    )
    async def make_shifts(
        self,
        data: JSONBody[TemplateIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[SchoolSight],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> TemplateMadeOut:
        """Holidays and 调休 are respected. The same duty, place and times are the same template:
        called again, it makes only what is missing.
        """

        async def act() -> TemplateMadeOut:
            if data.dry_run:
                made = await templates.preview(school.school_id, data.pattern())
            else:
                made = await templates.make(school.school_id, data.pattern(), by=actor.person_id)
            return TemplateMadeOut.of(made, dry_run=data.dry_run)

        return await once(
            actor.person_id,
            "makeShifts",
            idempotency_key,
            (school.school_id, data),
            TemplateMadeOut,
            act,
            secret=settings.secret_key,
        )


class ShiftTemplateEnding(Controller):
    path = "/shift-templates/{template_id:uuid}/ending"
    dependencies = {"template": Provide(template_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="endShiftTemplate",
        summary="停用模板并取消后续班次 End it, and call off its shifts to come",
    )
    async def end_shift_template(
        self,
        data: JSONBody[TemplateEndIn],
        actor: NamedDependency[Actor],
        template: NamedDependency[ShiftTemplate],
    ) -> TemplateEndedOut:
        """Everybody concerned is told, with the reason."""
        count = await templates.end(template.id, data.reason, by=actor.person_id)
        return TemplateEndedOut(called_off=count)


async def _kinds(school: SchoolSight) -> DutyKindPage:
    settings, built_in = await kinds.settings_of(school.school_id), await built_in_kinds()
    found = await kinds.kinds_at(school.school_id)
    closed = list(settings.closed_kinds)
    return DutyKindPage(items=[DutyKindOut.of(kind, closed, built_in) for kind in found.values()])
