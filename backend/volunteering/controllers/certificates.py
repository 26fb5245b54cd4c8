"""Certificates of service over HTTP: issuing, drawing, revoking."""

import hashlib
from typing import Any

from litestar import Controller, Request, Response, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.errors import TooMany
from backend.schools.models import School
from backend.settings import Settings
from backend.volunteering.models import ServiceCertificate
from backend.volunteering.operations import service as operations
from backend.volunteering.permissions.service import (
    certificate_to_revoke,
    my_certificate,
    school_to_certify,
)
from backend.volunteering.queries import service as queries
from backend.volunteering.rules import service as rules
from backend.volunteering.schemas.service import (
    CertificateIn,
    CertificateOut,
    IssuedItem,
    IssuedPage,
    MyCertificatesOut,
    RevocationIn,
)
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.idempotency import KeyHeader, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

DRAWN = {"png": "image/png", "pdf": "application/pdf"}


def _answers(media_type: str) -> dict[int, ResponseSpec]:
    said = {200: "The drawing.", 304: "The phone's copy is still good; no body."}
    return {
        status: ResponseSpec(
            bytes if status == 200 else None,
            description=means,
            media_type=media_type,
            generate_examples=False,
        )
        for status, means in said.items()
    }


class MyCertificates(Controller):
    """The caller's certificates."""

    path = "/me/service-certificates"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyCertificates",
        summary="我的志愿服务证明 My certificates of service",
    )
    async def list_my_certificates(
        self, actor: NamedDependency[Actor], settings: NamedDependency[Settings]
    ) -> MyCertificatesOut:
        """Newest first, the last hundred; revoked ones say so."""
        rows = (
            await ServiceCertificate.filter(person_id=actor.person_id)
            .order_by("-issued_at", "-id")
            .limit(100)
        )
        return MyCertificatesOut(items=[CertificateOut.of(row, settings.site) for row in rows])

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


class CertificateDrawing(Controller):
    """A certificate on paper, for its owner."""

    path = "/me/service-certificates/{certificate_id:uuid}"
    dependencies = {"certificate": Provide(my_certificate)}

    @get(
        "/image",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getCertificateImage",
        summary="证明图片 The certificate as a picture",
        responses=_answers("image/png") | refusals(rules.CertificateRevoked, TooMany),
    )
    async def get_certificate_image(
        self,
        request: Request[Any, Any, Any],
        certificate: NamedDependency[ServiceCertificate],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """A PNG of 1240 by 1754 pixels with a QR code to the public page."""
        return await _drawn(request, certificate, "png", settings)

    @get(
        "/document",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getCertificateDocument",
        summary="证明 PDF The certificate as PDF",
        responses=_answers("application/pdf") | refusals(rules.CertificateRevoked, TooMany),
    )
    async def get_certificate_document(
        self,
        request: Request[Any, Any, Any],
        certificate: NamedDependency[ServiceCertificate],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """One page of A4, for printing and sealing."""
        return await _drawn(request, certificate, "pdf", settings)


class IssuedCertificates(Controller):
    """What a school has certified."""

    path = "/schools/{school_id:uuid}/service-certificates"
    dependencies = {"school": Provide(school_to_certify)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listIssuedCertificates",
        summary="已开具的证明 Certificates the school has issued",
        responses=refusals(BadCursor),
    )
    async def list_issued_certificates(
        self,
        school: NamedDependency[School],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> IssuedPage:
        """For the school's administrator only, newest first."""
        purpose = f"certificates:{school.id}"
        after = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await queries.certificates_of(school.id, after, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return IssuedPage(
            items=[IssuedItem.of(row) for row in rows[:limit]],
            next_cursor=cursors.seal(purpose, Position(last.issued_at, last.id)) if last else None,
        )


class CertificateRevocation(Controller):
    """Taking a certificate back."""

    path = "/service-certificates/{certificate_id:uuid}/revocation"
    dependencies = {"certificate": Provide(certificate_to_revoke)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="revokeCertificate",
        summary="撤销证明 Revoke a certificate",
    )
    async def revoke_certificate(
        self,
        data: JSONBody[RevocationIn],
        actor: NamedDependency[Actor],
        certificate: NamedDependency[ServiceCertificate],
    ) -> IssuedItem:
        """For good; the public page says so from now on. The first reason stays."""
        return IssuedItem.of(
            await operations.revoke(certificate.id, data.reason, by=actor.person_id)
        )


async def _drawn(
    request: Request[Any, Any, Any], row: ServiceCertificate, form: str, settings: Settings
) -> Response[bytes]:
    # A snapshot never changes, so its drawing does only with the address it leads to.
    leads_to = hashlib.sha256(settings.site.encode()).hexdigest()[:8]
    etag = f'"{row.id.hex}-{leads_to}-{form}"'
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if row.revoked_at is None and request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers, media_type=DRAWN[form])
    drawing = await operations.draw(row, form, settings.site, clock.now())
    manner = "inline" if form == "png" else "attachment"
    headers["content-disposition"] = f'{manner}; filename="certificate-{row.code}.{form}"'
    return Response(drawing, headers=headers, media_type=DRAWN[form])


DUTY = (MyCertificates, CertificateDrawing, IssuedCertificates, CertificateRevocation)
