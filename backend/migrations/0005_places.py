"""The places engine: its walls, its counters, its trail, and the verbs that must not race.

Locks are always taken in one order: the counters of slots by id, then shared quotas by id,
then people. Whoever gives a place to somebody who is not asking only *tries* for that
person's lock and leaves the rest to the sweep, so no two verbs ever wait in a ring.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE slots
    ADD CONSTRAINT slot_kind CHECK (kind IN ('shift', 'session')),
    ADD CONSTRAINT slot_state CHECK (state IN ('draft', 'open', 'closed', 'cancelled')),
    ADD CONSTRAINT slot_mode CHECK (mode IN ('first_come', 'draw', 'invited')),
    ADD CONSTRAINT slot_hours CHECK (starts_at < ends_at AND opens_at <= closes_at
        AND closes_at <= ends_at AND cancel_until <= starts_at),
    ADD CONSTRAINT slot_party CHECK (max_party BETWEEN 1 AND 20),
    ADD CONSTRAINT slot_numbers CHECK (minimum >= 0 AND skip_limit BETWEEN 0 AND 20
        AND (offer_minutes IS NULL OR offer_minutes BETWEEN 10 AND 2880));
CREATE INDEX slots_running ON slots (ends_at) WHERE state = 'open';
ALTER TABLE slot_shares ADD CONSTRAINT share_places CHECK (places > 0),
    ADD CONSTRAINT share_never_oversold CHECK (used BETWEEN 0 AND places);
ALTER TABLE shared_quotas ADD CONSTRAINT quota_never_oversold
    CHECK (capacity >= 0 AND taken BETWEEN 0 AND capacity);
CREATE TABLE slot_places (
    slot_id uuid PRIMARY KEY REFERENCES slots (id) ON DELETE CASCADE,
    capacity int NOT NULL, taken int NOT NULL DEFAULT 0,
    waiting int NOT NULL DEFAULT 0, tickets int NOT NULL DEFAULT 0,
    CONSTRAINT never_oversold CHECK (capacity >= 0 AND taken BETWEEN 0 AND capacity),
    CONSTRAINT never_less_than_nobody CHECK (waiting >= 0)) WITH (fillfactor = 50);
ALTER TABLE bookings
    ADD CONSTRAINT booking_state CHECK (state IN ('requested', 'confirmed', 'waitlisted',
        'offered', 'checked_in', 'completed', 'no_show', 'lapsed', 'rejected', 'cancelled',
        'late_cancelled', 'school_cancelled')),
    ADD CONSTRAINT booking_party CHECK (party BETWEEN 1 AND 20),
    ADD CONSTRAINT booking_hours CHECK (starts_at < ends_at AND minutes >= 0),
    ADD CONSTRAINT an_offer_ends CHECK ((state = 'offered') = (offer_expires_at IS NOT NULL)),
    ADD CONSTRAINT priority_has_a_reason CHECK (priority = 0 OR priority_reason <> '');
CREATE UNIQUE INDEX one_booking_each ON bookings (slot_id, person_id) WHERE state IN (
    'requested', 'confirmed', 'waitlisted', 'offered', 'checked_in', 'completed', 'no_show');
CREATE INDEX bookings_queue ON bookings (slot_id, priority DESC, queue_no)
    WHERE state = 'waitlisted';
CREATE INDEX bookings_offers ON bookings (offer_expires_at) WHERE state = 'offered';
CREATE INDEX bookings_of_person ON bookings (person_id, starts_at);
CREATE INDEX bookings_of_slot ON bookings (slot_id, state);
-- A person's number has 62 random low bits: two people never share them.
CREATE FUNCTION person_point(id uuid) RETURNS int8range LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN int8range(('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint,
                     ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint, '[]');
ALTER TABLE bookings ADD CONSTRAINT nobody_in_two_places EXCLUDE USING gist (
    person_point(person_id) WITH &&, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state IN ('requested', 'confirmed', 'offered', 'checked_in') AND NOT may_overlap);
CREATE TABLE booking_children (
    slot_id uuid NOT NULL REFERENCES slots (id) ON DELETE CASCADE,
    student_id uuid NOT NULL REFERENCES students (id) ON DELETE CASCADE,
    booking_id uuid NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    PRIMARY KEY (slot_id, student_id));
CREATE INDEX children_of_booking ON booking_children (booking_id);
CREATE INDEX slots_of_child ON booking_children (student_id);
CREATE TABLE booking_moves (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    booking_id uuid NOT NULL, slot_id uuid NOT NULL, school_id uuid NOT NULL,
    person_id uuid NOT NULL, was text NOT NULL, became text NOT NULL, cause text NOT NULL,
    by uuid, facts jsonb NOT NULL DEFAULT '{}', at timestamptz NOT NULL,
    told boolean NOT NULL DEFAULT true);
CREATE INDEX moves_untold ON booking_moves (id) WHERE NOT told;
CREATE INDEX moves_of_slot ON booking_moves (slot_id, id);
CREATE INDEX moves_of_booking ON booking_moves (booking_id, id);
CREATE INDEX moves_at_school ON booking_moves (school_id, at);
CREATE FUNCTION keep_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'told' = to_jsonb(NEW) - 'told' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'moves are append-only' USING ERRCODE = '55000';
END $$;
CREATE TRIGGER moves_are_append_only BEFORE UPDATE OR DELETE ON booking_moves
    FOR EACH ROW EXECUTE FUNCTION keep_moves();
ALTER TABLE draws ADD CONSTRAINT draw_of_slot
    FOREIGN KEY (slot_id) REFERENCES slots (id) ON DELETE CASCADE;
CREATE INDEX stand_ins_open ON stand_ins (slot_id) WHERE state = 'open';
CREATE UNIQUE INDEX one_stand_in_a_booking ON stand_ins (booking_id) WHERE state = 'open';
ALTER TABLE stand_ins ADD CONSTRAINT stand_in_state
    CHECK (state IN ('open', 'taken', 'withdrawn', 'vetoed', 'expired'));
ALTER TABLE scans ADD CONSTRAINT scan_kind CHECK (kind IN ('in', 'out', 'undo'));
"""

