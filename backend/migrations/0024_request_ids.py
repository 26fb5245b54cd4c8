"""Which request left a letter, a push or a text message, to find it again in logs and traces.

A push has an id of its own only where another request than its letter's caused it.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


def _id():
    return fields.CharField(max_length=64, null=True)


class Migration(migrations.Migration):
    """Nullable columns without a default: no row is rewritten."""

    dependencies = [("school", "0023_published")]

    operations = [
        ops.AddField(model_name="Letter", name="request_id", field=_id()),
        ops.AddField(model_name="Letter", name="trace", field=_id()),
        ops.AddField(model_name="Delivery", name="request_id", field=_id()),
        ops.AddField(model_name="SmsMessage", name="request_id", field=_id()),
    ]
