"""The rows of the post office.

A person is a bare UUID here: no foreign key leads into the house. CHECK constraints,
partial indexes and the foreign keys between these tables are laid by the migration.
"""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model


def _id() -> Any:
    return fields.UUIDField(primary_key=True, default=None, db_default=SqlDefault("uuidv7()"))


class Device(Model):
    """An address a provider accepts, of one person at a time."""

    id = _id()
    person_id = fields.UUIDField()
    token = fields.CharField(max_length=512, unique=True)
    provider = fields.CharField(max_length=20)
    platform = fields.CharField(max_length=20)
    language = fields.CharField(max_length=2, default="zh")
    session_id = fields.UUIDField(null=True, db_index=True)
    registered_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    retired_at = fields.DatetimeField(null=True)
    retired_reason = fields.CharField(max_length=40, null=True)

    class Meta:
        table = "post_device"
        indexes = (("person_id", "retired_at"),)


class Preference(Model):
    """When, in minutes after midnight, and about what a person wishes to be disturbed."""

    person_id = fields.UUIDField(primary_key=True, default=None)
    quiet_from = fields.SmallIntField(null=True)
    quiet_until = fields.SmallIntField(null=True)
    digest_at = fields.SmallIntField(default=18 * 60)
    muted_categories = ArrayField(element_type="text", default=list)
    digest_categories = ArrayField(element_type="text", default=list)

    class Meta:
        table = "post_preference"


class Letter(Model):
    """One occasion told once, to named people or to whole audiences."""

    id = _id()
    occasion = fields.CharField(max_length=80)
    once = fields.CharField(max_length=200, unique=True)
    category = fields.CharField(max_length=40)
    priority = fields.CharField(max_length=10)
    title_zh = fields.CharField(max_length=120)
    title_en = fields.CharField(max_length=240)
    link = fields.CharField(max_length=200)
    subject_id = fields.UUIDField(null=True, db_index=True)
    audiences = ArrayField(element_type="text", default=list)
    cursor = fields.UUIDField(null=True)
    state = fields.CharField(max_length=10)
    not_before = fields.DatetimeField()
    created_at = fields.DatetimeField()
    expanded_at = fields.DatetimeField(null=True)
    leased_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    accepted = fields.IntField(default=0)
    refused = fields.IntField(default=0)
    suppressed = fields.IntField(default=0)
    deferred = fields.IntField(default=0)
    request_id = fields.CharField(max_length=64, null=True)
    trace = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "post_letter"


class InboxItem(Model):
    """What one person finds in the in-app inbox about a personal letter."""

    id = _id()
    person_id = fields.UUIDField()
    letter_id = fields.UUIDField(db_index=True)
    category = fields.CharField(max_length=40)
    title_zh = fields.CharField(max_length=120)
    title_en = fields.CharField(max_length=240)
    body_zh = fields.TextField()
    body_en = fields.TextField()
    link = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "post_inbox_item"
        indexes = (("person_id", "id"),)


class Delivery(Model):
    """One letter on its way to one device; gone once the provider has accepted it."""

    id = _id()
    letter_id = fields.UUIDField()
    person_id = fields.UUIDField(db_index=True)
    device_id = fields.UUIDField(db_index=True)
    channel = fields.CharField(max_length=20)
    state = fields.CharField(max_length=10)
    rank = fields.SmallIntField()
    due_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    last_error = fields.CharField(max_length=200, null=True)
    silent = fields.BooleanField(default=False)
    digest = fields.BooleanField(default=False)
    request_id = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "post_delivery"
        unique_together = (("letter_id", "device_id"),)


class Piercing(Model):
    """The urgent letters that broke one person's quiet hours on one local day."""

    id = _id()
    person_id = fields.UUIDField()
    day = fields.DateField()
    letters = ArrayField(element_type="uuid", default=list)

    class Meta:
        table = "post_piercing"
        unique_together = (("person_id", "day"),)


class JobRun(Model):
    """One recurring job on one of its occasions."""

    id = _id()
    name = fields.CharField(max_length=80)
    period = fields.CharField(max_length=40)
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    error = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "post_job_run"
        unique_together = (("name", "period"),)
