"""Which URLs certificates answer at: their holders, who issued them, and anybody at all."""

from litestar import Router

from backend.certificates.controllers import certificates, verification

routes = Router(
    path="/",
    route_handlers=[*certificates.HELD, *certificates.ISSUED, *verification.CHECKED],
    tags=["证书 Certificates"],
)
