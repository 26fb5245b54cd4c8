"""What was read is carried over to the boards' numbers, while reading goes on.

Nothing is locked against anybody: new marks reach both tables by 0026's trigger.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

CARRY = """
INSERT INTO audience_counters (node_id, who)
    SELECT DISTINCT node_id, who FROM read_marks ORDER BY 1, 2 ON CONFLICT DO NOTHING;
INSERT INTO board_marks AS m (person_id, board, bits)
    SELECT r.person_id, c.id, r.bits FROM read_marks r JOIN audience_counters c USING (node_id, who)
    ORDER BY r.person_id, c.id
    ON CONFLICT (person_id, board) DO UPDATE SET bits = bits_or(m.bits, excluded.bits);
"""

BACK = """
INSERT INTO read_marks AS m (person_id, node_id, who, bits)
    SELECT r.person_id, c.node_id, c.who, r.bits
    FROM board_marks r JOIN audience_counters c ON c.id = r.board
    ORDER BY r.person_id, c.node_id, c.who
    ON CONFLICT (person_id, node_id, who) DO UPDATE SET bits = bits_or(m.bits, excluded.bits)
    WHERE m.bits IS DISTINCT FROM bits_or(m.bits, excluded.bits);
"""


class Migration(migrations.Migration):
    """Read marks by the numbers of boards."""

    dependencies = [("school", "0026_boards")]

    operations = [ops.RunSQL(CARRY, reverse_sql=BACK)]
