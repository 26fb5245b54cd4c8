"""Walls around suggestions, meetings and agendas, and the paths their lists and jobs walk."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE suggestions
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (first_body_id) REFERENCES bodies (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (author_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (answered_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (merged_into_id) REFERENCES suggestions (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (item_id) REFERENCES agenda_items (id) ON DELETE RESTRICT,
    ADD CONSTRAINT suggestion_state CHECK (
        state IN ('open', 'accepted', 'merged', 'declined', 'withdrawn')),
    ADD CONSTRAINT suggestion_threshold CHECK (threshold BETWEEN 3 AND 30 AND co_signs >= 0),
    ADD CONSTRAINT accepted_becomes_an_item CHECK ((state = 'accepted') = (item_id IS NOT NULL)),
    ADD CONSTRAINT merged_suggestion_says_into_what CHECK (
        (state = 'merged') = (merged_into_id IS NOT NULL) AND merged_into_id <> id),
    ADD CONSTRAINT declined_suggestion_says_why CHECK (state <> 'declined' OR reason <> ''),
    ADD CONSTRAINT answered_by_somebody CHECK (
        state IN ('open', 'withdrawn') OR (answered_by IS NOT NULL AND answered_at IS NOT NULL));
CREATE INDEX suggestions_owed_an_answer ON suggestions (due_at)
    WHERE state = 'open' AND due_at IS NOT NULL;
CREATE INDEX suggestions_of_a_body ON suggestions (body_id, created_at DESC, id DESC);

ALTER TABLE co_signs
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE;

ALTER TABLE meetings
    ADD FOREIGN KEY (created_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (convened_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT meeting_state CHECK (state IN (
        'planned', 'convened', 'running', 'ended', 'closed', 'cancelled')),
    ADD CONSTRAINT meeting_hours CHECK (ends_at > starts_at),
    ADD CONSTRAINT meeting_figures CHECK (entitled >= 0 AND revision >= 0),
    ADD CONSTRAINT meeting_was_convened CHECK (
        state IN ('planned', 'cancelled')
        OR (convened_at IS NOT NULL AND convened_by IS NOT NULL)),
    ADD CONSTRAINT meeting_was_started CHECK (
        state NOT IN ('running', 'ended', 'closed') OR started_at IS NOT NULL),
    ADD CONSTRAINT meeting_was_ended CHECK (
        (state IN ('ended', 'closed')) = (ended_at IS NOT NULL) AND ended_at >= started_at),
    ADD CONSTRAINT meeting_was_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    ADD CONSTRAINT cancelled_meeting_says_why CHECK (
        (state = 'cancelled') = (cancelled_at IS NOT NULL)
        AND (state <> 'cancelled' OR cancelled_reason <> ''));
CREATE INDEX meetings_of_a_body ON meetings (body_id, starts_at DESC, id DESC);
CREATE INDEX meetings_to_come ON meetings (starts_at) WHERE state = 'convened';

ALTER TABLE meeting_replies
    ADD CONSTRAINT reply_answer CHECK (answer IN ('in_person', 'online', 'absent'));

ALTER TABLE attendances
    ADD FOREIGN KEY (recorded_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT attendance_mode CHECK (mode IN ('in_person', 'online')),
    ADD CONSTRAINT attendance_hours CHECK (left_at >= came_at);
CREATE UNIQUE INDEX one_presence_a_seat ON attendances (meeting_id, seat_id)
    WHERE left_at IS NULL;

ALTER TABLE agenda_items
    ADD FOREIGN KEY (parent_id) REFERENCES agenda_items (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (merged_into_id) REFERENCES agenda_items (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (retable_of_id) REFERENCES agenda_items (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (suggestion_id) REFERENCES suggestions (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (proposer_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (vote_id) REFERENCES votes (id) ON DELETE RESTRICT,
    ADD CONSTRAINT item_state CHECK (state IN (
        'proposed', 'accepted', 'declined', 'merged', 'scheduled', 'discussing', 'voting',
        'decided', 'noted', 'deferred', 'withdrawn', 'in_execution', 'done')),
    ADD CONSTRAINT item_outcome CHECK (
        outcome IN ('', 'passed', 'failed', 'no_quorum', 'tied')),
    ADD CONSTRAINT scheduled_under_a_rule_set CHECK (
        state NOT IN ('scheduled', 'discussing', 'voting', 'decided', 'noted', 'in_execution',
                      'done')
        OR (rule_set_id IS NOT NULL AND scheduled_at IS NOT NULL)),
    ADD CONSTRAINT scheduled_somewhere CHECK (
        state NOT IN ('scheduled', 'discussing', 'voting', 'decided', 'noted', 'in_execution',
                      'done')
        OR (meeting_id IS NULL) = in_writing),
    ADD CONSTRAINT discussed_at_a_meeting CHECK (
        state NOT IN ('discussing', 'noted') OR (meeting_id IS NOT NULL
            AND present IS NOT NULL AND has_quorum IS NOT NULL AND discussed_at IS NOT NULL)),
    ADD CONSTRAINT voted_on_in_a_vote CHECK (
        state NOT IN ('voting', 'decided', 'in_execution', 'done') OR vote_id IS NOT NULL),
    ADD CONSTRAINT decided_has_an_outcome CHECK (
        (state IN ('decided', 'in_execution', 'done')) = (outcome <> '')
        AND (state NOT IN ('in_execution', 'done') OR outcome = 'passed')),
    ADD CONSTRAINT declined_item_says_why CHECK (state <> 'declined' OR reason <> ''),
    ADD CONSTRAINT noted_says_what CHECK (state <> 'noted' OR conclusion <> ''),
    ADD CONSTRAINT merged_item_says_into_what CHECK (
        (state = 'merged') = (merged_into_id IS NOT NULL) AND merged_into_id <> id),
    ADD CONSTRAINT item_is_not_its_own_parent CHECK (parent_id <> id),
    ADD CONSTRAINT item_figures CHECK (
        position >= 0 AND present >= 0 AND retables BETWEEN 0 AND 3
        AND (retables > 0) = (retable_of_id IS NOT NULL));
CREATE UNIQUE INDEX one_item_under_discussion ON agenda_items (meeting_id)
    WHERE state = 'discussing';
CREATE UNIQUE INDEX put_again_once ON agenda_items (retable_of_id)
    WHERE retable_of_id IS NOT NULL;
CREATE UNIQUE INDEX one_item_a_suggestion ON agenda_items (suggestion_id)
    WHERE suggestion_id IS NOT NULL AND retable_of_id IS NULL;
CREATE INDEX items_of_a_body ON agenda_items (body_id, created_at DESC, id DESC);
CREATE INDEX items_of_a_vote ON agenda_items (vote_id) WHERE vote_id IS NOT NULL;

ALTER TABLE recusals
    ADD FOREIGN KEY (recorded_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT recusal_says_why CHECK (reason <> '');
"""

# Suggestions and items point at one another, so neither table could be dropped first.
UNDO = """
ALTER TABLE suggestions DROP CONSTRAINT suggestions_item_id_fkey;
ALTER TABLE agenda_items
    DROP CONSTRAINT agenda_items_suggestion_id_fkey, DROP CONSTRAINT agenda_items_vote_id_fkey;
DROP INDEX suggestions_owed_an_answer, suggestions_of_a_body, meetings_of_a_body,
    meetings_to_come, one_presence_a_seat, one_item_under_discussion, put_again_once,
    one_item_a_suggestion, items_of_a_body, items_of_a_vote;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0017 that belong to suggestions, meetings and agendas."""

    dependencies = [("school", "0019_bodies")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
