"""Rows of before get what new ones are saved with: how their name sorts, where their number is from, their car's maker.

A million of them take minutes, longer than a start may: each batch stays done, and the next start goes on with the rest.
"""

from django.db import migrations

AT_ONCE = 2000


def fill(apps, schema_editor):
    from dealerline.apps.customers.logic.car_facts import facts_of
    from dealerline.apps.customers.logic.names import pinyin_of, sort_key
    from dealerline.apps.customers.logic.phone_facts import facts_of as phone_facts_of

    _each(apps.get_model("customers", "Customer"), "name_sort", ["name"], ["name_pinyin", "name_sort"],
          lambda name: {"name_pinyin": pinyin_of(name), "name_sort": sort_key(name)})
    _each(apps.get_model("customers", "Car"), "plate_kind", ["vin", "plate"], ["vin_warning", "maker_zh", "maker_en", "plate_kind"],
          facts_of)
    _each(apps.get_model("customers", "CustomerPhone"), "country", ["e164"], ["country", "city_zh", "city_en", "carrier"],
          phone_facts_of)


def _each(model, empty, read, write, facts):
    """Rows in which ``empty`` is still so."""
    last = 0
    while rows := list(model.objects.filter(pk__gt=last, **{empty: ""}).order_by("pk").only("pk", *read)[:AT_ONCE]):
        for row in rows:
            for field, value in facts(*(getattr(row, field) for field in read)).items():
                setattr(row, field, value)
        model.objects.bulk_update(rows, write)
        last = rows[-1].pk


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0003_the_file")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
