"""Which URLs volunteering answers at: families, organisers, whoever runs the school."""

from litestar import Router
from litestar.di import Provide

from backend.schools.features import require
from backend.schools.models import Function
from backend.volunteering.controllers import (
    certificates,
    hazards,
    logs,
    photos,
    service,
)
from backend.volunteering.controllers.calling import CallAnswers, ShiftCalls, ShiftsAtRisk
from backend.volunteering.controllers.days import SchoolDays, StationDayPlanning, StationDays
from backend.volunteering.controllers.organising import (
    DutyKinds,
    DutyKindSetting,
    ShiftTemplateEnding,
    ShiftTemplates,
)
from backend.volunteering.controllers.profiles import (
    MyVolunteering,
    OneVolunteer,
    SchoolVolunteers,
)
from backend.volunteering.controllers.shifts import (
    SchoolShiftMaking,
    SchoolShifts,
    ShiftChanges,
    Shifts,
)
from backend.volunteering.controllers.together import ShiftTeacher
from backend.volunteering.permissions.shifts import shift_in_sight

routes = Router(
    path="/",
    route_handlers=[
        MyVolunteering,
        ShiftTeacher,
        SchoolVolunteers,
        OneVolunteer,
        DutyKinds,
        DutyKindSetting,
        ShiftTemplates,
        ShiftTemplateEnding,
        SchoolDays,
        StationDayPlanning,
        StationDays,
        SchoolShifts,
        SchoolShiftMaking,
        Shifts,
        ShiftChanges,
        ShiftsAtRisk,
        ShiftCalls,
        CallAnswers,
        *logs.DUTY,
        *photos.DUTY,
        *hazards.DUTY,
        *service.DUTY,
        *certificates.DUTY,
    ],
    dependencies={"seen": Provide(shift_in_sight)},
    guards=[require(Function.VOLUNTEERING)],
    opt={"function": Function.VOLUNTEERING},
    tags=["驻校 Volunteering"],
)
