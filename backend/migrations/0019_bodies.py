"""Walls around bodies, seats, matters and rule sets, and what every body begins with."""

import json

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE bodies
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (grade_id) REFERENCES grades (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (class_id) REFERENCES classes (id) ON DELETE RESTRICT,
    ADD CONSTRAINT body_kind_and_level CHECK (CASE kind
        WHEN 'parent_committee' THEN level IN ('school', 'grade', 'class')
        WHEN 'coeducation_committee' THEN level = 'school'
        WHEN 'working_group' THEN level = 'school'
        WHEN 'guidance_committee' THEN level = 'school'
        WHEN 'alliance' THEN level IN ('school', 'district')
        WHEN 'joint_meeting' THEN level = 'district'
        WHEN 'task_force' THEN level = 'district'
        ELSE false END),
    ADD CONSTRAINT body_place CHECK (
        (level <> 'district') = (school_id IS NOT NULL)
        AND (level IN ('grade', 'class')) = (grade_id IS NOT NULL)
        AND (level = 'class') = (class_id IS NOT NULL)),
    ADD CONSTRAINT body_state CHECK (state IN ('draft', 'active', 'ended')),
    ADD CONSTRAINT body_term CHECK (term_until > term_from),
    ADD CONSTRAINT body_was_activated CHECK (
        (state <> 'draft' OR activated_at IS NULL)
        AND (state <> 'active' OR activated_at IS NOT NULL)),
    ADD CONSTRAINT body_ended_says_why CHECK (
        (state = 'ended') = (ended_at IS NOT NULL) AND (state = 'ended') = (ended_reason <> '')),
    -- Of these kinds a place has one at a time; person_point makes a number of an id.
    ADD CONSTRAINT one_body_a_place EXCLUDE USING gist (
        person_point(coalesce(class_id, grade_id, school_id)) WITH &&,
        int4range(CASE kind WHEN 'parent_committee' THEN 1 WHEN 'coeducation_committee' THEN 2
                  WHEN 'working_group' THEN 3 ELSE 4 END,
                  CASE kind WHEN 'parent_committee' THEN 1 WHEN 'coeducation_committee' THEN 2
                  WHEN 'working_group' THEN 3 ELSE 4 END, '[]') WITH &&,
        daterange(term_from, term_until, '[]') WITH &&)
        WHERE (state <> 'ended' AND kind IN ('parent_committee', 'coeducation_committee',
                                             'working_group', 'guidance_committee'));
CREATE INDEX bodies_running_out ON bodies (term_until) WHERE state = 'active';

ALTER TABLE seats
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (student_id) REFERENCES students (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (standing_id) REFERENCES standings (id) ON DELETE SET NULL,
    ADD FOREIGN KEY (vote_id) REFERENCES votes (id) ON DELETE RESTRICT,
    ADD CONSTRAINT seat_role CHECK (role IN ('chair', 'vice_chair', 'secretary', 'member')),
    ADD CONSTRAINT seat_state CHECK (
        state IN ('nominated', 'elected', 'appointed', 'serving', 'ended')),
    ADD CONSTRAINT seat_constituency CHECK (constituency IN ('school_leader', 'teacher',
        'parent', 'community', 'department', 'committee', 'division_leader', 'enterprise',
        'expert', 'public')),
    ADD CONSTRAINT seat_term CHECK (term_until >= term_from),
    ADD CONSTRAINT parents_sit_for_a_child CHECK (
        constituency NOT IN ('parent', 'committee') OR student_id IS NOT NULL),
    ADD CONSTRAINT elected_by_a_vote CHECK (state <> 'elected' OR vote_id IS NOT NULL),
    ADD CONSTRAINT seat_ended_says_why CHECK (
        (state = 'ended') = (ended_at IS NOT NULL) AND (state = 'ended') = (ended_reason <> ''));
CREATE UNIQUE INDEX one_serving_chair ON seats (body_id)
    WHERE state = 'serving' AND role = 'chair';
CREATE UNIQUE INDEX one_live_seat ON seats (body_id, person_id) WHERE state <> 'ended';
CREATE INDEX seats_live ON seats (student_id) WHERE state <> 'ended' AND student_id IS NOT NULL;

ALTER TABLE matters
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD CONSTRAINT matter_rule_kind CHECK (rule_kind IN ('ordinary', 'personnel', 'charter')),
    ADD CONSTRAINT matter_is_ones_own CHECK (district_id IS NULL OR school_id IS NULL);
CREATE UNIQUE INDEX one_matter_a_title ON matters (school_id, district_id, title)
    NULLS NOT DISTINCT WHERE retired_at IS NULL;

ALTER TABLE rule_set_versions
    ADD FOREIGN KEY (adopted_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (item_id) REFERENCES agenda_items (id) ON DELETE RESTRICT,
    ADD CONSTRAINT rule_set_kind CHECK (kind IN ('ordinary', 'personnel', 'charter')),
    ADD CONSTRAINT rule_set_version CHECK (version >= 1);
CREATE UNIQUE INDEX one_default_a_version ON rule_set_versions (kind, version)
    WHERE body_id IS NULL;
CREATE UNIQUE INDEX one_version_an_item ON rule_set_versions (item_id, kind)
    WHERE item_id IS NOT NULL;
CREATE FUNCTION refuse_new_rules() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a version of a rule set is never changed' USING ERRCODE = '55000';
END $$;
CREATE TRIGGER versions_stay BEFORE UPDATE OR DELETE ON rule_set_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_new_rules();
"""

UNDO = """
DROP TRIGGER versions_stay ON rule_set_versions;
DROP FUNCTION refuse_new_rules();
DROP INDEX one_version_an_item, one_default_a_version, one_matter_a_title, seats_live,
    one_live_seat, one_serving_chair, bodies_running_out;
ALTER TABLE bodies DROP CONSTRAINT one_body_a_place;
DELETE FROM rule_set_versions WHERE body_id IS NULL;
DELETE FROM matters WHERE school_id IS NULL AND district_id IS NULL;
"""

HALF = {"of": 1, "out_of": 2, "at_least": False}
TWO_THIRDS = {"of": 2, "out_of": 3, "at_least": True}
COMMON = {
    "may_abstain": True,
    "tie": "not_adopted",
    "unit": "seat",
    "may_change": True,
    "closes_when_all_voted": True,
    "chair_may_close": False,
    "names_shown": True,
    "retables": 1,
    "certify_days": 3,
    "objection_days": 3,
}
RULE_SETS = {
    "ordinary": {
        "quorum": HALF, "majority": HALF, "base": "decided", "mode": "open", "notice_days": 3,
    },
    "personnel": {
        "quorum": HALF, "majority": HALF, "base": "cast", "mode": "secret", "notice_days": 3,
    },
    "charter": {
        "quorum": TWO_THIRDS, "majority": TWO_THIRDS, "base": "entitled", "mode": "open",
        "notice_days": 7,
    },
}  # fmt: skip

MATTERS = [
    ("家委会章程和议事规则", "制定、修改本会章程和议事规则。", "charter"),
    ("推选主任、副主任和委员", "换届选举，以及届中补选、更换委员。", "personnel"),
    ("学年工作计划和总结", "审议本会每学年的工作计划，听取年终总结。", "ordinary"),
    ("学校发展规划和重要制度", "对学校规划、年度计划和涉及学生的制度提出意见。", "ordinary"),
    ("校服、午餐和课后服务的选择", "参与选用方式、标准和供应单位的讨论与监督。", "ordinary"),
    ("代收费和服务性收费", "对收费项目、用途和账目公开提出意见；不得借本会名义收费。", "ordinary"),
    ("校园安全和护学", "上下学秩序、护学岗安排、交通和食品安全隐患。", "ordinary"),
    ("作业、睡眠、手机和课外阅读", "家校共同约定，减轻负担，保障睡眠和运动。", "ordinary"),
    ("研学、春秋游和大型活动", "方案、安全预案、费用和家长志愿者安排。", "ordinary"),
    ("家长学校和家庭教育活动", "课程选题、讲师推荐和开放日安排。", "ordinary"),
    ("家长志愿服务和社区资源", "驻校日、志愿队伍和社区场馆的使用。", "ordinary"),
    ("家长意见建议的办理", "汇总家长意见，向学校反映并跟进答复。", "ordinary"),
]


def quoted(text: str) -> str:
    """Return ``text`` as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _rule_sets() -> str:
    rows = ",\n".join(
        f"(uuidv7(), NULL, {quoted(kind)}, 1, "
        f"{quoted(json.dumps({**COMMON, **rules}))}::jsonb, '通用规则', '2026-09-01T00:00:00Z')"
        for kind, rules in RULE_SETS.items()
    )
    return (
        "INSERT INTO rule_set_versions (id, body_id, kind, version, rules, note, in_force_from) "
        f"VALUES {rows}"
    )


def _matters() -> str:
    rows = ",\n".join(
        f"(uuidv7(), {quoted(title)}, {quoted(summary)}, {quoted(kind)})"
        for title, summary, kind in MATTERS
    )
    return f"INSERT INTO matters (id, title, summary, rule_kind) VALUES {rows}"


class Migration(migrations.Migration):
    """Walls around the rows of 0017 that say who sits where, and by which rules."""

    dependencies = [("school", "0018_ballots")]

    operations = [
        ops.RunSQL(WALLS, reverse_sql=UNDO),
        ops.RunSQL(_rule_sets(), reverse_sql=ops.RunSQL.noop),
        ops.RunSQL(_matters(), reverse_sql=ops.RunSQL.noop),
    ]
