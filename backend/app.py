"""The API process, put together: rooms, manners and what they share."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from backend import logs, replicas
from backend import settings as configuration
from backend.activities.controllers import routes as activities
from backend.bookings.controllers import routes as bookings
from backend.bookings.controllers.places import PLACES
from backend.certificates.controllers import routes as certificates
from backend.certificates.controllers.verification import verify
from backend.column.controllers import routes as column
from backend.committees.controllers import routes as committees
from backend.committees.controllers.ballots import ballot_lane
from backend.courses.controllers import routes as courses
from backend.courses.controllers.playing import BEATS
from backend.database import database
from backend.errors import SignInNeeded
from backend.inbox.controllers import routes as inbox
from backend.inbox.live import Hub
from backend.inbox.sockets import live
from backend.media.controllers import routes as media
from backend.media.lane import ranges
from backend.media.permissions import Lending
from backend.media.storage import Files, open_files
from backend.notices.controllers import routes as notices
from backend.notices.controllers.receiving import READING, confirming_lane, feed_lane
from backend.observability.watching import Watch, watch
from backend.people import misdirection
from backend.people.authentication import Authentication, actor_from
from backend.people.controllers import routes as people
from backend.roster.controllers import routes as roster
from backend.schools.controllers import routes as schools
from backend.settings import Settings, SettingsError
from backend.valkey import open_valkey
from backend.volunteering.controllers import routes as volunteering
from backend.web import limits, openapi
from backend.web.actor import Actor
from backend.web.admission import Admission
from backend.web.cursors import Cursors
from backend.web.deadline import timely
from backend.web.guard import guard
from backend.web.health import liveness, readiness
from backend.web.lane import lanes
from backend.web.measuring import measure
from backend.web.policy import enforce, undeclared
from backend.web.problems import EXCEPTION_HANDLERS
from backend.web.strictness import LiteralRequest, parameters_fit

ROOMS = (
    people,
    schools,
    roster,
    media,
    notices,
    inbox,
    bookings,
    certificates,
    volunteering,
    activities,
    courses,
    column,
    committees,
)


GARBAGE = 20_000
"""How many more things are made than thrown away before circles are looked for."""


def create_app() -> ASGIApp:
    """Return the ASGI application of one API process, from the environment's settings."""
    settings = configuration.load()
    logs.configure(settings.log_format, process="api")
    if settings.database_url is None:
        raise SettingsError("an API process needs TONGXING_DATABASE_URL; `tongxing serve` sets it")
    seen = watch(settings, "api")
    # Of what is built nothing is thrown away: to look for circles meanwhile is a third more.
    gc.disable()
    house = near(build(settings, settings.database_url, seen), settings)
    # The house is built once and stays: the collector of circles need not walk it again, and
    # requests leave few circles behind.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)
    gc.enable()
    inside = Admission(timely(house, settings.request_seconds))
    return measure(inside, settings, seen.tracer)


def near(app: Litestar, settings: Settings) -> ASGIApp:
    """Put before ``app`` what every request passes: the body guard, then the short ways to
    what thousands ask at once.
    """
    ways = (
        BEATS,
        PLACES,
        READING,
        ballot_lane(settings),
        confirming_lane(settings),
        feed_lane(Cursors(settings.secret_key)),
    )
    return guard(ranges(lanes(app, ways, actor_from), settings.secret_key))


def build(settings: Settings, dsn: str, seen: Watch | None = None) -> Litestar:
    """Put the rooms together over one database; ``seen`` says how the process is watched.

    Raises ``RuntimeError`` when a route declares no policy: nothing is open by accident.
    """
    cursors = Cursors(settings.secret_key)
    files = open_files(settings)
    lending = Lending(files, settings.secret_key, settings.handed_over)
    valkey = open_valkey(settings, dsn)
    hub = Hub(dsn, valkey)

    @asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        async with (
            database(dsn, settings, name="tongxing-api"),
            nullcontext() if seen is None else seen.watching(),
            replicas.reading(settings),
            limits.shared(valkey),
            hub.listening(),
        ):
            yield

    def the_settings() -> Settings:
        return settings

    def the_cursors() -> Cursors:
        return cursors

    def the_files() -> Files:
        return files

    def the_lending() -> Lending:
        return lending

    def the_hub() -> Hub:
        return hub

    app = Litestar(
        route_handlers=[
            Router("/v1", route_handlers=[*ROOMS, live]),
            liveness,
            readiness,
            verify,
            *openapi.pages(),
        ],
        lifespan=[life],
        dependencies={
            "actor": Provide(caller, sync_to_thread=False),
            "settings": Provide(the_settings, sync_to_thread=False, use_cache=True),
            "cursors": Provide(the_cursors, sync_to_thread=False, use_cache=True),
            "files": Provide(the_files, sync_to_thread=False, use_cache=True),
            "lending": Provide(the_lending, sync_to_thread=False, use_cache=True),
            "hub": Provide(the_hub, sync_to_thread=False, use_cache=True),
        },
        middleware=[*misdirection.middleware(settings), Authentication()],
        guards=[enforce, parameters_fit],
        request_class=LiteralRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=openapi.CONFIG,
        plugins=openapi.PLUGINS,
        logging_config=None,
        debug=False,
    )
    if missing := undeclared(app):
        raise RuntimeError(f"routes without a declared policy: {', '.join(missing)}")
    openapi.finish(app)
    return app


def caller(request: Request[Actor | None, None, State]) -> Actor:
    """Return who is asking. Raises ``SignInNeeded`` on a route that takes strangers too."""
    actor = request.scope.get("user")
    if not isinstance(actor, Actor):
        raise SignInNeeded
    return actor
