"""The ledger: what the demo added, so that removing it takes exactly that."""

from __future__ import annotations

from django.db import models


class DemoLoad(models.Model):
    """One row while the demo is loaded. ``base``: the day that all dates of the demo are counted from."""

    base = models.DateField()
    until = models.DateTimeField()
    loaded_at = models.DateTimeField(auto_now_add=True)
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"demo of {self.base}"


class DemoObject(models.Model):
    """One row that the demo added: its table and primary key as text."""

    table = models.CharField(max_length=63)
    key = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "key"], name="one_ledger_row")]

    def __str__(self) -> str:
        return f"{self.table} {self.key}"
