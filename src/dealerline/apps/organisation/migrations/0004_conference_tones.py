"""Tones of a conference become a choice that the switch follows. Until now nothing followed what was stored ("soft", the
default, and shown nowhere), so nobody hears a tone after the upgrade who has not chosen it.
"""

from typing import Any

from django.db import migrations, models


def nobody_chose_soft(apps: Any, schema_editor: Any) -> None:
    apps.get_model("organisation", "Group").objects.exclude(conference_tones="none").update(conference_tones="none")


class Migration(migrations.Migration):

    dependencies = [
        ('organisation', '0003_transfer_settings'),
    ]

    operations = [
        migrations.RunPython(nobody_chose_soft, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='group',
            name='conference_tones',
            field=models.CharField(choices=[('none', 'No tone'), ('entry', 'Tone when somebody comes in'), ('both', 'Tones when somebody comes in or leaves')], default='none', help_text='In a call of three or more, heard by those who are in the same room. The talk goes on under it.', max_length=8, verbose_name='tones when somebody comes or goes'),
        ),
        migrations.AddField(
            model_name='group',
            name='conference_tones_for',
            field=models.CharField(choices=[('staff', 'Staff only'), ('everybody', 'Everybody, customers too')], default='staff', max_length=10, verbose_name='who hears these tones'),
        ),
    ]