JUDGING = """
-- Why this person may not have a place on this slot now; NULL when they may. `reach` are the
-- schools, grades and classes their children belong to.
CREATE FUNCTION refusal_of(s slots, who uuid, reach uuid[], moment timestamptz) RETURNS jsonb
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
              AND (q.valid_until IS NULL OR q.valid_until > moment));
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

-- Whether a party of this size finds room, and in which share if not in the open part.
CREATE FUNCTION place_for(s slots, p slot_places, party int, entitled uuid[],
                          OUT fits boolean, OUT share uuid, OUT general int)
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    general := p.capacity - p.taken;
    fits := false;
    IF s.quota_ids <> '{}' THEN
        SELECT least(general, min(q.capacity - q.taken)) INTO general
        FROM shared_quotas q WHERE q.id = ANY (s.quota_ids);
    END IF;
    IF general < party THEN
        RETURN;
    END IF;
    IF s.has_shares THEN
        SELECT x.id INTO share FROM slot_shares x
        WHERE x.id = ANY (entitled) AND x.released_at IS NULL AND x.places - x.used >= party
        ORDER BY x.places - x.used DESC, x.id LIMIT 1;
        IF FOUND THEN
            fits := true;
            RETURN;
        END IF;
        SELECT least(general, p.capacity - p.taken - coalesce(sum(x.places - x.used), 0))
        INTO general FROM slot_shares x WHERE x.slot_id = s.id AND x.released_at IS NULL;
    END IF;
    fits := general >= party;
END $$;

-- The largest party that could ever find room here, however long it waits.
CREATE FUNCTION largest_party(s slots, p slot_places) RETURNS int
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF s.quota_ids = '{}' THEN
        RETURN p.capacity;
    END IF;
    RETURN (SELECT least(p.capacity, min(q.capacity)) FROM shared_quotas q
            WHERE q.id = ANY (s.quota_ids));
END $$;

-- From a quarter of an hour before the cut-off nobody is given time to think any more.
CREATE FUNCTION is_first_tap(s slots, moment timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE RETURN moment > s.cancel_until - interval '15 minutes';

-- An offer lasts a day while the cut-off is more than three days away, else two hours, never
-- past the cut-off; one that would end at night may be answered until nine in the morning.
CREATE FUNCTION offer_end(s slots, moment timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    zone text;
    until timestamptz;
BEGIN
    SELECT d.timezone INTO zone FROM schools x JOIN districts d ON d.id = x.district_id
    WHERE x.id = s.school_id;
    until := moment + least(
        CASE WHEN s.cancel_until - moment > interval '72 hours' THEN interval '24 hours'
             ELSE interval '2 hours' END,
        make_interval(mins => coalesce(s.offer_minutes, 1440)));
    IF (until AT TIME ZONE zone)::time >= '21:30' THEN
        until := (date_trunc('day', until AT TIME ZONE zone) + interval '33 hours')
                 AT TIME ZONE zone;
    ELSIF (until AT TIME ZONE zone)::time < '08:00' THEN
        until := (date_trunc('day', until AT TIME ZONE zone) + interval '9 hours')
                 AT TIME ZONE zone;
    END IF;
    RETURN least(until, s.cancel_until);
END $$;
"""

