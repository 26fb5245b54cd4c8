"""Votes, their electorates and what was cast.

Ballots lie in the tables ``voters``, ``sealed_ballots``, ``open_ballots`` and
``counted_ballots`` (migration ``0018_ballots``), whose keys the mapper cannot draw.
"""

import uuid
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.identifiers import uuid7


class Mode(StrEnum):
    """Whether a ballot keeps the name of whoever cast it."""

    OPEN = "open"
    SECRET = "secret"


class Method(StrEnum):
    """What a ballot says: for, against or abstain; one option; several; an order of options."""

    MOTION = "motion"
    SINGLE = "single"
    MULTIPLE = "multiple"
    RANKED = "ranked"


class Unit(StrEnum):
    """What has one ballot: a seat of the body, a guardian, or a household."""

    SEAT = "seat"
    PERSON = "person"
    HOUSEHOLD = "household"


class VoteState(StrEnum):
    """draft -> open -> closed -> counted -> certified -> published; open -> annulled.

    An upheld objection takes counted or certified back to counted, by a recount.
    """

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    COUNTED = "counted"
    CERTIFIED = "certified"
    PUBLISHED = "published"
    ANNULLED = "annulled"


class CloseReason(StrEnum):
    """Why a vote closed."""

    DEADLINE = "deadline"
    EVERYBODY = "everybody"
    CHAIR = "chair"


class Outcome(StrEnum):
    """What the count says."""

    PASSED = "passed"
    FAILED = "failed"
    NO_QUORUM = "no_quorum"
    TIED = "tied"


class ObjectionState(StrEnum):
    """raised -> upheld | rejected; upheld takes two people."""

    RAISED = "raised"
    UPHELD = "upheld"
    REJECTED = "rejected"


class Office(StrEnum):
    """For whom somebody answers an objection."""

    SCHOOL = "school"
    DISTRICT = "district"


class PaperState(StrEnum):
    """entered -> confirmed, by somebody else."""

    ENTERED = "entered"
    CONFIRMED = "confirmed"


class Vote(Model):
    """``rules`` holds :class:`backend.ballots.rules.charter.RuleSet` as frozen at opening;
    ``options`` are ``{key, label}``; ``tally`` is :class:`backend.ballots.rules.counting.Tally`.

    ``subject_id`` is what the question belongs to. ``public_key`` is the sealing key of a
    secret vote (32 bytes, hexadecimal). ``bundle`` is the published result, with its signature.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField()
    school_id = fields.UUIDField(null=True, db_index=True)
    subject_id = fields.UUIDField(db_index=True)
    title = fields.CharField(max_length=120)
    text = fields.TextField(default="", db_default="")
    method = fields.CharField(max_length=10)
    options: list[dict[str, str]] = fields.JSONField()
    choose_most = fields.IntField(default=1, db_default=1)
    winners = fields.IntField(default=1, db_default=1)
    mode = fields.CharField(max_length=10)
    unit = fields.CharField(max_length=10)
    rules: dict[str, Any] = fields.JSONField()
    rule_set_id = fields.UUIDField()
    state = fields.CharField(max_length=10, default="draft", db_default="draft")
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    opened_at = fields.DatetimeField(null=True)
    opened_by = fields.UUIDField(null=True)
    entitled = fields.IntField(default=0, db_default=0)
    electorate_digest = fields.CharField(max_length=64, default="", db_default="")
    question_digest = fields.CharField(max_length=64, default="", db_default="")
    recused: list[dict[str, str]] = fields.JSONField(default=list)
    public_key = fields.CharField(max_length=64, default="", db_default="")
    reminded_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    closed_by = fields.UUIDField(null=True)
    close_reason = fields.CharField(max_length=10, default="", db_default="")
    counted_at = fields.DatetimeField(null=True)
    tally: dict[str, Any] | None = fields.JSONField(null=True)
    outcome = fields.CharField(max_length=10, default="", db_default="")
    chosen: list[str] = ArrayField(element_type="text", default=list)
    key_destroyed_at = fields.DatetimeField(null=True)
    tie_settled_by = fields.UUIDField(null=True)
    tie_settled_for = fields.CharField(max_length=40, default="", db_default="")
    recounts = fields.IntField(default=0, db_default=0)
    certified_at = fields.DatetimeField(null=True)
    certified_by = fields.UUIDField(null=True)
    objections_until = fields.DatetimeField(null=True)
    published_at = fields.DatetimeField(null=True)
    bundle: dict[str, Any] | None = fields.JSONField(null=True)
    annulled_at = fields.DatetimeField(null=True)
    annulled_by = fields.UUIDField(null=True)
    annulled_reason = fields.CharField(max_length=200, default="", db_default="")

    class Meta:
        table = "votes"


class VotingUnit(Model):
    """One ballot's worth of electorate; its id is random and says nothing.

    ``ref_id`` is the seat, the person, or the household's eldest pupil by id. ``commitment``
    is the digest of ``salt`` and of who may vote for it; the salt is shown to those alone.
    ``took_part`` is known once counted.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    vote: fields.ForeignKeyRelation[Vote] = fields.ForeignKeyField(
        "school.Vote", related_name="units", on_delete=fields.RESTRICT, db_index=True
    )
    vote_id: UUID
    ref_id = fields.UUIDField()
    label = fields.CharField(max_length=80, default="", db_default="")
    constituency = fields.CharField(max_length=20, default="", db_default="")
    salt = fields.CharField(max_length=32)
    commitment = fields.CharField(max_length=64)
    on_paper = fields.BooleanField(default=False, db_default=False)
    took_part = fields.BooleanField(null=True)

    class Meta:
        table = "voting_units"
        unique_together = (("vote", "ref_id"),)


class PaperBallots(Model):
    """What was cast on paper: ``choices`` are ``{choice: [key, …], count}``; one per vote."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    vote: fields.ForeignKeyRelation[Vote] = fields.ForeignKeyField(
        "school.Vote", related_name="paper", on_delete=fields.RESTRICT, unique=True
    )
    vote_id: UUID
    choices: list[dict[str, Any]] = fields.JSONField()
    invalid = fields.IntField(default=0, db_default=0)
    state = fields.CharField(max_length=10, default="entered", db_default="entered")
    entered_by = fields.UUIDField()
    entered_at = fields.DatetimeField()
    confirmed_by = fields.UUIDField(null=True)
    confirmed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "paper_ballots"


class Objection(Model):
    """Somebody entitled doubts the count; upholding it takes a school's and an officer's word."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    vote: fields.ForeignKeyRelation[Vote] = fields.ForeignKeyField(
        "school.Vote", related_name="objections", on_delete=fields.RESTRICT, db_index=True
    )
    vote_id: UUID
    raised_by = fields.UUIDField()
    raised_at = fields.DatetimeField()
    reason = fields.CharField(max_length=500)
    state = fields.CharField(max_length=10, default="raised", db_default="raised")
    first_by = fields.UUIDField(null=True)
    first_office = fields.CharField(max_length=10, default="", db_default="")
    first_at = fields.DatetimeField(null=True)
    answered_by = fields.UUIDField(null=True)
    answered_at = fields.DatetimeField(null=True)
    answer = fields.CharField(max_length=500, default="", db_default="")

    class Meta:
        table = "objections"
