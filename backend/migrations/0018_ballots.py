"""TODO"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("school", "0017_committees")]

    operations: list = []
