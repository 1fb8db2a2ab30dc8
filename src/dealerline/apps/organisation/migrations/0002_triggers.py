"""Triggers: see apps/common/triggers.py."""

from django.db import migrations

from dealerline.apps.common.triggers import tells_switch


class Migration(migrations.Migration):
    dependencies = [('organisation', '0001_initial')]

    operations = [
        tells_switch("organisation_group"),
        tells_switch("organisation_region"),
        tells_switch("organisation_store"),
        tells_switch("organisation_hours"),
        tells_switch("organisation_hoursinterval"),
        tells_switch("organisation_holiday"),
        tells_switch("organisation_carrier"),
        tells_switch("organisation_deskphone"),
        tells_switch("organisation_line"),
        tells_switch("organisation_number"),
        tells_switch("organisation_busyreason"),
    ]
