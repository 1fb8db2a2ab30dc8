"""A customer's rows in imports erased: what the file said of him, and what it changed.

Uploaded files go by themselves after some days, the rows of an import after some months (``runs.py``).
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from dealerline.apps.common.personal import Words
from dealerline.apps.exchange.models import ImportRow, ImportRun

WORDS: dict[str, Words] = {"import_rows": {"zh": "导入的行", "en": "Rows of imports"}}
TABLES = {"cars": "customers.Car", "orders": "customers.Order", "repairs": "customers.Repair",
          "cards": "customers.MembershipCard"}
WHY = {"zh": "已按要求删除个人资料。", "en": "Erased on request."}


def _rows(customer: int) -> QuerySet[ImportRow]:
    found = Q(run__kind="customers", object_id=customer) | Q(made__contains=[["customers", customer]])
    for kind, model in TABLES.items():
        keys = list(apps.get_model(model)._default_manager.filter(customer_id=customer).values_list("pk", flat=True))
        found |= Q(run__kind=kind, object_id__in=keys)
    return ImportRow.objects.filter(found)


def export(customer: int) -> dict[str, Any]:
    """What files said of him."""
    rows = _rows(customer).select_related("run").order_by("pk")
    return {"import_rows": [{"file": row.run.filename, "at": row.run.created_at, "cells": row.cells} for row in rows]}


def erase(customer: int) -> dict[str, int]:
    """Their contents, and the first rows that their imports show; such a row is left alone when its import is taken
    back.
    """
    ImportRun.objects.filter(pk__in=_rows(customer).values("run")).update(sample=[])
    return {"import_rows": _rows(customer).update(cells={}, values={}, faults=[], keys=[], made=[], before={}, after={},
                                                  outcome="kept", why=WHY)}
