"""Triggers: see apps/common/triggers.py."""

from django.db import migrations

from dealerline.apps.common.triggers import tells_switch


class Migration(migrations.Migration):
    dependencies = [('backlog', '0001_initial')]

    operations = [
        tells_switch("backlog_rules"),
        tells_switch("backlog_rating"),
    ]
