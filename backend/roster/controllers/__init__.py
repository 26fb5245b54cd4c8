"""Which URLs: imports, a class's pupils, codes and claims, groups."""

from litestar import Router

from backend.roster.controllers.groups import GroupDetail, SchoolGroups
from backend.roster.controllers.imports import (
    ImportApplication,
    RosterImports,
    RosterTemplate,
    SchoolImports,
)
from backend.roster.controllers.joining import ClaimDecision, Claims, ClassJoining, Invites
from backend.roster.controllers.staff import SchoolStaff

routes = Router(
    path="/",
    route_handlers=[
        RosterTemplate,
        SchoolImports,
        RosterImports,
        ImportApplication,
        ClassJoining,
        Invites,
        Claims,
        ClaimDecision,
        SchoolGroups,
        GroupDetail,
        SchoolStaff,
    ],
    tags=["Roster"],
)
