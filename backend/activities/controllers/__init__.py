"""Which URLs activities answers at: for families, for organisers, for those who count."""

from litestar import Router
from litestar.di import Provide

from backend.activities.controllers.counting import (
    DistrictParentClasses,
    SchoolParentClasses,
)
from backend.activities.controllers.following import (
    ActivityExports,
    AllFeedback,
    ExportFile,
    MyFeedback,
    OneExport,
)
from backend.activities.controllers.organising import ActivityChanges, ActivityDrafts
from backend.activities.controllers.posters import ActivityPoster
from backend.activities.controllers.programmes import SessionProgramme, SessionRecording
from backend.activities.controllers.reading import ActivityFacts, OneActivity, SchoolActivities
from backend.activities.controllers.registering import FamilyPlan, Registered, Registration
from backend.activities.permissions import activity_in_sight
from backend.schools.features import require
from backend.schools.models import Function

routes = Router(
    path="/",
    route_handlers=[
        SchoolActivities,
        ActivityDrafts,
        ActivityFacts,
        SchoolParentClasses,
        DistrictParentClasses,
        OneActivity,
        ActivityPoster,
        ActivityChanges,
        FamilyPlan,
        Registered,
        Registration,
        SessionProgramme,
        SessionRecording,
        MyFeedback,
        AllFeedback,
        ActivityExports,
        OneExport,
        ExportFile,
    ],
    dependencies={"sight": Provide(activity_in_sight)},
    guards=[require(Function.ACTIVITIES)],
    opt={"function": Function.ACTIVITIES},
    tags=["活动 Activities"],
)
