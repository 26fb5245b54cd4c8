"""Walls around shifts, and the kinds of duty that exist everywhere."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
CREATE UNIQUE INDEX one_kind_a_key ON duty_kinds (school_id, key) NULLS NOT DISTINCT;
ALTER TABLE duty_kinds
    ADD CONSTRAINT kind_key CHECK (key ~ '^[a-z][a-z0-9_]{1,19}$'),
    ADD CONSTRAINT never_confirmed_unseen CHECK (
        key NOT IN ('guidance', 'mediation') OR (needs_approval AND needs_skill)),
    ADD CONSTRAINT a_teacher_of_record CHECK (key <> 'after_school' OR needs_teacher),
    ADD CONSTRAINT names_no_pupils CHECK (key <> 'mediation' OR is_discreet);
ALTER TABLE volunteering_settings
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE CASCADE,
    ADD CONSTRAINT settings_numbers CHECK (shift_minutes BETWEEN 15 AND 720
        AND capacity BETWEEN 1 AND 200 AND cancel_hours BETWEEN 0 AND 168
        AND offer_minutes BETWEEN 10 AND 1440 AND ask_batch BETWEEN 1 AND 50
        AND ask_gap_minutes BETWEEN 10 AND 1440);
ALTER TABLE station_days
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD CONSTRAINT day_state CHECK (state IN (
        'planned', 'published', 'running', 'closed', 'summarised', 'cancelled')),
    ADD CONSTRAINT cancelled_says_why CHECK (state <> 'cancelled' OR reason <> '');
CREATE UNIQUE INDEX one_station_day ON station_days (school_id, day) WHERE state <> 'cancelled';
CREATE INDEX days_running ON station_days (day) WHERE state IN ('published', 'running');
ALTER TABLE shift_templates
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD CONSTRAINT template_hours CHECK (starts_minute BETWEEN 0 AND 1439
        AND ends_minute BETWEEN 1 AND 1440 AND starts_minute < ends_minute),
    ADD CONSTRAINT template_days CHECK (first_day <= last_day
        AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]),
    ADD CONSTRAINT template_numbers CHECK (capacity BETWEEN 1 AND 200
        AND minimum BETWEEN 0 AND capacity);
CREATE UNIQUE INDEX one_template_a_pattern
    ON shift_templates (school_id, duty, place, starts_minute, ends_minute)
    WHERE ended_at IS NULL;
ALTER TABLE shifts
    ADD FOREIGN KEY (id) REFERENCES slots (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (station_day_id) REFERENCES station_days (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (template_id) REFERENCES shift_templates (id) ON DELETE RESTRICT,
    ADD CONSTRAINT made_for_a_template CHECK ((template_id IS NULL) = (made_for IS NULL)),
    ADD CONSTRAINT a_teacher_is_there CHECK (duty <> 'after_school' OR teacher_id IS NOT NULL),
    ADD CONSTRAINT sides_needed CHECK (needed_school BETWEEN 0 AND 20
        AND needed_police BETWEEN 0 AND 20);
CREATE UNIQUE INDEX one_shift_a_day ON shifts (template_id, made_for);
CREATE INDEX shifts_of_duty ON shifts (school_id, duty);
ALTER TABLE post_holders ADD CONSTRAINT holder_side CHECK (side IN ('school', 'police'));
ALTER TABLE volunteers
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE,
    ADD CONSTRAINT volunteer_state CHECK (state IN (
        'applied', 'approved', 'active', 'paused', 'left', 'rejected', 'suspended')),
    ADD CONSTRAINT volunteer_offers CHECK (
        weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]
        AND mentor_offers <@ ARRAY['after_school', 'club', 'career']);
CREATE INDEX volunteers_of_school ON volunteers (school_id, state, applied_at);
ALTER TABLE volunteer_duties ADD CONSTRAINT duty_state
    CHECK (state IN ('wanted', 'approved', 'refused'));
ALTER TABLE shift_asks
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE;
ALTER TABLE shift_calls
    ADD FOREIGN KEY (shift_id) REFERENCES shifts (id) ON DELETE CASCADE,
    ADD CONSTRAINT call_state CHECK (state IN ('running', 'filled', 'exhausted', 'ended')),
    ADD CONSTRAINT call_step CHECK (step IN ('queue', 'past', 'free_that_day'));
CREATE INDEX calls_due ON shift_calls (next_round_at) WHERE state = 'running';
"""

# Mediation and guidance touch other families' troubles: each volunteer is approved for them,
# and nobody is confirmed unseen (requirements Q7). A built-in kind can be switched off by a
# school but never loses these walls.
KINDS = """
INSERT INTO duty_kinds (id, school_id, key, name, briefing, needs_approval, needs_skill,
    needs_teacher, is_discreet, courses, position)
VALUES
('01920000-0000-7000-8000-000000000001', NULL, 'canteen', '食堂管理',
 '请提前十分钟到食堂，洗手、戴帽和口罩；查看留样、餐具消毒和陪餐情况，只看不代替工作人员操作。',
 false, false, false, false, '{}', 1),
('01920000-0000-7000-8000-000000000002', NULL, 'patrol', '校园安全巡查',
 '按路线查看楼道、操场、围栏和消防设施；发现隐患拍照记录，不自行处置，立即告诉值班老师。',
 false, false, false, false, '{}', 2),
('01920000-0000-7000-8000-000000000003', NULL, 'after_school', '课后服务',
 '协助老师照看课后服务小组；全程有老师在场，不单独带离学生，不给学生拍照。',
 false, false, true, false, '{}', 3),
('01920000-0000-7000-8000-000000000004', NULL, 'guidance', '家庭教育指导',
 '与家长一对一交流经验；谈话内容只属于双方，不记录、不转述，超出经验范围的请交给学校老师。',
 true, true, false, false, '{}', 4),
('01920000-0000-7000-8000-000000000005', NULL, 'mediation', '学生矛盾调解',
 '在德育老师带领下参与；涉及自己孩子的请回避，所见所闻不外传，班次结束后不再查看任何记录。',
 true, true, false, true, '{}', 5),
('01920000-0000-7000-8000-000000000006', NULL, 'guard', '护学岗',
 '请穿反光背心，站在指定位置，提醒车辆慢行、学生走斑马线；遇到突发情况听从民警和老师指挥。',
 false, false, false, false, '{}', 6);
"""

UNDO = """
DELETE FROM duty_kinds WHERE school_id IS NULL;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0004."""

    dependencies = [("school", "0005_places")]

    operations = [
        ops.RunSQL(WALLS, reverse_sql=""),
        ops.RunSQL(KINDS, reverse_sql=UNDO),
    ]