HOLDING = """
CREATE FUNCTION note_move(b bookings, was text, cause text, by uuid, moment timestamptz,
                          told boolean, facts jsonb DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO booking_moves (booking_id, slot_id, school_id, person_id, was, became, cause,
        by, facts, at, told)
    VALUES (b.id, b.slot_id, b.school_id, b.person_id, was, b.state, cause, by, facts, moment,
        told);
END $$;

-- Count a party in (or, negative, out of) everything that limits the slot.
CREATE FUNCTION count_party(s slots, size int, share uuid) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE slot_places SET taken = taken + size WHERE slot_id = s.id;
    IF s.quota_ids <> '{}' THEN
        UPDATE shared_quotas SET taken = taken + size WHERE id = ANY (s.quota_ids);
    END IF;
    IF share IS NOT NULL THEN
        UPDATE slot_shares SET used = used + size WHERE id = share;
    END IF;
END $$;

-- Shared quotas come after slots in the order of locks.
CREATE FUNCTION lock_slots(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    quotas uuid[];
BEGIN
    PERFORM 1 FROM slot_places p WHERE p.slot_id = ANY (ids) ORDER BY p.slot_id
    FOR NO KEY UPDATE;
    SELECT array_agg(q) INTO quotas FROM slots x, unnest(x.quota_ids) q WHERE x.id = ANY (ids);
    IF quotas IS NOT NULL THEN
        PERFORM 1 FROM shared_quotas q WHERE q.id = ANY (quotas) ORDER BY q.id
        FOR NO KEY UPDATE;
    END IF;
END $$;

CREATE FUNCTION person_lock(who uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE RETURN hashtextextended(who::text, 7310);

-- End a booking and give back what it held. The caller holds the slot and promotes after.
CREATE FUNCTION give_back(b bookings, became text, cause text, by uuid, moment timestamptz,
                          told boolean, facts jsonb DEFAULT '{}') RETURNS bookings
    LANGUAGE plpgsql AS $$
DECLARE
    was text := b.state;
    s slots;
BEGIN
    SELECT * INTO s FROM slots WHERE id = b.slot_id;
    IF was = 'waitlisted' THEN
        UPDATE slot_places SET waiting = waiting - 1 WHERE slot_id = b.slot_id;
    ELSE
        PERFORM count_party(s, -b.party, b.share_id);
    END IF;
    DELETE FROM booking_children c WHERE c.booking_id = b.id;
    UPDATE bookings x SET state = became, offer_expires_at = NULL, updated_at = moment,
        line = jsonb_build_object('code', cause), sequence = x.sequence + 1
    WHERE x.id = b.id RETURNING * INTO b;
    PERFORM note_move(b, was, cause, by, moment, told, facts);
    RETURN b;
END $$;

-- Whether somebody who waits is engaged elsewhere at that time; their line then says so.
CREATE FUNCTION set_aside(e bookings) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    SELECT o.slot_id, o.starts_at INTO other FROM bookings o
    WHERE o.person_id = e.person_id AND o.id <> e.id
      AND o.state IN ('requested', 'confirmed', 'offered', 'checked_in')
      AND o.starts_at < e.ends_at AND o.ends_at > e.starts_at LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE bookings x SET line = jsonb_build_object('code', 'collides',
        'slotId', other.slot_id, 'startsAt', other.starts_at) WHERE x.id = e.id;
    RETURN true;
END $$;

-- Give what is free to those who wait, in order. The caller holds the slot. Near the start
-- nobody is chosen: all who wait are told, and the first tap wins. `direct` is for a draw:
-- it confirms at once, and nobody passes a party that finds no room.
CREATE FUNCTION promote(slot uuid, moment timestamptz, direct boolean DEFAULT false)
    RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    s slots;
    p slot_places;
    e bookings;
    room record;
    most int;
    too_large boolean;
    blocked boolean := false;
    passed uuid[] := '{}';
    given int := 0;
BEGIN
    SELECT * INTO p FROM slot_places x WHERE x.slot_id = slot;
    IF p.waiting = 0 OR p.taken >= p.capacity THEN
        RETURN 0;
    END IF;
    SELECT * INTO s FROM slots x WHERE x.id = slot;
    IF s.state <> 'open' OR moment >= s.starts_at OR (s.mode = 'draw' AND s.drawn_at IS NULL) THEN
        RETURN 0;
    END IF;
    IF is_first_tap(s, moment) AND NOT direct THEN
        FOR e IN UPDATE bookings x SET line = '{"code": "first_tap"}', updated_at = moment
            WHERE x.slot_id = slot AND x.state = 'waitlisted' AND x.line ->> 'code' <> 'first_tap'
            RETURNING x.* LOOP
            PERFORM note_move(e, 'waitlisted', 'first_tap', NULL, moment, false);
        END LOOP;
        RETURN 0;
    END IF;
    most := largest_party(s, p);
    FOR e IN SELECT * FROM bookings x WHERE x.slot_id = slot AND x.state = 'waitlisted'
        ORDER BY x.priority DESC, x.queue_no LOOP
        EXIT WHEN p.taken >= p.capacity;
        SELECT * INTO room FROM place_for(s, p, e.party, e.share_ids);
        IF NOT room.fits OR (blocked AND room.share IS NULL) THEN
            CONTINUE WHEN blocked;
            -- Whoever is engaged elsewhere could not come now, and holds nobody up.
            CONTINUE WHEN NOT direct AND set_aside(e);
            -- A party for which the slot has become too small keeps its turn, in nobody's way.
            too_large := NOT direct AND e.party > most;
            IF NOT too_large THEN
                blocked := direct OR e.skipped >= s.skip_limit;
                passed := passed || e.id;
            END IF;
            UPDATE bookings x SET line = jsonb_build_object('code', CASE
                WHEN too_large THEN 'too_large_now' WHEN blocked THEN 'waits_for_room'
                ELSE 'may_be_passed' END, 'party', e.party, 'most', most,
                'free', greatest(room.general, 0),
                'timesPassed', e.skipped, 'mostTimes', s.skip_limit)
            WHERE x.id = e.id;
            CONTINUE;
        END IF;
        -- Somebody who is taking a place elsewhere this instant is left to the sweep.
        EXIT WHEN NOT pg_try_advisory_xact_lock(person_lock(e.person_id));
        CONTINUE WHEN set_aside(e);
        UPDATE bookings x SET
            state = CASE WHEN s.needs_approval AND e.approved_at IS NULL THEN 'requested'
                         WHEN direct OR e.takes_at_once THEN 'confirmed' ELSE 'offered' END,
            share_id = room.share, updated_at = moment, sequence = x.sequence + 1,
            line = '{"code": "next_in_line"}'
            , offer_expires_at = CASE
                WHEN (s.needs_approval AND e.approved_at IS NULL) OR direct OR e.takes_at_once
                THEN NULL ELSE offer_end(s, moment) END
        WHERE x.id = e.id RETURNING * INTO e;
        PERFORM count_party(s, e.party, room.share);
        UPDATE slot_places x SET waiting = x.waiting - 1 WHERE x.slot_id = slot
        RETURNING * INTO p;
        IF passed <> '{}' AND room.share IS NULL THEN
            UPDATE bookings x SET skipped = x.skipped + 1, line = x.line || jsonb_build_object(
                'code', CASE WHEN x.skipped + 1 >= s.skip_limit THEN 'waits_for_room'
                             ELSE 'may_be_passed' END,
                'free', greatest((x.line ->> 'free')::int - e.party, 0),
                'timesPassed', x.skipped + 1)
            WHERE x.id = ANY (passed);
            -- Who has been passed often enough is not passed again, not even in this round.
            blocked := EXISTS (SELECT 1 FROM bookings x
                WHERE x.id = ANY (passed) AND x.skipped >= s.skip_limit);
        END IF;
        PERFORM note_move(e, 'waitlisted', 'promoted', NULL, moment, false);
        given := given + 1;
    END LOOP;
    RETURN given;
END $$;
"""

