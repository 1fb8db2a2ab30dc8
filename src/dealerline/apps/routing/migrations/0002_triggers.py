"""Triggers: see apps/common/triggers.py."""

from django.db import migrations

from dealerline.apps.common.triggers import tells_switch

TABLES = ("skill", "personskill", "capacity", "personcapacity", "queuerule", "queueneed", "queueorder", "overflowrule",
          "lending", "levelpriority")


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial")]

    operations = [tells_switch(f"routing_{table}") for table in TABLES]
