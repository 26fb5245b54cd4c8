"""What a body may decide, and by which rule sets."""

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.committees.models import Body, BodyState, Matter, RuleKind, RuleSetVersion
from backend.committees.operations import charters as operations
from backend.committees.permissions.bodies import BodySight, body_in_sight
from backend.committees.permissions.charters import (
    RulesSight,
    body_to_rule,
    matter_to_run,
    rules_in_sight,
)
from backend.committees.queries import charters as queries
from backend.committees.rules import charters as rules
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.charters import (
    MatterIn,
    MatterOut,
    MattersOut,
    RuleSetsOut,
    RulesIn,
    RulesOut,
)
from backend.errors import NotAllowed
from backend.schools.models import District, School
from backend.schools.permissions import district_to_run, school_to_run
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class BodyCharter(Controller):
    """What a body may decide, and how, for everybody who sees it."""

    path = "/bodies/{body_id:uuid}"
    dependencies = {"sight": Provide(body_in_sight)}

    @get(
        "/matters",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMatters",
        summary="可以提交讨论的议事事项 What may be tabled",
    )
    async def list_matters(self, sight: NamedDependency[BodySight]) -> MattersOut:
        """An agenda item names one of these."""
        rows = await queries.matters_for(sight.body)
        return MattersOut(items=[MatterOut.of(row) for row in rows])

    @get(
        "/rule-sets",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listRuleSets",
        summary="议事规则及历次版本 The rules a body decides by, and those before",
    )
    async def list_rule_sets(self, sight: NamedDependency[BodySight]) -> RuleSetsOut:
        """The body's own, and everybody's, which hold where it has none."""
        versions = await queries.versions_of(sight.body.id)
        return RuleSetsOut(items=[_shown(one, sight.body, versions) for one in versions])


class AdoptingRules(Controller):
    """Where a body gets new rules."""

    path = "/bodies/{body_id:uuid}/rule-sets"
    dependencies = {"sight": Provide(body_in_sight), "rule": Provide(body_to_rule)}

    @post(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="adoptRuleSet",
        summary="启用新的议事规则 Put new rules in force",
        responses=refusals(
            rules.UnsoundRules,
            rules.CharterItemNeeded,
            rules.ItemUsed,
            WrongBodyState,
            NotAllowed,
            KeyNeeded,
            KeyReused,
        ),
    )
    async def adopt_rule_set(
        self,
        data: JSONBody[RulesIn],
        actor: NamedDependency[Actor],
        rule: NamedDependency[Body],
        sight: NamedDependency[BodySight],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> RulesOut:
        """By whoever runs it while it is a draft; afterwards by the chair, with the item that
        passed them as a charter matter.
        """

        async def act() -> RulesOut:
            rule_set, by = data.rules.rule_set(), actor.person_id
            if rule.state == BodyState.DRAFT:
                if not sight.runs:
                    raise NotAllowed
                made = await operations.set_rules(rule.id, data.kind, rule_set, data.note, by=by)
            elif not sight.chairs:
                raise NotAllowed
            elif data.item_id is None:
                raise rules.CharterItemNeeded
            else:
                made = await operations.adopt_rules(
                    rule.id, data.kind, rule_set, data.note, data.item_id, by=by
                )
            return RulesOut.of(made, in_force=True)

        return await once(
            actor.person_id, "adoptRuleSet", idempotency_key, (rule.id, data), RulesOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class OneRuleSet(Controller):
    """One version of rules."""

    path = "/rule-sets/{rule_set_id:uuid}"
    dependencies = {"seen": Provide(rules_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getRuleSet",
        summary="某一版议事规则 One version of rules",
    )
    async def get_rule_set(self, seen: NamedDependency[RulesSight]) -> RulesOut:
        """Versions are never changed, so that a vote of years ago can still be checked."""
        versions = [seen.version]
        if seen.body is not None:
            versions = await queries.versions_of(seen.body.id)
        return _shown(seen.version, seen.body, versions)


class SchoolMatters(Controller):
    """Where a school adds matters of its own."""

    path = "/schools/{school_id:uuid}/matters"
    dependencies = {"school": Provide(school_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="addMatter",
        summary="增加本校的议事事项 Let a school's bodies table one more matter",
        responses=refusals(rules.MatterExists, NotAllowed, KeyNeeded, KeyReused),
    )
    async def add_matter(
        self,
        data: JSONBody[MatterIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> MatterOut:
        """Beside everybody's and the district's."""

        async def act() -> MatterOut:
            return MatterOut.made(
                await operations.add_matter(school, data.content(), by=actor.person_id)
            )

        return await once(
            actor.person_id, "addMatter", idempotency_key, (school.id, data), MatterOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class DistrictMatters(Controller):
    """Where a district adds matters for all its bodies."""

    path = "/districts/{district_id:uuid}/matters"
    dependencies = {"district": Provide(district_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="addDistrictMatter",
        summary="增加全区的议事事项 Let a district's bodies table one more matter",
        responses=refusals(rules.MatterExists, NotAllowed, KeyNeeded, KeyReused),
    )
    async def add_district_matter(
        self,
        data: JSONBody[MatterIn],
        actor: NamedDependency[Actor],
        district: NamedDependency[District],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> MatterOut:
        """For the district's own bodies and those of all its schools."""

        async def act() -> MatterOut:
            return MatterOut.made(
                await operations.add_matter(district, data.content(), by=actor.person_id)
            )

        return await once(
            actor.person_id, "addDistrictMatter", idempotency_key, (district.id, data),
            MatterOut, act, secret=settings.secret_key,
        )  # fmt: skip


class OneMatter(Controller):
    """One matter of a school's or a district's own."""

    path = "/matters/{matter_id:uuid}"
    dependencies = {"matter": Provide(matter_to_run)}

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="retireMatter",
        summary="停用议事事项 Let nobody table a matter any more",
        responses=refusals(NotAllowed),
    )
    async def retire_matter(
        self, actor: NamedDependency[Actor], matter: NamedDependency[Matter]
    ) -> None:
        """Items that name it stay as they are."""
        await operations.retire_matter(matter.id, by=actor.person_id)


def _shown(version: RuleSetVersion, body: Body | None, versions: list[RuleSetVersion]) -> RulesOut:
    """Show a version; ``versions`` are all by which the body might decide."""
    if body is None:
        return RulesOut.of(version, in_force=True)
    found = rules.in_force(versions, body.id, RuleKind(version.kind), clock.now())
    return RulesOut.of(version, in_force=found is not None and found.id == version.id)


DUTY: tuple[type[Controller], ...] = (
    BodyCharter,
    AdoptingRules,
    OneRuleSet,
    SchoolMatters,
    DistrictMatters,
    OneMatter,
)
