"""Walls around certificates, where those of service move."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE certificates
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT certificate_kind CHECK (kind IN ('service', 'course')),
    ADD CONSTRAINT certificate_code CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
    ADD CONSTRAINT certificate_days CHECK (first_day <= last_day),
    ADD CONSTRAINT certificate_names_somebody CHECK (holder <> '' AND issuer_name <> ''),
    ADD CONSTRAINT service_has_a_school CHECK (kind <> 'service' OR school_id IS NOT NULL),
    ADD CONSTRAINT only_courses_have_subjects CHECK ((kind = 'course') = (subject_id IS NOT NULL)),
    ADD CONSTRAINT certifies_something CHECK (coalesce(facts ->> 'title', '') <> ''
        AND coalesce(jsonb_array_length(facts -> 'figures'), 0) > 0),
    ADD CONSTRAINT revoked_says_why CHECK ((revoked_at IS NULL) = (revoked_reason = ''));
CREATE UNIQUE INDEX one_certificate_in_force ON certificates (kind, person_id, subject_id)
    WHERE subject_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX certificates_of_school ON certificates (school_id, issued_at DESC, id DESC)
    WHERE school_id IS NOT NULL;
CREATE INDEX certificates_of_district ON certificates (district_id, issued_at DESC, id DESC)
    WHERE school_id IS NULL;
"""

MOVE = """
INSERT INTO certificates (id, code, kind, district_id, school_id, issuer_name, person_id, holder,
    subject_id, first_day, last_day, facts, issued_at, revoked_at, revoked_by, revoked_reason)
SELECT c.id, c.code, 'service', s.district_id, c.school_id, c.school_name, c.person_id, c.holder,
    NULL, c.first_day, c.last_day,
    jsonb_build_object(
        'title', '志愿服务证明',
        'subtitle', '成长合伙人 · 家长驻校日',
        'body', jsonb_build_array(
            '作为家长志愿者，于' || to_char(c.first_day, 'FMYYYY"年"FMMM"月"FMDD"日"')
                || '至' || to_char(c.last_day, 'FMYYYY"年"FMMM"月"FMDD"日"') || '期间，',
            '在本校参加家长驻校日志愿服务。'),
        'figures', jsonb_build_array(
            jsonb_build_object('label', '服务时长') || CASE
                WHEN c.minutes < 60
                    THEN jsonb_build_object('value', c.minutes::text, 'unit', '分钟')
                ELSE jsonb_build_object('value',
                    trim_scale(trunc(c.minutes / 60.0, 1))::text, 'unit', '小时') END,
            jsonb_build_object('label', '服务次数', 'value', c.shifts::text, 'unit', '次')),
        'details', (SELECT coalesce(jsonb_agg(
                concat(d.duty ->> 'name', ' ', d.duty ->> 'shifts', ' 次') ORDER BY d.place), '[]')
            FROM jsonb_array_elements(c.duties) WITH ORDINALITY AS d (duty, place)),
        'thanks', '谨此证明，并致谢忱。',
        'rule', '服务时长按每次签到至签退计算，以班次起止时间为限。',
        'lines', '[]'::jsonb,
        'basis', jsonb_build_object(
            'minutes', c.minutes, 'shifts', c.shifts, 'duties', c.duties)),
    c.issued_at, c.revoked_at, c.revoked_by, c.revoked_reason
FROM service_certificates c JOIN schools s ON s.id = c.school_id;
"""

MOVE_BACK = """
INSERT INTO service_certificates (id, code, school_id, person_id, school_name, holder, first_day,
    last_day, minutes, shifts, duties, issued_at, revoked_at, revoked_by, revoked_reason)
SELECT id, code, school_id, person_id, issuer_name, holder, first_day, last_day,
    (facts -> 'basis' ->> 'minutes')::int, (facts -> 'basis' ->> 'shifts')::int,
    facts -> 'basis' -> 'duties', issued_at, revoked_at, revoked_by, revoked_reason
FROM certificates WHERE kind = 'service';
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0009; the old table goes once its rows have moved."""

    dependencies = [("school", "0010_files")]

    operations = [
        ops.RunSQL(WALLS, reverse_sql=""),
        ops.RunSQL(MOVE, reverse_sql=MOVE_BACK),
        ops.DeleteModel("ServiceCertificate"),
    ]
