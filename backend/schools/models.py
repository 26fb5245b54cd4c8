"""Rows of the tree district, zone, school, grade, class, and what a district stores."""

from datetime import UTC, time
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class Stage(StrEnum):
    """School stage (requirements §2.3)."""

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"


class Function(StrEnum):
    """Platform functions a school may switch (org-19)."""

    NOTICES = "notices"
    CONVERSATIONS = "conversations"
    RESOURCES = "resources"
    ACTIVITIES = "activities"
    COURSES = "courses"
    INSIGHTS = "insights"
    VOLUNTEERING = "volunteering"
    COMMITTEES = "committees"


class Approval(StrEnum):
    """Which notices need a second pair of eyes at a school before they go out."""

    NONE = "none"
    SCHOOL_WIDE = "school_wide"
    ALL = "all"


class DaySource(StrEnum):
    """Who said what a calendar day is; the district's word stands over the nation's."""

    NATIONAL = "national"
    DISTRICT = "district"


class District(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(max_length=20, unique=True)
    name = fields.CharField(max_length=60)
    timezone = fields.CharField(max_length=40, default="Asia/Shanghai")

    class Meta:
        table = "districts"


class Zone(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district: fields.ForeignKeyRelation[District] = fields.ForeignKeyField(
        "school.District", related_name="zones", on_delete=fields.RESTRICT, db_index=True
    )
    district_id: UUID
    name = fields.CharField(max_length=60)
    lead_school_id = fields.UUIDField(null=True)

    class Meta:
        table = "zones"
        unique_together = (("district", "name"),)


class Town(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district: fields.ForeignKeyRelation[District] = fields.ForeignKeyField(
        "school.District", related_name="towns", on_delete=fields.RESTRICT, db_index=True
    )
    district_id: UUID
    name = fields.CharField(max_length=60)

    class Meta:
        table = "towns"
        unique_together = (("district", "name"),)


class School(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district: fields.ForeignKeyRelation[District] = fields.ForeignKeyField(
        "school.District", related_name="schools", on_delete=fields.RESTRICT, db_index=True
    )
    district_id: UUID
    town: fields.ForeignKeyNullableRelation[Town] = fields.ForeignKeyField(
        "school.Town", related_name="schools", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    town_id: UUID | None
    code = fields.CharField(max_length=20, unique=True)
    name = fields.CharField(max_length=60)
    stage = fields.CharField(max_length=20)
    notice_approval = fields.CharField(max_length=20, default="none", db_default="none")
    quiet_from = fields.TimeField(null=True)
    quiet_until = fields.TimeField(null=True)
    pilot_from = fields.DateField(null=True)
    pilot_until = fields.DateField(null=True)

    class Meta:
        table = "schools"

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """From when until when the school is quiet, by the district's wall clock."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return self.quiet_from.replace(tzinfo=None), self.quiet_until.replace(tzinfo=None)

    @quiet_hours.setter
    def quiet_hours(self, hours: tuple[time, time] | None) -> None:
        # The columns carry a zone that means nothing here; Tortoise has no other time.
        self.quiet_from = hours[0].replace(tzinfo=UTC) if hours else None
        self.quiet_until = hours[1].replace(tzinfo=UTC) if hours else None


class ZoneMembership(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    zone: fields.ForeignKeyRelation[Zone] = fields.ForeignKeyField(
        "school.Zone", related_name="memberships", on_delete=fields.CASCADE, db_index=True
    )
    zone_id: UUID
    school: fields.ForeignKeyRelation[School] = fields.ForeignKeyField(
        "school.School", related_name="zone_memberships", on_delete=fields.CASCADE, db_index=True
    )
    school_id: UUID
    since = fields.DateField()
    until = fields.DateField(null=True)

    class Meta:
        table = "zone_memberships"


class Grade(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school: fields.ForeignKeyRelation[School] = fields.ForeignKeyField(
        "school.School", related_name="grades", on_delete=fields.RESTRICT, db_index=True
    )
    school_id: UUID
    name = fields.CharField(max_length=20)
    position = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "grades"
        unique_together = (("school", "name"),)


class SchoolClass(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school: fields.ForeignKeyRelation[School] = fields.ForeignKeyField(
        "school.School", related_name="classes", on_delete=fields.RESTRICT, db_index=True
    )
    school_id: UUID
    grade: fields.ForeignKeyRelation[Grade] = fields.ForeignKeyField(
        "school.Grade", related_name="classes", on_delete=fields.RESTRICT, db_index=True
    )
    grade_id: UUID
    name = fields.CharField(max_length=20)

    class Meta:
        table = "classes"
        unique_together = (("grade", "name"),)


class SchoolYear(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district: fields.ForeignKeyRelation[District] = fields.ForeignKeyField(
        "school.District", related_name="years", on_delete=fields.CASCADE, db_index=True
    )
    district_id: UUID
    name = fields.CharField(max_length=20)
    starts_on = fields.DateField()
    ends_on = fields.DateField()

    class Meta:
        table = "school_years"
        unique_together = (("district", "name"),)


class Term(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    year: fields.ForeignKeyRelation[SchoolYear] = fields.ForeignKeyField(
        "school.SchoolYear", related_name="terms", on_delete=fields.CASCADE, db_index=True
    )
    year_id: UUID
    name = fields.CharField(max_length=20)
    starts_on = fields.DateField()
    ends_on = fields.DateField()

    class Meta:
        table = "terms"
        unique_together = (("year", "name"),)


class CalendarDay(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district: fields.ForeignKeyRelation[District] = fields.ForeignKeyField(
        "school.District", related_name="days", on_delete=fields.CASCADE, db_index=True
    )
    district_id: UUID
    day = fields.DateField()
    is_school_day = fields.BooleanField()
    label = fields.CharField(max_length=40)
    source = fields.CharField(max_length=20, default="district", db_default="district")

    class Meta:
        table = "calendar_days"
        unique_together = (("district", "day"),)


class FeatureSwitch(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school: fields.ForeignKeyRelation[School] = fields.ForeignKeyField(
        "school.School", related_name="switches", on_delete=fields.CASCADE, db_index=True
    )
    school_id: UUID
    function = fields.CharField(max_length=20)
    is_on = fields.BooleanField()

    class Meta:
        table = "feature_switches"
        unique_together = (("school", "function"),)


class Department(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district: fields.ForeignKeyRelation[District] = fields.ForeignKeyField(
        "school.District", related_name="departments", on_delete=fields.CASCADE, db_index=True
    )
    district_id: UUID
    name = fields.CharField(max_length=60)
    aliases: list[str] = fields.JSONField(default=list)
    position = fields.IntField()

    class Meta:
        table = "departments"
        unique_together = (("district", "name"),)


class Period(StrEnum):
    """How often a rule's amount is due: policy texts use these words differently."""

    CALENDAR_YEAR = "calendar_year"
    SCHOOL_YEAR = "school_year"
    TERM = "term"
    ALWAYS = "always"
    BY_DATE = "by_date"


class RulePack(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    key = fields.CharField(max_length=20, unique=True)
    name = fields.CharField(max_length=40)
    source = fields.CharField(max_length=200)

    class Meta:
        table = "rule_packs"


class PolicyRule(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    pack: fields.ForeignKeyRelation[RulePack] = fields.ForeignKeyField(
        "school.RulePack", related_name="rules", on_delete=fields.CASCADE, db_index=True
    )
    pack_id: UUID
    code = fields.CharField(max_length=10)
    subject = fields.CharField(max_length=80)
    scope = fields.CharField(max_length=20)
    amount = fields.IntField()
    unit = fields.CharField(max_length=10)
    period = fields.CharField(max_length=20)
    due_on = fields.DateField(null=True)

    class Meta:
        table = "policy_rules"
        unique_together = (("pack", "code", "due_on"),)


class DistrictRule(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district: fields.ForeignKeyRelation[District] = fields.ForeignKeyField(
        "school.District", related_name="rules", on_delete=fields.CASCADE, db_index=True
    )
    district_id: UUID
    rule: fields.ForeignKeyRelation[PolicyRule] = fields.ForeignKeyField(
        "school.PolicyRule", related_name="districts", on_delete=fields.CASCADE, db_index=True
    )
    rule_id: UUID
    binding = fields.BooleanField()
    period = fields.CharField(max_length=20, null=True)

    class Meta:
        table = "district_rules"
        unique_together = (("district", "rule"),)
