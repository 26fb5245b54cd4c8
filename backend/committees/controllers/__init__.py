"""Which URLs the committees answer at: bodies, suggestions, agendas, votes, minutes, panels."""

from litestar import Router

from backend.committees.controllers import (
    agenda,
    attending,
    ballots,
    bodies,
    certifying,
    charters,
    decisions,
    founding,
    meetings,
    minutes,
    panels,
    paper,
    seats,
    suggestions,
    votes,
)
from backend.schools.features import require
from backend.schools.models import Function

routes = Router(
    path="/",
    route_handlers=[
        *bodies.DUTY,
        *founding.DUTY,
        *seats.DUTY,
        *charters.DUTY,
        *suggestions.DUTY,
        *agenda.DUTY,
        *meetings.DUTY,
        *attending.DUTY,
        *votes.DUTY,
        *ballots.DUTY,
        *certifying.DUTY,
        *paper.DUTY,
        *minutes.DUTY,
        *decisions.DUTY,
        *panels.DUTY,
    ],
    guards=[require(Function.COMMITTEES)],
    opt={"function": Function.COMMITTEES},
    tags=["Committees"],
)
