"""Triggers: see apps/common/triggers.py."""

from django.db import migrations

from dealerline.apps.common.triggers import tells_switch


class Migration(migrations.Migration):
    dependencies = [('flows', '0002_initial')]

    operations = [
        tells_switch("flows_flow"),
        tells_switch("flows_flowversion"),
        tells_switch("flows_prompt"),
        tells_switch("flows_promptaudio"),
    ]
