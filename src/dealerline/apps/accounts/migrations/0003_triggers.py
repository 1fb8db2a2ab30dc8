"""Triggers: see apps/common/triggers.py."""

from django.db import migrations

from dealerline.apps.common.triggers import tells_switch


class Migration(migrations.Migration):
    dependencies = [('accounts', '0002_initial')]

    operations = [
        tells_switch("accounts_person", "name, store_id, extension, desk_phone_id, is_active"),
        tells_switch("accounts_rolegrant"),
    ]