TAKING = """
-- All requests of one moment, each answered on its own: {n, slot, person, party, students,
-- reach, closed, atOnce, answers, organiser}; `closed` are kinds of slot at schools that have
-- switched them off, as kind:school; `desk` is the only kind that is booked where this was
-- asked, if its room leaves it to bookings. With an `organiser` the rules of asking do not apply,
-- only those of room, and there is no queue. A repeated request finds its own booking.
CREATE FUNCTION take_places(asks jsonb, moment timestamptz)
    RETURNS TABLE (n int, outcome text, facts jsonb, booking jsonb, ahead int, free int)
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ids uuid[];
    r record;
    s slots;
    p slot_places;
    b bookings;
    room record;
    entitled uuid[];
    waits boolean;
    in_draw boolean;
BEGIN
    SELECT array_agg(DISTINCT (e ->> 'slot')::uuid) INTO ids FROM jsonb_array_elements(asks) e;
    PERFORM lock_slots(ids);
    PERFORM pg_advisory_xact_lock(k) FROM (
        SELECT DISTINCT person_lock((e ->> 'person')::uuid) AS k
        FROM jsonb_array_elements(asks) e ORDER BY 1) x;
    FOR r IN SELECT * FROM jsonb_to_recordset(asks) AS x (n int, slot uuid, person uuid,
        party int, students uuid[], reach uuid[], closed text[], "atOnce" boolean,
        answers jsonb, organiser uuid, desk text) ORDER BY x.slot, x.n LOOP
        n := r.n; outcome := 'ok'; facts := NULL; booking := NULL; ahead := NULL; free := NULL;
        IF s.id IS DISTINCT FROM r.slot THEN
            SELECT * INTO s FROM slots WHERE id = r.slot;
            SELECT * INTO p FROM slot_places WHERE slot_id = r.slot;
        END IF;
        IF s.id IS NULL OR s.kind || ':' || s.school_id = ANY (r.closed) THEN
            outcome := 'absent';
            RETURN NEXT;
            CONTINUE;
        END IF;
        SELECT * INTO b FROM bookings x WHERE x.slot_id = r.slot AND x.person_id = r.person
            AND x.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in',
                'completed', 'no_show');
        IF FOUND THEN
            booking := to_jsonb(b);
            facts := jsonb_build_object('kind', s.kind, 'held', p.taken);
            ahead := queue_before(b);
            free := p.capacity - p.taken;
            RETURN NEXT;
            CONTINUE;
        END IF;
        IF r.organiser IS NULL THEN
            facts := refusal_of(s, r.person, r.reach, moment);
            IF facts IS NULL AND r.desk <> s.kind THEN
                facts := '{"code": "other_desk"}';
            ELSIF facts IS NULL AND r.party > 1
                AND r.party > least(s.max_party, greatest(largest_party(s, p), 1)) THEN
                facts := jsonb_build_object('code', 'party_too_large',
                    'most', least(s.max_party, greatest(largest_party(s, p), 1)));
            ELSIF facts IS NULL AND s.children_named AND r.students = '{}' THEN
                facts := '{"code": "child_needed"}';
            ELSIF facts IS NULL AND s.asks <> '{}' AND NOT r.answers ?& s.asks THEN
                facts := jsonb_build_object('code', 'answers_needed', 'keys',
                    (SELECT array_agg(k) FROM unnest(s.asks) k WHERE NOT r.answers ? k));
            END IF;
        ELSIF s.state = 'cancelled' THEN
            facts := jsonb_build_object('code', 'called_off', 'reason', s.cancelled_reason);
        ELSIF s.state = 'closed' THEN
            facts := '{"code": "ended"}';
        END IF;
        IF facts IS NULL AND s.children_named AND EXISTS (
            SELECT 1 FROM booking_children c
            WHERE c.slot_id = r.slot AND c.student_id = ANY (r.students)) THEN
            facts := '{"code": "family_has_it"}';
        END IF;
        IF facts IS NOT NULL THEN
            outcome := facts ->> 'code';
            RETURN NEXT;
            CONTINUE;
        END IF;
        entitled := '{}';
        IF s.has_shares THEN
            SELECT coalesce(array_agg(x.id), '{}') INTO entitled FROM slot_shares x
            WHERE x.slot_id = s.id AND x.node_ids && r.reach;
        END IF;
        in_draw := s.mode = 'draw' AND s.drawn_at IS NULL AND r.organiser IS NULL;
        SELECT * INTO room FROM place_for(s, p, r.party, entitled);
        waits := in_draw OR NOT room.fits OR (p.waiting > 0 AND r.organiser IS NULL
            AND NOT is_first_tap(s, moment));
        IF waits AND r.organiser IS NOT NULL THEN
            outcome := 'full';
            RETURN NEXT;
            CONTINUE;
        END IF;
        INSERT INTO bookings (id, slot_id, school_id, person_id, student_ids, party, state,
            queue_no, takes_at_once, line, answers, share_ids, share_id, starts_at, ends_at,
            may_overlap, created_at, updated_at)
        VALUES (uuidv7(), s.id, s.school_id, r.person,
            CASE WHEN s.children_named THEN r.students ELSE '{}' END, r.party,
            CASE WHEN waits THEN 'waitlisted'
                 WHEN s.needs_approval AND r.organiser IS NULL THEN 'requested'
                 ELSE 'confirmed' END,
            p.tickets + 1, coalesce(r."atOnce", false),
            jsonb_build_object('code', CASE WHEN in_draw THEN 'in_draw' WHEN waits THEN 'full'
                ELSE 'free' END),
            coalesce(r.answers, '{}'), entitled, CASE WHEN waits THEN NULL ELSE room.share END,
            s.starts_at, s.ends_at, r.organiser IS NOT NULL, moment, moment)
        RETURNING * INTO b;
        IF s.children_named AND r.students <> '{}' THEN
            INSERT INTO booking_children (slot_id, student_id, booking_id)
            SELECT s.id, child, b.id FROM unnest(r.students) child;
        END IF;
        IF NOT waits THEN
            PERFORM count_party(s, r.party, room.share);
        END IF;
        UPDATE slot_places x SET tickets = x.tickets + 1, waiting = x.waiting + waits::int
        WHERE x.slot_id = s.id RETURNING * INTO p;
        PERFORM note_move(b, 'none', CASE WHEN r.organiser IS NULL THEN 'asked' ELSE 'placed' END,
            coalesce(r.organiser, r.person), moment, r.organiser IS NULL);
        -- Whoever joins a queue that has just been passed by may fit where others did not.
        IF waits AND NOT in_draw AND p.taken < p.capacity THEN
            UPDATE bookings x SET takes_at_once = true WHERE x.id = b.id;
            PERFORM promote(s.id, moment);
            UPDATE bookings x SET takes_at_once = coalesce(r."atOnce", false)
            WHERE x.id = b.id RETURNING * INTO b;
            SELECT * INTO p FROM slot_places x WHERE x.slot_id = s.id;
        END IF;
        IF NOT waits AND p.taken = p.capacity AND is_first_tap(s, moment) THEN
            PERFORM close_first_tap(s.id);
        END IF;
        booking := to_jsonb(b);
        facts := jsonb_build_object('kind', s.kind, 'held', p.taken);
        ahead := CASE WHEN b.state = 'waitlisted' AND NOT in_draw THEN p.waiting - 1 END;
        free := p.capacity - p.taken;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE FUNCTION queue_before(b bookings) RETURNS int LANGUAGE sql STABLE AS $$
SELECT CASE WHEN b.state = 'waitlisted' AND b.line ->> 'code' <> 'in_draw' THEN (
    SELECT count(*)::int FROM bookings x WHERE x.slot_id = b.slot_id AND x.state = 'waitlisted'
      AND (x.priority > b.priority OR (x.priority = b.priority AND x.queue_no < b.queue_no)))
END $$;

CREATE FUNCTION close_first_tap(slot uuid) RETURNS void LANGUAGE sql AS $$
UPDATE bookings SET line = '{"code": "full"}'
WHERE slot_id = slot AND state = 'waitlisted' AND line ->> 'code' = 'first_tap'
$$;

-- Say yes to an offer, or tap first when the start is near. Answers ok, no_offer, full,
-- collides or ended; a place already held is ok.
CREATE FUNCTION accept_place(slot uuid, who uuid, moment timestamptz, OUT outcome text,
                             OUT facts jsonb, OUT booking jsonb) LANGUAGE plpgsql AS $$
DECLARE
    s slots;
    p slot_places;
    b bookings;
    room record;
BEGIN
    PERFORM lock_slots(ARRAY[slot]);
    PERFORM pg_advisory_xact_lock(person_lock(who));
    SELECT * INTO b FROM bookings x WHERE x.slot_id = slot AND x.person_id = who
        AND x.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in')
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'no_offer';
        RETURN;
    END IF;
    SELECT * INTO s FROM slots x WHERE x.id = slot;
    SELECT * INTO p FROM slot_places x WHERE x.slot_id = slot;
    outcome := 'ok';
    IF b.state = 'offered' AND b.offer_expires_at > moment THEN
        UPDATE bookings x SET state = 'confirmed', offer_expires_at = NULL, updated_at = moment,
            sequence = x.sequence + 1, line = '{"code": "accepted"}'
        WHERE x.id = b.id RETURNING * INTO b;
        PERFORM note_move(b, 'offered', 'accepted', who, moment, true);
    ELSIF b.state = 'waitlisted' AND s.state = 'open' AND is_first_tap(s, moment)
        AND moment < s.starts_at AND (s.mode <> 'draw' OR s.drawn_at IS NOT NULL) THEN
        SELECT * INTO room FROM place_for(s, p, b.party, b.share_ids);
        facts := refusal_of(s, who, ARRAY[s.school_id] || s.open_to, greatest(
            least(moment, s.closes_at - interval '1 second'), s.opens_at));
        IF NOT room.fits THEN
            outcome := 'full';
        ELSIF facts IS NOT NULL THEN
            outcome := facts ->> 'code';
        ELSE
            UPDATE bookings x SET updated_at = moment, sequence = x.sequence + 1,
                state = CASE WHEN s.needs_approval AND b.approved_at IS NULL THEN 'requested'
                             ELSE 'confirmed' END,
                share_id = room.share, line = '{"code": "tapped_first"}'
            WHERE x.id = b.id RETURNING * INTO b;
            PERFORM count_party(s, b.party, room.share);
            UPDATE slot_places x SET waiting = x.waiting - 1 WHERE x.slot_id = slot
            RETURNING * INTO p;
            PERFORM note_move(b, 'waitlisted', 'tapped_first', who, moment, true);
            IF p.taken = p.capacity THEN
                PERFORM close_first_tap(slot);
            END IF;
        END IF;
    ELSIF b.state IN ('waitlisted', 'offered') THEN
        outcome := 'no_offer';
    END IF;
    booking := to_jsonb(b);
END $$;

-- Give a place, an offer or a turn in the queue back; what is freed goes to the next.
-- Answers ok, none, started or already_in.
CREATE FUNCTION cancel_place(slot uuid, who uuid, by uuid, cause text, moment timestamptz,
                             OUT outcome text, OUT booking jsonb) LANGUAGE plpgsql AS $$
DECLARE
    s slots;
    b bookings;
BEGIN
    PERFORM lock_slots(ARRAY[slot]);
    SELECT * INTO b FROM bookings x WHERE x.slot_id = slot AND x.person_id = who
        AND x.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in')
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'none';
        RETURN;
    END IF;
    SELECT * INTO s FROM slots x WHERE x.id = slot;
    IF b.state = 'checked_in' THEN
        outcome := 'already_in';
        RETURN;
    ELSIF b.state = 'confirmed' AND moment >= s.starts_at AND by = who THEN
        outcome := 'started';
        RETURN;
    END IF;
    b := give_back(b, CASE WHEN b.state = 'offered' THEN 'lapsed'
        WHEN b.state = 'confirmed' AND moment >= s.cancel_until THEN 'late_cancelled'
        ELSE 'cancelled' END, cause, by, moment, coalesce(by = who, false)
            AND NOT (b.state = 'confirmed' AND moment >= s.cancel_until));
    -- Also a turn that is given back may have been what the next were waiting behind.
    PERFORM promote(slot, moment);
    outcome := 'ok';
    booking := to_jsonb(b);
END $$;
"""

