"""What somebody has learnt must still be valid on the day it is needed."""

from tortoise import migrations
from tortoise.migrations import operations as ops

_REFUSAL = """
-- Why this person may not have a place on this slot now; NULL when they may. `reach` are the
-- schools, grades and classes their children belong to.
CREATE OR REPLACE FUNCTION refusal_of(s slots, who uuid, reach uuid[], moment timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    lacking text[];
    other record;
BEGIN
    IF s.opened_at IS NULL OR NOT (s.school_id = ANY (reach) OR s.open_to && reach)
        OR (s.kind = 'session' AND s.mode = 'invited' AND NOT EXISTS (
            SELECT 1 FROM slot_invitations i WHERE i.slot_id = s.id AND i.person_id = who)) THEN
        RETURN '{"code": "absent"}';
    ELSIF s.state = 'cancelled' THEN
        RETURN jsonb_build_object('code', 'called_off', 'reason', s.cancelled_reason);
    ELSIF s.state = 'closed' OR moment >= s.closes_at THEN
        RETURN '{"code": "ended"}';
    ELSIF moment < s.opens_at THEN
        RETURN jsonb_build_object('code', 'not_open_yet', 'opensAt', s.opens_at);
    ELSIF s.open_to <> '{}' AND NOT s.open_to && reach THEN
        RETURN '{"code": "not_eligible"}';
    ELSIF s.mode = 'invited' AND NOT EXISTS (
        SELECT 1 FROM slot_invitations i WHERE i.slot_id = s.id AND i.person_id = who) THEN
        RETURN '{"code": "not_invited"}';
    END IF;
    IF s.requires <> '{}' THEN
        SELECT array_agg(k ORDER BY k) INTO lacking FROM unnest(s.requires) k
        WHERE NOT EXISTS (SELECT 1 FROM qualifications q
            WHERE q.person_id = who AND q.school_id = s.school_id AND q.key = k
              AND (q.valid_until IS NULL OR q.valid_until > greatest(moment, s.starts_at)));
        IF lacking IS NOT NULL THEN
            RETURN jsonb_build_object('code', 'needs', 'keys', lacking);
        END IF;
    END IF;
    SELECT o.slot_id, o.starts_at, o.ends_at INTO other FROM bookings o
    WHERE o.person_id = who AND o.slot_id <> s.id
      AND o.state IN ('requested', 'confirmed', 'offered', 'checked_in')
      AND o.starts_at < s.ends_at AND o.ends_at > s.starts_at
    ORDER BY o.starts_at LIMIT 1;
    IF FOUND THEN
        RETURN jsonb_build_object('code', 'collides', 'slotId', other.slot_id,
            'startsAt', other.starts_at, 'endsAt', other.ends_at);
    END IF;
    RETURN NULL;
END $$;
"""

_BEFORE = _REFUSAL.replace("greatest(moment, s.starts_at)", "moment")


class Migration(migrations.Migration):
    """The end of a qualification is held against the beginning of what it is needed for."""

    dependencies = [("school", "0015_courses")]

    operations = [ops.RunSQL(_REFUSAL, reverse_sql=_BEFORE)]
