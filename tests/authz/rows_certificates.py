"""What the parents of each class hold: papers of their school and one of their district.

The realm ``R``, before the place's, is why a certificate was revoked.
"""

from types import SimpleNamespace

from backend.certificates import operations
from backend.certificates.models import Certificate, CertificateKind
from backend.certificates.rules import Issuer, grouped
from backend.database import transaction
from backend.identifiers import uuid7
from tests.authz.rows_duties import done, period
from tests.authz.world import World, mark
from tests.certificates.papers import FIRST, LAST, course_words


async def fill(world: World) -> None:
    """Two certificates of service and two of courses for each parent, one of each revoked."""
    for place in list(world.places.values()):
        parent, admin = world.phones[place.parent], world.phones[place.admin]
        made = [
            await done(parent.post("/me/service-certificates", json=period(place)))
            for _ in range(2)
        ]
        place.certificate_id, place.revoked_certificate_id = [one["id"] for one in made]
        place.certificate_code = made[0]["number"]
        reason = {"reason": mark(f"R{place.realm}", "误开")}
        url = f"/certificates/{place.revoked_certificate_id}/revocation"
        await done(admin.put(url, json=reason))
        course, revoked = await _course(world, place), await _course(world, place)
        place.district_certificate_id = course.id
        place.district_certificate_code = grouped(course.code)
        officer = world.phones[place.officer]
        await done(officer.put(f"/certificates/{revoked.id}/revocation", json=reason))


async def _course(world: World, place: SimpleNamespace) -> Certificate:
    district = place.realm[0]
    issuer = Issuer(district_id=place.district_id, school_id=None, name=mark(district, "家长学校"))
    async with transaction():
        return await operations.issue(
            CertificateKind.COURSE, world.people[place.parent], issuer,
            course_words(mark(district, "课")), first=FIRST, last=LAST, subject_id=uuid7(),
        )  # fmt: skip
