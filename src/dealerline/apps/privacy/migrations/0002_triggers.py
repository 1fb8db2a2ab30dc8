"""Triggers: see apps/common/triggers.py. Installations of before get the newer function with this."""

from django.db import migrations

from dealerline.apps.common.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [('privacy', '0001_initial')]

    operations = [
        append_only("privacy_consent"),
    ]
