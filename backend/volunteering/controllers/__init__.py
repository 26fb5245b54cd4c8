"""Which URLs volunteering answers at."""

from litestar import Router

routes = Router(path="/", route_handlers=[])
