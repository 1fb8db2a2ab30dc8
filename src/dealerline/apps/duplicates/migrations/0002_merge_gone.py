"""Merges are found by the customer merged away also once they were taken back: his timeline tells them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("duplicates", "0001_initial")]

    operations = [migrations.AddIndex("merge", models.Index(fields=["gone"], name="merge_gone"))]