RUNNING = """
-- What time itself does to a slot: shares fall free, offers lapse, the next are asked, and
-- half an hour after the end everybody's booking is settled. Bears running twice.
CREATE FUNCTION tidy_slot(slot uuid, moment timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    s slots;
    b bookings;
    touched int := 0;
BEGIN
    PERFORM lock_slots(ARRAY[slot]);
    SELECT * INTO s FROM slots x WHERE x.id = slot;
    IF s.state <> 'open' THEN
        RETURN 0;
    END IF;
    UPDATE slot_shares x SET released_at = moment
    WHERE x.slot_id = slot AND x.released_at IS NULL AND x.release_at <= moment;
    FOR b IN SELECT * FROM bookings x WHERE x.slot_id = slot AND x.state = 'offered'
        AND x.offer_expires_at <= moment ORDER BY x.offer_expires_at, x.queue_no LOOP
        PERFORM give_back(b, 'lapsed', 'offer_expired', NULL, moment, false);
        touched := touched + 1;
    END LOOP;
    touched := touched + promote(slot, moment);
    IF moment < s.ends_at + interval '30 minutes' THEN
        RETURN touched;
    END IF;
    FOR b IN SELECT * FROM bookings x WHERE x.slot_id = slot
        AND x.state IN ('waitlisted', 'offered', 'requested') LOOP
        PERFORM give_back(b, 'lapsed', 'ended', NULL, moment, true);
        touched := touched + 1;
    END LOOP;
    -- A check-in that commits this instant is waited for: it holds only its own row.
    FOR b IN SELECT * FROM bookings x WHERE x.slot_id = slot
        AND x.state IN ('confirmed', 'checked_in') ORDER BY x.id FOR NO KEY UPDATE LOOP
        UPDATE bookings x SET updated_at = moment,
            state = CASE WHEN b.state = 'checked_in' THEN 'completed' ELSE 'no_show' END,
            minutes = CASE WHEN b.state = 'checked_in' THEN credited_minutes(b, s.ends_at)
                      ELSE 0 END
        WHERE x.id = b.id RETURNING * INTO b;
        PERFORM note_move(b, CASE WHEN b.state = 'completed' THEN 'checked_in'
            ELSE 'confirmed' END, 'ended', NULL, moment, true);
        touched := touched + 1;
    END LOOP;
    UPDATE slots x SET state = 'closed' WHERE x.id = slot;
    RETURN touched + 1;
END $$;

-- Minutes of service: from check-in to check-out, never outside the slot's own hours.
CREATE FUNCTION credited_minutes(b bookings, until timestamptz) RETURNS int
    LANGUAGE sql IMMUTABLE RETURN greatest(0, floor(extract(epoch FROM
        least(coalesce(b.checked_out_at, until), b.ends_at)
        - greatest(b.checked_in_at, b.starts_at)) / 60))::int;

-- Answers false when more people are already promised a place.
CREATE FUNCTION set_capacity(slot uuid, wanted int, moment timestamptz) RETURNS boolean
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_slots(ARRAY[slot]);
    UPDATE slot_places x SET capacity = wanted WHERE x.slot_id = slot AND x.taken <= wanted;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM promote(slot, moment);
    RETURN true;
END $$;

-- The organiser's yes or no to one request. A yes to somebody who waits is kept for the day
-- a place frees. Answers ok or wrong_state.
CREATE FUNCTION decide_booking(which uuid, yes boolean, by uuid, why text, moment timestamptz,
                               OUT outcome text, OUT booking jsonb) LANGUAGE plpgsql AS $$
DECLARE
    b bookings;
    was text;
BEGIN
    PERFORM lock_slots(ARRAY[x.slot_id]) FROM bookings x WHERE x.id = which;
    SELECT * INTO b FROM bookings x WHERE x.id = which FOR NO KEY UPDATE;
    was := b.state;
    outcome := 'ok';
    IF yes AND b.state IN ('requested', 'waitlisted') THEN
        UPDATE bookings x SET approved_at = coalesce(x.approved_at, moment), updated_at = moment,
            sequence = x.sequence + 1,
            state = CASE WHEN x.state = 'requested' THEN 'confirmed' ELSE x.state END,
            line = CASE WHEN x.state = 'requested' THEN '{"code": "approved"}' ELSE x.line END
        WHERE x.id = which RETURNING * INTO b;
        PERFORM note_move(b, was, 'approved', by, moment, was = 'waitlisted');
    ELSIF NOT yes AND b.state IN ('requested', 'waitlisted', 'offered') THEN
        b := give_back(b, 'rejected', 'rejected', by, moment, false,
                       jsonb_build_object('reason', why));
        PERFORM promote(b.slot_id, moment);
    ELSIF (yes AND (b.state IN ('confirmed', 'checked_in')
                    OR (b.state = 'offered' AND b.approved_at IS NOT NULL)))
        OR (NOT yes AND b.state = 'rejected') THEN
        outcome := 'ok';
    ELSE
        outcome := 'wrong_state';
    END IF;
    booking := to_jsonb(b);
END $$;

CREATE FUNCTION call_off_slot(slot uuid, why text, by uuid, moment timestamptz) RETURNS int
    LANGUAGE plpgsql AS $$
DECLARE
    b bookings;
    touched int := 0;
BEGIN
    PERFORM lock_slots(ARRAY[slot]);
    UPDATE slots x SET state = 'cancelled', cancelled_reason = why, sequence = x.sequence + 1
    WHERE x.id = slot AND x.state IN ('draft', 'open');
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    FOR b IN SELECT * FROM bookings x WHERE x.slot_id = slot
        AND x.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in')
        ORDER BY x.id FOR NO KEY UPDATE LOOP
        PERFORM give_back(b, 'school_cancelled', 'called_off', by, moment, false,
                          jsonb_build_object('reason', why));
        touched := touched + 1;
    END LOOP;
    RETURN touched;
END $$;

-- Move a slot in time or place; the caller has checked the hours. Everybody concerned is
-- told; whoever now has two commitments keeps both and is told so.
CREATE FUNCTION move_slot(slot uuid, begins timestamptz, finishes timestamptz, spot text,
                          by uuid, moment timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    s slots;
    b bookings;
    clash boolean;
    touched int := 0;
BEGIN
    PERFORM lock_slots(ARRAY[slot]);
    SELECT * INTO s FROM slots x WHERE x.id = slot;
    UPDATE slots x SET starts_at = begins, ends_at = finishes, place = spot,
        opens_at = least(x.opens_at, begins + (x.closes_at - x.starts_at), finishes),
        closes_at = least(begins + (x.closes_at - x.starts_at), finishes),
        cancel_until = begins + (x.cancel_until - x.starts_at), sequence = x.sequence + 1
    WHERE x.id = slot;
    -- What these people take elsewhere this instant is waited for, or it would not be seen.
    PERFORM pg_advisory_xact_lock(k) FROM (
        SELECT DISTINCT person_lock(x.person_id) AS k FROM bookings x WHERE x.slot_id = slot
        AND x.state IN ('requested', 'confirmed', 'offered', 'checked_in') ORDER BY 1) y;
    FOR b IN SELECT * FROM bookings x WHERE x.slot_id = slot
        AND x.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in')
        ORDER BY x.id FOR NO KEY UPDATE LOOP
        clash := EXISTS (SELECT 1 FROM bookings o WHERE o.person_id = b.person_id
            AND o.id <> b.id AND o.state IN ('requested', 'confirmed', 'offered', 'checked_in')
            AND o.starts_at < finishes AND o.ends_at > begins);
        UPDATE bookings x SET starts_at = begins, ends_at = finishes, updated_at = moment,
            sequence = x.sequence + 1,
            may_overlap = x.may_overlap OR (clash AND x.state <> 'waitlisted'),
            offer_expires_at = CASE WHEN x.offer_expires_at IS NULL THEN NULL
                ELSE least(x.offer_expires_at, begins + (s.cancel_until - s.starts_at)) END
        WHERE x.id = b.id RETURNING * INTO b;
        PERFORM note_move(b, b.state, 'moved', by, moment, false, jsonb_build_object(
            'wasFrom', s.starts_at, 'wasUntil', s.ends_at, 'wasAt', s.place,
            'clashes', clash));
        touched := touched + 1;
    END LOOP;
    RETURN touched;
END $$;

-- Another adult steps in: the place changes hands and nobody in the queue is passed over,
-- for no place was freed. Answers ok, wrong_state, has_one, or a code of refusal_of.
CREATE FUNCTION hand_over(which uuid, taker uuid, reach uuid[], by uuid, moment timestamptz,
                          OUT outcome text, OUT facts jsonb, OUT booking jsonb)
    LANGUAGE plpgsql AS $$
DECLARE
    s slots;
    b bookings;
    fresh bookings;
BEGIN
    PERFORM lock_slots(ARRAY[x.slot_id]) FROM bookings x WHERE x.id = which;
    PERFORM pg_advisory_xact_lock(person_lock(taker));
    SELECT * INTO b FROM bookings x WHERE x.id = which FOR NO KEY UPDATE;
    SELECT * INTO s FROM slots x WHERE x.id = b.slot_id;
    IF b.state IS DISTINCT FROM 'confirmed' OR s.state <> 'open' OR moment >= s.starts_at THEN
        outcome := 'wrong_state';
        RETURN;
    END IF;
    -- Bookings may have closed meanwhile; a place that changes hands is no new booking.
    facts := refusal_of(s, taker, reach, greatest(
        least(moment, s.closes_at - interval '1 second'), s.opens_at));
    IF facts IS NOT NULL THEN
        outcome := facts ->> 'code';
        RETURN;
    END IF;
    SELECT * INTO fresh FROM bookings x WHERE x.slot_id = s.id AND x.person_id = taker
        AND x.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in',
            'completed', 'no_show');
    IF FOUND AND fresh.state <> 'waitlisted' THEN
        outcome := 'has_one';
        RETURN;
    ELSIF FOUND THEN
        PERFORM give_back(fresh, 'cancelled', 'stands_in', taker, moment, true);
    END IF;
    UPDATE bookings x SET state = 'cancelled', updated_at = moment, sequence = x.sequence + 1,
        line = '{"code": "handed_over"}' WHERE x.id = b.id;
    INSERT INTO bookings (id, slot_id, school_id, person_id, student_ids, party, state,
        queue_no, line, answers, share_ids, share_id, starts_at, ends_at, created_at, updated_at)
    VALUES (uuidv7(), b.slot_id, b.school_id, taker, '{}', b.party, 'confirmed', b.queue_no,
        '{"code": "stands_in"}', '{}', b.share_ids, b.share_id, b.starts_at, b.ends_at,
        moment, moment) RETURNING * INTO fresh;
    DELETE FROM booking_children c WHERE c.booking_id = b.id;
    b.state := 'cancelled';
    PERFORM note_move(b, 'confirmed', 'handed_over', by, moment, false);
    PERFORM note_move(fresh, 'none', 'stands_in', by, moment, false);
    PERFORM promote(s.id, moment);
    outcome := 'ok';
    booking := to_jsonb(fresh);
END $$;
"""

