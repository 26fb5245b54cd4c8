from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from backend.identifiers import uuid7
from json import dumps, loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("school", "0016_valid_on_the_day")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Body",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=30)),
                ("level", fields.CharField(max_length=10)),
                ("district_id", fields.UUIDField(db_index=True)),
                ("school_id", fields.UUIDField(null=True, db_index=True)),
                ("grade_id", fields.UUIDField(null=True)),
                ("class_id", fields.UUIDField(null=True)),
                ("name", fields.CharField(max_length=60)),
                ("remit", fields.TextField(default="", db_default="", unique=False)),
                ("state", fields.CharField(default="draft", db_default="draft", max_length=10)),
                ("term_from", fields.DateField()),
                ("term_until", fields.DateField()),
                ("founded_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "activated_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_reason", fields.CharField(default="", db_default="", max_length=200)),
            ],
            options={
                "table": "bodies",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``level`` and the ids of its node say where it stands; a district's has no school.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "body",
                    fields.ForeignKeyField(
                        "school.Body",
                        source_field="body_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="decisions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("item_id", fields.UUIDField(null=True)),
                ("meeting_id", fields.UUIDField(null=True)),
                ("vote_id", fields.UUIDField(null=True)),
                ("text", fields.CharField(max_length=1000)),
                ("owner_id", fields.UUIDField(null=True, db_index=True)),
                ("owner_name", fields.CharField(default="", db_default="", max_length=40)),
                ("due_on", fields.DateField(null=True)),
                ("decided_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("entered_by", fields.UUIDField()),
                ("entered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("previous", fields.CharField(max_length=64)),
                ("digest", fields.CharField(max_length=64)),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("done_by", fields.UUIDField(null=True)),
                ("done_note", fields.CharField(default="", db_default="", max_length=500)),
                (
                    "reminded_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "decisions",
                "app": "school",
                "unique_together": (("body", "number"),),
                "pk_attr": "id",
                "table_description": "One entry of a body's log; ``digest`` covers the one before it, so none can be rewritten.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Matter",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("district_id", fields.UUIDField(null=True)),
                ("school_id", fields.UUIDField(null=True, db_index=True)),
                ("title", fields.CharField(max_length=60)),
                ("summary", fields.CharField(default="", db_default="", max_length=300)),
                (
                    "rule_kind",
                    fields.CharField(default="ordinary", db_default="ordinary", max_length=10),
                ),
                ("retired_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "matters",
                "app": "school",
                "pk_attr": "id",
                "table_description": "What may be tabled (议事事项): everybody's, a district's or one school's own.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Meeting",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "body",
                    fields.ForeignKeyField(
                        "school.Body",
                        source_field="body_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="meetings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("title", fields.CharField(max_length=60)),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("place", fields.CharField(default="", db_default="", max_length=80)),
                ("online_url", fields.CharField(default="", db_default="", max_length=300)),
                ("state", fields.CharField(default="planned", db_default="planned", max_length=10)),
                ("created_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "convened_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("convened_by", fields.UUIDField(null=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("entitled", fields.IntField(default=0, db_default=0)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "cancelled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("cancelled_reason", fields.CharField(default="", db_default="", max_length=200)),
                ("revision", fields.IntField(default=0, db_default=0)),
                ("changed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "meetings",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``entitled`` is frozen when it ends.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Minutes",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "meeting",
                    fields.ForeignKeyField(
                        "school.Meeting",
                        source_field="meeting_id",
                        unique=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="minutes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("body_id", fields.UUIDField(db_index=True)),
                ("state", fields.CharField(default="draft", db_default="draft", max_length=10)),
                (
                    "record",
                    fields.JSONField(
                        default=dict,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("remarks", fields.TextField(default="", db_default="", unique=False)),
                (
                    "wording",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("digest", fields.CharField(default="", db_default="", max_length=64)),
                ("drafted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "confirmed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("confirmed_by", fields.UUIDField(null=True)),
                (
                    "objections_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "submitted_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("submitted_by", fields.UUIDField(null=True)),
                ("filed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("filed_by", fields.UUIDField(null=True)),
                ("filing_number", fields.CharField(null=True, unique=True, max_length=30)),
                ("returned_reason", fields.CharField(default="", db_default="", max_length=500)),
                (
                    "reminded_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "minutes",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``record`` holds :class:`backend.committees.rules.record.Record`: what was found, written",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MinutesObjection",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "minutes",
                    fields.ForeignKeyField(
                        "school.Minutes",
                        source_field="minutes_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="objections",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("raised_by", fields.UUIDField()),
                ("raised_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("text", fields.CharField(max_length=500)),
                ("upheld", fields.BooleanField(null=True)),
                ("answer", fields.CharField(default="", db_default="", max_length=500)),
                ("answered_by", fields.UUIDField(null=True)),
                (
                    "answered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "minutes_objections",
                "app": "school",
                "pk_attr": "id",
                "table_description": "A member's objection to the minutes, and what the chair answers.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MinutesTemplate",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("district_id", fields.UUIDField()),
                ("school_id", fields.UUIDField(null=True, db_index=True)),
                ("version", fields.IntField()),
                (
                    "wording",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("written_by", fields.UUIDField()),
                ("written_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "minutes_templates",
                "app": "school",
                "pk_attr": "id",
                "table_description": "How a school's minutes are worded; ``school_id`` null: a district's own bodies.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Panel",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("district_id", fields.UUIDField(db_index=True)),
                ("school_id", fields.UUIDField(null=True, db_index=True)),
                ("title", fields.CharField(max_length=80)),
                ("text", fields.TextField(default="", db_default="", unique=False)),
                (
                    "criteria",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("state", fields.CharField(default="draft", db_default="draft", max_length=10)),
                ("created_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closes_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("opened_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "published_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "results",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "panels",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``criteria`` are ``{key, label, most}``; a score of each is a whole number up to most.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PanelEntry",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "panel",
                    fields.ForeignKeyField(
                        "school.Panel",
                        source_field="panel_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="entries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("position", fields.IntField()),
                ("title", fields.CharField(max_length=80)),
                ("presenter", fields.CharField(default="", db_default="", max_length=60)),
                ("text", fields.TextField(default="", db_default="", unique=False)),
                ("attachment_ids", ArrayField(default=list, element_type="UUID")),
            ],
            options={
                "table": "panel_entries",
                "app": "school",
                "pk_attr": "id",
                "table_description": "One thing shown to a panel.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Panelist",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "panel",
                    fields.ForeignKeyField(
                        "school.Panel",
                        source_field="panel_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="panelists",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("person_id", fields.UUIDField(db_index=True)),
                ("name", fields.CharField(max_length=40)),
                ("constituency", fields.CharField(max_length=20)),
            ],
            options={
                "table": "panelists",
                "app": "school",
                "unique_together": (("panel", "person_id"),),
                "pk_attr": "id",
                "table_description": "Somebody who judges, and for whom they speak.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PanelScore",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "entry",
                    fields.ForeignKeyField(
                        "school.PanelEntry",
                        source_field="entry_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="scores",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "panelist",
                    fields.ForeignKeyField(
                        "school.Panelist",
                        source_field="panelist_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="scores",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "points",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("comment", fields.CharField(default="", db_default="", max_length=300)),
                ("given_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "panel_scores",
                "app": "school",
                "unique_together": (("entry", "panelist"),),
                "pk_attr": "id",
                "table_description": "What one panelist gives one entry: criterion key to points.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RuleSetVersion",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "body",
                    fields.ForeignKeyField(
                        "school.Body",
                        source_field="body_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="rule_sets",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=10)),
                ("version", fields.IntField()),
                (
                    "rules",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("note", fields.CharField(default="", db_default="", max_length=200)),
                ("adopted_by", fields.UUIDField(null=True)),
                ("item_id", fields.UUIDField(null=True)),
                ("in_force_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "rule_set_versions",
                "app": "school",
                "unique_together": (("body", "kind", "version"),),
                "pk_attr": "id",
                "table_description": "One version of how a body decides one kind of matter; ``body`` null: everybody's default.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AgendaItem",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "body",
                    fields.ForeignKeyField(
                        "school.Body",
                        source_field="body_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "meeting",
                    fields.ForeignKeyField(
                        "school.Meeting",
                        source_field="meeting_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("parent_id", fields.UUIDField(null=True)),
                ("position", fields.IntField(default=0, db_default=0)),
                (
                    "matter",
                    fields.ForeignKeyField(
                        "school.Matter",
                        source_field="matter_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "rule_set",
                    fields.ForeignKeyField(
                        "school.RuleSetVersion",
                        source_field="rule_set_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("title", fields.CharField(max_length=120)),
                ("text", fields.TextField(default="", db_default="", unique=False)),
                ("attachment_ids", ArrayField(default=list, element_type="UUID")),
                ("in_writing", fields.BooleanField(default=False, db_default=False)),
                ("proposer_id", fields.UUIDField()),
                ("suggestion_id", fields.UUIDField(null=True)),
                (
                    "state",
                    fields.CharField(default="proposed", db_default="proposed", max_length=15),
                ),
                ("reason", fields.CharField(default="", db_default="", max_length=500)),
                ("merged_into_id", fields.UUIDField(null=True)),
                ("retable_of_id", fields.UUIDField(null=True)),
                ("retables", fields.IntField(default=0, db_default=0)),
                ("vote_id", fields.UUIDField(null=True)),
                ("outcome", fields.CharField(default="", db_default="", max_length=10)),
                ("chosen", ArrayField(default=list, element_type="TEXT")),
                ("conclusion", fields.TextField(default="", db_default="", unique=False)),
                ("present", fields.IntField(null=True)),
                ("has_quorum", fields.BooleanField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "scheduled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "discussed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "agenda_items",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``parent_id`` makes the agenda a tree; ``position`` orders siblings within a meeting.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "body",
                    fields.ForeignKeyField(
                        "school.Body",
                        source_field="body_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="seats",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("person_id", fields.UUIDField(db_index=True)),
                ("name", fields.CharField(max_length=40)),
                ("role", fields.CharField(default="member", db_default="member", max_length=12)),
                ("constituency", fields.CharField(max_length=20)),
                ("office", fields.CharField(default="", db_default="", max_length=40)),
                ("student_id", fields.UUIDField(null=True)),
                (
                    "state",
                    fields.CharField(default="nominated", db_default="nominated", max_length=10),
                ),
                ("term_from", fields.DateField()),
                ("term_until", fields.DateField()),
                ("vote_id", fields.UUIDField(null=True)),
                ("standing_id", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_reason", fields.CharField(default="", db_default="", max_length=30)),
            ],
            options={
                "table": "seats",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``student_id`` is the child under whose guardianship a parent holds it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Attendance",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "meeting",
                    fields.ForeignKeyField(
                        "school.Meeting",
                        source_field="meeting_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="attendances",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "seat",
                    fields.ForeignKeyField(
                        "school.Seat",
                        source_field="seat_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="attendances",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("mode", fields.CharField(max_length=10)),
                ("came_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("left_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("recorded_by", fields.UUIDField()),
            ],
            options={
                "table": "attendances",
                "app": "school",
                "pk_attr": "id",
                "table_description": "Somebody's presence, from ``came_at`` to ``left_at`` (still there: null).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MeetingReply",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "meeting",
                    fields.ForeignKeyField(
                        "school.Meeting",
                        source_field="meeting_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="replies",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "seat",
                    fields.ForeignKeyField(
                        "school.Seat",
                        source_field="seat_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="replies",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("answer", fields.CharField(max_length=10)),
                ("replied_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "meeting_replies",
                "app": "school",
                "unique_together": (("meeting", "seat"),),
                "pk_attr": "id",
                "table_description": "What a seat says beforehand about coming to a meeting; said again, it is replaced.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Recusal",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "item",
                    fields.ForeignKeyField(
                        "school.AgendaItem",
                        source_field="item_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="recusals",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "seat",
                    fields.ForeignKeyField(
                        "school.Seat",
                        source_field="seat_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="recusals",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(max_length=200)),
                ("recorded_by", fields.UUIDField()),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "recusals",
                "app": "school",
                "unique_together": (("item", "seat"),),
                "pk_attr": "id",
                "table_description": "A seat that stands aside from one item, before its vote opens.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Suggestion",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("school_id", fields.UUIDField(db_index=True)),
                (
                    "body",
                    fields.ForeignKeyField(
                        "school.Body",
                        source_field="body_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="suggestions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("first_body_id", fields.UUIDField()),
                ("author_id", fields.UUIDField(db_index=True)),
                ("title", fields.CharField(max_length=60)),
                ("text", fields.TextField(unique=False)),
                ("state", fields.CharField(default="open", db_default="open", max_length=10)),
                ("co_signs", fields.IntField(default=0, db_default=0)),
                ("threshold", fields.IntField()),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(default="", db_default="", max_length=500)),
                ("merged_into_id", fields.UUIDField(null=True)),
                ("item_id", fields.UUIDField(null=True)),
                ("answered_by", fields.UUIDField(null=True)),
                (
                    "answered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "escalated_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "reminded_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "suggestions",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``body`` answers for it now; ``first_body_id`` is the one it was put to.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CoSign",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "suggestion",
                    fields.ForeignKeyField(
                        "school.Suggestion",
                        source_field="suggestion_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="co_signatures",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("person_id", fields.UUIDField(db_index=True)),
                ("signed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "co_signs",
                "app": "school",
                "unique_together": (("suggestion", "person_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Vote",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("district_id", fields.UUIDField()),
                ("school_id", fields.UUIDField(null=True, db_index=True)),
                ("subject_id", fields.UUIDField(db_index=True)),
                ("title", fields.CharField(max_length=120)),
                ("text", fields.TextField(default="", db_default="", unique=False)),
                ("method", fields.CharField(max_length=10)),
                (
                    "options",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("choose_most", fields.IntField(default=1, db_default=1)),
                ("winners", fields.IntField(default=1, db_default=1)),
                ("mode", fields.CharField(max_length=10)),
                ("unit", fields.CharField(max_length=10)),
                (
                    "rules",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("rule_set_id", fields.UUIDField()),
                ("state", fields.CharField(default="draft", db_default="draft", max_length=10)),
                ("created_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closes_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("opened_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("opened_by", fields.UUIDField(null=True)),
                ("entitled", fields.IntField(default=0, db_default=0)),
                ("electorate_digest", fields.CharField(default="", db_default="", max_length=64)),
                ("question_digest", fields.CharField(default="", db_default="", max_length=64)),
                (
                    "recused",
                    fields.JSONField(
                        default=list,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("public_key", fields.CharField(default="", db_default="", max_length=64)),
                (
                    "reminded_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_by", fields.UUIDField(null=True)),
                ("close_reason", fields.CharField(default="", db_default="", max_length=10)),
                ("counted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "tally",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("outcome", fields.CharField(default="", db_default="", max_length=10)),
                ("chosen", ArrayField(default=list, element_type="TEXT")),
                (
                    "key_destroyed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("tie_settled_by", fields.UUIDField(null=True)),
                ("tie_settled_for", fields.CharField(default="", db_default="", max_length=40)),
                ("recounts", fields.IntField(default=0, db_default=0)),
                (
                    "certified_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("certified_by", fields.UUIDField(null=True)),
                (
                    "objections_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "published_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "bundle",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                (
                    "annulled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("annulled_by", fields.UUIDField(null=True)),
                ("annulled_reason", fields.CharField(default="", db_default="", max_length=200)),
            ],
            options={
                "table": "votes",
                "app": "school",
                "pk_attr": "id",
                "table_description": "``rules`` holds :class:`backend.ballots.rules.charter.RuleSet` as frozen at opening;",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Objection",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "vote",
                    fields.ForeignKeyField(
                        "school.Vote",
                        source_field="vote_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="objections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("raised_by", fields.UUIDField()),
                ("raised_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(max_length=500)),
                ("state", fields.CharField(default="raised", db_default="raised", max_length=10)),
                ("first_by", fields.UUIDField(null=True)),
                ("first_office", fields.CharField(default="", db_default="", max_length=10)),
                ("first_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answered_by", fields.UUIDField(null=True)),
                (
                    "answered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("answer", fields.CharField(default="", db_default="", max_length=500)),
            ],
            options={
                "table": "objections",
                "app": "school",
                "pk_attr": "id",
                "table_description": "Somebody entitled doubts the count; upholding it takes a school's and an officer's word.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PaperBallots",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "vote",
                    fields.ForeignKeyField(
                        "school.Vote",
                        source_field="vote_id",
                        unique=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="paper",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "choices",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("invalid", fields.IntField(default=0, db_default=0)),
                ("state", fields.CharField(default="entered", db_default="entered", max_length=10)),
                ("entered_by", fields.UUIDField()),
                ("entered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("confirmed_by", fields.UUIDField(null=True)),
                (
                    "confirmed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "paper_ballots",
                "app": "school",
                "pk_attr": "id",
                "table_description": "What was cast on paper: ``choices`` are ``{choice: [key, …], count}``; one per vote.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VotingUnit",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                (
                    "vote",
                    fields.ForeignKeyField(
                        "school.Vote",
                        source_field="vote_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="units",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("ref_id", fields.UUIDField()),
                ("label", fields.CharField(default="", db_default="", max_length=80)),
                ("constituency", fields.CharField(default="", db_default="", max_length=20)),
                ("salt", fields.CharField(max_length=32)),
                ("commitment", fields.CharField(max_length=64)),
                ("on_paper", fields.BooleanField(default=False, db_default=False)),
                ("took_part", fields.BooleanField(null=True)),
            ],
            options={
                "table": "voting_units",
                "app": "school",
                "unique_together": (("vote", "ref_id"),),
                "pk_attr": "id",
                "table_description": "One ballot's worth of electorate; its id is random and says nothing.",
            },
            bases=["Model"],
        ),
    ]
