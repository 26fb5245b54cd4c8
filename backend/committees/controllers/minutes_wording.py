"""How a school's minutes are worded, and those of a district's own bodies."""

from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.committees.operations import minutes_wording as operations
from backend.committees.queries import minutes as queries
from backend.committees.rules import wording as rules
from backend.committees.rules.previewing import preview
from backend.committees.rules.wording import PLACEHOLDERS, Wording
from backend.committees.schemas.minutes import (
    DistrictWordingIn,
    PlaceholderOut,
    SectionTitleOut,
    WordingIn,
    WordingOut,
    WordingPreviewOut,
)
from backend.schools.models import District, School
from backend.schools.permissions import district_to_run, school_to_run
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

_MISWORDED = (rules.UnknownPlaceholder, rules.SectionsIncomplete)


class SchoolWording(Controller):
    """The wording of a school's minutes."""

    path = "/schools/{school_id:uuid}/minutes-wording"
    dependencies = {"school": Provide(school_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getMinutesWording",
        summary="学校纪要模板 How a school's minutes are worded",
    )
    async def get_minutes_wording(self, school: NamedDependency[School]) -> WordingOut:
        """The standard wording until the school writes its own."""
        return await _shown(school.district_id, school.id)

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="writeMinutesWording",
        summary="修改学校纪要模板 Change how a school's minutes are worded",
        responses=refusals(*_MISWORDED),
    )
    async def write_minutes_wording(
        self,
        data: JSONBody[WordingIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
    ) -> WordingOut:
        """For drafts and meetings to come; confirmed minutes keep theirs."""
        await operations.write(school.district_id, school.id, data.wording(), by=actor.person_id)
        return await _shown(school.district_id, school.id)

    @put(
        "/preview",
        opt={"policy": Policy.STAFF},
        operation_id="previewMinutesWording",
        summary="预览学校纪要模板 Try a wording out",
        responses=refusals(*_MISWORDED),
    )
    async def preview_minutes_wording(
        self, data: JSONBody[WordingIn], school: NamedDependency[School]
    ) -> WordingPreviewOut:
        """As it would read for an invented meeting; nothing is kept."""
        return _tried(data.wording(), school.name)


class DistrictWording(Controller):
    """The wording of the minutes of a district's own bodies."""

    path = "/districts/{district_id:uuid}/minutes-wording"
    dependencies = {"district": Provide(district_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getDistrictMinutesWording",
        summary="区级纪要模板 How the minutes of a district's bodies are worded",
    )
    async def get_district_minutes_wording(self, district: NamedDependency[District]) -> WordingOut:
        """The standard wording until the district writes its own."""
        return await _shown(district.id, None)

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="writeDistrictMinutesWording",
        summary="修改区级纪要模板 Change how the minutes of a district's bodies are worded",
        responses=refusals(*_MISWORDED),
    )
    async def write_district_minutes_wording(
        self,
        data: JSONBody[DistrictWordingIn],
        actor: NamedDependency[Actor],
        district: NamedDependency[District],
    ) -> WordingOut:
        """With the prefix of filing numbers, which counts from the next year's first on."""
        await operations.write(
            district.id, None, data.wording(data.filing_prefix), by=actor.person_id
        )
        return await _shown(district.id, None)

    @put(
        "/preview",
        opt={"policy": Policy.STAFF},
        operation_id="previewDistrictMinutesWording",
        summary="预览区级纪要模板 Try a district's wording out",
        responses=refusals(*_MISWORDED),
    )
    async def preview_district_minutes_wording(
        self, data: JSONBody[DistrictWordingIn], district: NamedDependency[District]
    ) -> WordingPreviewOut:
        """As it would read for an invented meeting; nothing is kept."""
        return _tried(data.wording(data.filing_prefix), district.name)


def _tried(wording: Wording, place: str) -> WordingPreviewOut:
    rules.check(wording)
    return WordingPreviewOut(lines=preview(wording, place))


async def _shown(district_id: UUID, school_id: UUID | None) -> WordingOut:
    wording, version = await queries.wording_of(district_id, school_id)
    return WordingOut(
        version=version,
        heading=wording.heading,
        opening=wording.opening,
        sections=[
            SectionTitleOut(section=part.section, title=part.title) for part in wording.sections
        ],
        closing=wording.closing,
        signatures=list(wording.signatures),
        filing_prefix=wording.filing_prefix,
        placeholders=[
            PlaceholderOut(placeholder=f"{{{name}}}", means=means)
            for name, means in PLACEHOLDERS.items()
        ],
    )


WORDING = (SchoolWording, DistrictWording)
