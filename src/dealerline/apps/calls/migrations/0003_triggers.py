"""Triggers: see apps/common/triggers.py."""

from django.db import migrations

from dealerline.apps.common.triggers import append_only, tells_switch


class Migration(migrations.Migration):
    dependencies = [('calls', '0002_initial')]

    operations = [
        tells_switch("calls_queue"),
        tells_switch("calls_queuemember"),
        append_only("calls_event"),
    ]