# Statistics lag behind a morning's rush: what was planned while the table was empty would
# read all of it for every booking until the next analyze.
PLANS = """
ALTER FUNCTION take_places(jsonb, timestamptz) SET enable_seqscan = off;
ALTER FUNCTION accept_place(uuid, uuid, timestamptz) SET enable_seqscan = off;
ALTER FUNCTION cancel_place(uuid, uuid, uuid, text, timestamptz) SET enable_seqscan = off;
ALTER FUNCTION tidy_slot(uuid, timestamptz) SET enable_seqscan = off;
"""

UNDO = """
DROP FUNCTION hand_over, move_slot, call_off_slot, decide_booking, set_capacity,
    credited_minutes, tidy_slot, cancel_place, accept_place, close_first_tap, queue_before,
    take_places, promote, set_aside, give_back, person_lock, lock_slots, count_party, note_move,
    offer_end, is_first_tap, largest_party, place_for, refusal_of;
DROP TABLE booking_moves, booking_children, slot_places;
DROP FUNCTION keep_moves;
ALTER TABLE bookings DROP CONSTRAINT nobody_in_two_places;
DROP FUNCTION person_point;
"""


class Migration(migrations.Migration):
    """Walls and verbs around the rows of 0004."""

    dependencies = [("school", "0004_rooms")]

    operations = [
        ops.RunSQL(WALLS, reverse_sql=UNDO),
        ops.RunSQL(JUDGING, reverse_sql=""),
        ops.RunSQL(HOLDING, reverse_sql=""),
        ops.RunSQL(TAKING, reverse_sql=""),
        ops.RunSQL(RUNNING, reverse_sql=""),
        ops.RunSQL(PLANS, reverse_sql=""),
    ]
