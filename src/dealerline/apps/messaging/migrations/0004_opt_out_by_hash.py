from django.db import migrations, models
from django.utils.crypto import salted_hmac


def hashed(apps, schema_editor):
    """The same as models.mark_of, of those that are there."""
    OptOut = apps.get_model("messaging", "OptOut")
    for row in list(OptOut.objects.all()):
        mark = salted_hmac("dealerline.messaging.optout", row.pk, algorithm="sha256").hexdigest()
        OptOut.objects.filter(pk=row.pk).update(mark=mark)


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0003_how_often'),
    ]

    operations = [
        migrations.RenameField('optout', 'number', 'mark'),
        migrations.AlterField('optout', 'mark', models.CharField(max_length=64, primary_key=True, serialize=False)),
        migrations.RunPython(hashed, migrations.RunPython.noop),
    ]
