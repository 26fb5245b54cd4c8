"""Who is engaged elsewhere, and how a slot stands, is looked up and never searched for.

A person's bookings of all years were read to find the one that collides; those that can are
few and have an index of their own. The slots of a moment are looked up one by one: joined,
the planner would read the counters of all slots there are. With that, settling together pays
from three requests on.
"""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEX = """
CREATE INDEX bookings_at_hand ON bookings (person_id, ends_at, starts_at)
    WHERE state IN ('requested', 'confirmed', 'offered', 'checked_in')
"""

FEWEST = 3

_TOGETHER = import_module("backend.migrations.0028_taking_together")
_BEFORE = _TOGETHER.TOGETHER.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
_JOINED = """
    JOIN slots s ON s.id = a.slot JOIN slot_places p ON p.slot_id = s.id
"""
_LOOKED_UP = """
    CROSS JOIN LATERAL (SELECT * FROM slots x WHERE x.id = a.slot OFFSET 0) s
    CROSS JOIN LATERAL (SELECT * FROM slot_places x WHERE x.slot_id = a.slot OFFSET 0) p
"""
_COUNTED = """
    WHERE p.slot_id = x.slot)"""
_COUNTED_THERE = """
    WHERE p.slot_id = x.slot
      AND p.slot_id = ANY (ARRAY(SELECT a.slot FROM fit a WHERE a.all_fit)))"""
_AFTER = _BEFORE
for _old, _new in ((_JOINED, _LOOKED_UP), (_COUNTED, _COUNTED_THERE)):
    assert _old in _AFTER
    _AFTER = _AFTER.replace(_old, _new, 1)

_PLACES = _TOGETHER._AFTER
_PLACES_AFTER = _PLACES.replace(f">= {_TOGETHER.FEWEST} THEN", f">= {FEWEST} THEN")
assert _PLACES_AFTER != _PLACES


class Migration(migrations.Migration):
    """Places are taken without reading what does not matter."""

    dependencies = [("school", "0029_receipt_versions")]

    operations = [
        ops.RunSQL(INDEX, reverse_sql="DROP INDEX bookings_at_hand"),
        # Replacing a function forgets its settings.
        ops.RunSQL(
            f"{_AFTER} {_PLACES_AFTER}; {_TOGETHER.PLANS}",
            reverse_sql=f"{_BEFORE} {_PLACES}; {_TOGETHER.PLANS}",
        ),
    ]
