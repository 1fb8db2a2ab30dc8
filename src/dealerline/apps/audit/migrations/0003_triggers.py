"""Triggers: see apps/common/triggers.py."""

from django.db import migrations

from dealerline.apps.common.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [('audit', '0002_initial')]

    operations = [
        append_only("audit_auditentry"),
    ]
