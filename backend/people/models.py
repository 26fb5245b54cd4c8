"""Rows of accounts, children, guardianships, standings, consents and sessions."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class Relation(StrEnum):
    """How a guardian is related to the child."""

    FATHER = "father"
    MOTHER = "mother"
    GRANDPARENT = "grandparent"
    OTHER = "other"


class Platform(StrEnum):
    """What kind of app a session lives in."""

    IOS = "ios"
    ANDROID = "android"
    HARMONY = "harmony"
    MINI_PROGRAM = "mini_program"
    WEB = "web"


class Person(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=40)
    phone = fields.CharField(max_length=20, null=True, unique=True)
    password_hash = fields.CharField(max_length=200, null=True)
    activated_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "persons"


class Student(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "school.School", related_name="students", on_delete=fields.RESTRICT, db_index=True
    )
    school_id: UUID
    number = fields.CharField(max_length=30)
    name = fields.CharField(max_length=40)
    left_at = fields.DatetimeField(null=True)

    class Meta:
        table = "students"
        unique_together = (("school", "number"),)


class Guardianship(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    student: fields.ForeignKeyRelation[Student] = fields.ForeignKeyField(
        "school.Student", related_name="guardianships", on_delete=fields.CASCADE, db_index=True
    )
    student_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "school.Person", related_name="guardianships", on_delete=fields.CASCADE, db_index=True
    )
    person_id: UUID
    relation = fields.CharField(max_length=20)
    can_view = fields.BooleanField(default=True, db_default=True)
    can_message = fields.BooleanField(default=True, db_default=True)
    can_vote = fields.BooleanField(default=True, db_default=True)
    can_pickup = fields.BooleanField(default=True, db_default=True)
    restricted = fields.BooleanField(default=False, db_default=False)
    source = fields.CharField(max_length=20, default="roster", db_default="roster")
    valid_from = fields.DatetimeField(auto_now_add=True)
    valid_until = fields.DatetimeField(null=True)

    class Meta:
        table = "guardianships"
        unique_together = (("student", "person"),)


class Standing(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "school.Person", related_name="standings", on_delete=fields.CASCADE, db_index=True
    )
    person_id: UUID
    role = fields.CharField(max_length=30)
    subject = fields.CharField(max_length=20, default="", db_default="")
    district_id = fields.UUIDField(db_index=True)
    zone_id = fields.UUIDField(null=True, db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    grade_id = fields.UUIDField(null=True, db_index=True)
    class_id = fields.UUIDField(null=True, db_index=True)
    valid_from = fields.DatetimeField(auto_now_add=True)
    valid_until = fields.DatetimeField(null=True)
    source = fields.CharField(max_length=20, default="roster", db_default="roster")

    class Meta:
        table = "standings"


class PrivacyNotice(Model):
    version = fields.IntField(primary_key=True)
    title = fields.CharField(max_length=80)
    text = fields.TextField()
    in_force_from = fields.DatetimeField()

    class Meta:
        table = "privacy_notices"


class Consent(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "school.Person", related_name="consents", on_delete=fields.CASCADE
    )
    person_id: UUID
    student: fields.ForeignKeyRelation[Student] = fields.ForeignKeyField(
        "school.Student", related_name="consents", on_delete=fields.CASCADE, db_index=True
    )
    student_id: UUID
    version = fields.IntField()
    accepted_at = fields.DatetimeField()
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "consents"
        indexes = (("person_id", "student_id"),)


class SignInCode(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    phone = fields.CharField(max_length=20, db_index=True)
    device_key = fields.CharField(max_length=64)
    digest = fields.CharField(max_length=64)
    attempts = fields.IntField(default=0, db_default=0)
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "sign_in_codes"


class Session(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "school.Person", related_name="sessions", on_delete=fields.CASCADE, db_index=True
    )
    person_id: UUID
    device_key = fields.CharField(max_length=64)
    device_name = fields.CharField(max_length=60)
    platform = fields.CharField(max_length=20)
    signed_in_by = fields.CharField(max_length=10, default="code", db_default="code")
    seed = fields.CharField(max_length=64)
    generation = fields.IntField(default=0, db_default=0)
    refreshed_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    created_at = fields.DatetimeField(auto_now_add=True)
    revoked_at = fields.DatetimeField(null=True)
    revoked_reason = fields.CharField(max_length=30, default="", db_default="")

    class Meta:
        table = "sessions"


class AccessToken(Model):
    digest = fields.CharField(max_length=64, primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "school.Session", related_name="tokens", on_delete=fields.CASCADE, db_index=True
    )
    session_id: UUID
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "access_tokens"


class SignInFailure(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    subject = fields.CharField(max_length=64)
    device_key = fields.CharField(max_length=64)
    failures = fields.IntField(default=0, db_default=0)
    locked_until = fields.DatetimeField(null=True)
    last_at = fields.DatetimeField()

    class Meta:
        table = "sign_in_failures"
        unique_together = (("subject", "device_key"),)


class SmsState(StrEnum):
    """queued -> sent | given_up; the text exists only while queued."""

    QUEUED = "queued"
    SENT = "sent"
    GIVEN_UP = "given_up"


class SmsMessage(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    phone = fields.CharField(max_length=20)
    template = fields.CharField(max_length=40)
    payload = fields.TextField()
    state = fields.CharField(max_length=10, default="queued", db_default="queued")
    attempts = fields.IntField(default=0, db_default=0)
    due_at = fields.DatetimeField(db_index=True)
    leased_until = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    created_at = fields.DatetimeField(auto_now_add=True)
    request_id = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "sms_outbox"
