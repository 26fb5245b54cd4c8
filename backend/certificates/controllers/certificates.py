"""Certificates over HTTP: one's own, those an office has issued, taking one back."""

import hashlib
from typing import Any

from litestar import Controller, Request, Response, get, put
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.certificates import operations, queries
from backend.certificates.models import Certificate, CertificateKind
from backend.certificates.permissions import (
    certificate_to_revoke,
    district_to_certify,
    my_certificate,
)
from backend.certificates.rules import CertificateRevoked
from backend.certificates.schemas import (
    CertificateOut,
    IssuedItem,
    IssuedPage,
    MyCertificatesOut,
    RevocationIn,
)
from backend.errors import TooMany
from backend.schools.models import District, School
from backend.schools.permissions import school_to_administer
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
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

    path = "/me/certificates"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyCertificates",
        summary="我的证书 My certificates",
    )
    async def list_my_certificates(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        kind: FromQuery[CertificateKind | None] = None,
    ) -> MyCertificatesOut:
        """Newest first, the last hundred; revoked ones say so."""
        rows = await queries.held_by(actor.person_id, kind)
        return MyCertificatesOut(items=[CertificateOut.of(row, settings.site) for row in rows])


class CertificateDrawing(Controller):
    """A certificate on paper, for its owner."""

    path = "/me/certificates/{certificate_id:uuid}"
    dependencies = {"certificate": Provide(my_certificate)}

    @get(
        "/image",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getCertificateImage",
        summary="证书图片 The certificate as a picture",
        responses=_answers("image/png") | refusals(CertificateRevoked, TooMany),
    )
    async def get_certificate_image(
        self,
        request: Request[Any, Any, Any],
        certificate: NamedDependency[Certificate],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """A PNG of 1240 by 1754 pixels with a QR code to the public page."""
        return await _drawn(request, certificate, "png", settings)

    @get(
        "/document",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getCertificateDocument",
        summary="证书 PDF The certificate as PDF",
        responses=_answers("application/pdf") | refusals(CertificateRevoked, TooMany),
    )
    async def get_certificate_document(
        self,
        request: Request[Any, Any, Any],
        certificate: NamedDependency[Certificate],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """One page of A4, for printing and sealing."""
        return await _drawn(request, certificate, "pdf", settings)


class SchoolCertificates(Controller):
    """What a school has certified."""

    path = "/schools/{school_id:uuid}/certificates"
    dependencies = {"school": Provide(school_to_administer)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listIssuedCertificates",
        summary="学校开具的证书 Certificates the school has issued",
        responses=refusals(BadCursor),
    )
    async def list_issued_certificates(
        self,
        school: NamedDependency[School],
        cursors: NamedDependency[Cursors],
        kind: FromQuery[CertificateKind | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> IssuedPage:
        """For the school's administrator only, newest first."""
        purpose = f"certificates:{school.id}:{kind}"
        after = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await queries.issued_by_school(school.id, kind, after, limit + 1)
        return _page(rows, limit, cursors, purpose)


class DistrictCertificates(Controller):
    """What a district has certified itself."""

    path = "/districts/{district_id:uuid}/certificates"
    dependencies = {"district": Provide(district_to_certify)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listDistrictCertificates",
        summary="区里开具的证书 Certificates the district has issued",
        responses=refusals(BadCursor),
    )
    async def list_district_certificates(
        self,
        district: NamedDependency[District],
        cursors: NamedDependency[Cursors],
        kind: FromQuery[CertificateKind | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> IssuedPage:
        """For the district's officers, newest first; what its schools issue is not here."""
        purpose = f"certificates:{district.id}:{kind}"
        after = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await queries.issued_by_district(district.id, kind, after, limit + 1)
        return _page(rows, limit, cursors, purpose)


class CertificateRevocation(Controller):
    """Taking a certificate back."""

    path = "/certificates/{certificate_id:uuid}/revocation"
    dependencies = {"certificate": Provide(certificate_to_revoke)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="revokeCertificate",
        summary="撤销证书 Revoke a certificate",
    )
    async def revoke_certificate(
        self,
        data: JSONBody[RevocationIn],
        actor: NamedDependency[Actor],
        certificate: NamedDependency[Certificate],
    ) -> IssuedItem:
        """For good; the public page says so from now on. The first reason stays."""
        return IssuedItem.of(
            await operations.revoke(certificate.id, data.reason, by=actor.person_id)
        )


def _page(rows: list[Certificate], limit: int, cursors: Cursors, purpose: str) -> IssuedPage:
    last = rows[limit - 1] if len(rows) > limit else None
    return IssuedPage(
        items=[IssuedItem.of(row) for row in rows[:limit]],
        next_cursor=cursors.seal(purpose, Position(last.issued_at, last.id)) if last else None,
    )


async def _drawn(
    request: Request[Any, Any, Any], row: Certificate, form: str, settings: Settings
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


HELD = (MyCertificates, CertificateDrawing)
ISSUED = (SchoolCertificates, DistrictCertificates, CertificateRevocation)
