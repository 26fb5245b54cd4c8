"""Asking for a certificate of one's hours; what becomes of it is the certificates' own room."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from backend.certificates.schemas import CertificateOut
from backend.errors import TooMany
from backend.settings import Settings
from backend.volunteering.operations import service as operations
from backend.volunteering.rules import service as rules
from backend.volunteering.schemas.service import CertificateIn
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class ServiceCertificates(Controller):
    """Certificates of the caller's hours."""

    path = "/me/service-certificates"

    @post(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="issueCertificate",
        summary="开具志愿服务证明 Issue a certificate of service",
        responses=refusals(rules.BadServicePeriod, rules.NothingToCertify, TooMany),
    )
    async def issue_certificate(
        self,
        data: JSONBody[CertificateIn],
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> CertificateOut:
        """A snapshot of the hours done in the period, from check-in to check-out."""

        async def issue() -> CertificateOut:
            made = await operations.issue(actor.person_id, data.school_id, data.first, data.last)
            return CertificateOut.of(made, settings.site)

        return await once(
            actor.person_id, "issueCertificate", idempotency_key, data, CertificateOut, issue,
            secret=settings.secret_key,
        )  # fmt: skip


DUTY = (ServiceCertificates,)
