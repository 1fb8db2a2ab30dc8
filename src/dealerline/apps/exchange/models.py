"""Tables of the exchange: imports with their rows, exports, connected folders, keys, web hooks."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.sealed import SealedTextField


class Source(models.Model):
    """A system whose files arrive in a folder of its own: ``inbox/CODE`` in the data folder, or on a server of theirs.

    ``host`` "": the folder. ``path``: where on the server; ``host_key``: the confirmed one, "" before.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+")
    existing = models.CharField(max_length=8, default="update")
    owners = models.CharField(max_length=8, default="make")
    active = models.BooleanField(default=True)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(default=22)
    username = models.CharField(max_length=60, blank=True)
    path = models.CharField(max_length=300, blank=True)
    host_key = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True)
    trouble = models.JSONField(default=dict)  # words in both languages; empty: none

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class ImportRun(models.Model):
    """One file on its way in. Its states: domain/exchange/states.py."""

    kind = models.CharField(max_length=12, blank=True)
    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.ForeignKey(Source, models.SET_NULL, null=True, related_name="runs")
    system = models.CharField(max_length=40, blank=True)  # the outside system whose keys the rows carry
    filename = models.CharField(max_length=200)
    file = models.CharField(max_length=80)  # in the exchange's folder; "" once it is removed
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=8)
    encoding = models.CharField(max_length=16, blank=True)
    sheets = models.JSONField(default=list)
    sheet = models.CharField(max_length=80, blank=True)
    headings = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    existing = models.CharField(max_length=8, default="update")  # skip, fill, update
    alike = models.CharField(max_length=12, default="phone_name")  # who is the same: phone_name, phone
    owners = models.CharField(max_length=8, default="make")  # make, refuse: an owner who is not known
    state = models.CharField(max_length=10, default="uploaded")
    done_rows = models.PositiveIntegerField(default=0)
    total_rows = models.PositiveIntegerField(default=0)
    at_line = models.PositiveIntegerField(default=0)  # the last row that was brought in: where to go on
    counts = models.JSONField(default=dict)
    error = models.JSONField(default=dict)  # words in both languages
    stop_wanted = models.BooleanField(default=False)
    behind = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")  # waits for this one
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    rows_gone_at = models.DateTimeField(null=True)  # its rows were removed: it cannot be taken back any more

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["store", "-id"], name="import_store"),
                   models.Index(fields=["source", "sha256"], name="import_source_hash")]

    def __str__(self) -> str:
        return f"import {self.pk}"


class OfRun(ScopedQuerySet["ImportRow"]):
    """A row belongs to its import's store."""

    store_path = "run__store_id"


class ImportRow(models.Model):
    """A row of a file: what stood there, what became of it. ``action``: bad, twice, new, update, same, skip."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    cells = models.JSONField(default=dict)
    values = models.JSONField(default=dict)
    faults = models.JSONField(default=list)
    keys = ArrayField(models.TextField(), default=list)
    action = models.CharField(max_length=8)
    object_id = models.BigIntegerField(null=True)
    store_id = models.BigIntegerField(null=True)
    similar = models.BigIntegerField(null=True)  # somebody else with the same number
    twin = models.PositiveIntegerField(null=True)  # the row of this file that counts instead
    made = models.JSONField(default=list)  # [[kind, id], ...] in the order they were made
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    outcome = models.CharField(max_length=8, blank=True)  # "", done, undone, kept
    why = models.JSONField(default=dict)  # words in both languages: why it was kept

    objects = OfRun.as_manager()

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="one_row_a_line")]
        indexes = [models.Index(fields=["run", "action", "line"], name="import_row_action")]

    def __str__(self) -> str:
        return f"import {self.run_id} row {self.line}"


class Mapping(models.Model):
    """What a person assigned for a set of headings: used again when the same headings come."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    fingerprint = models.CharField(max_length=64)
    columns = models.JSONField()  # column of ours -> heading
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "fingerprint"], name="one_mapping_a_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"


class Export(models.Model):
    """A file being made, or there for its maker to fetch until it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=12)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    format = models.CharField(max_length=8)
    language = models.CharField(max_length=8)
    filters = models.JSONField(default=dict)
    state = models.CharField(max_length=8, default="waiting")  # waiting, making, ready, failed, gone
    rows = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    cut = models.BooleanField(default=False)  # there were more than one file may hold
    masked = models.BooleanField(default=False)
    size = models.BigIntegerField(default=0)
    fetched = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["person", "-created_at"], name="export_person")]

    def __str__(self) -> str:
        return f"export {self.pk}"


class ApiKey(models.Model):
    """A machine's key. Only its hash is kept; ``prefix`` is what a person knows it by."""

    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    every_store = models.BooleanField(default=False)
    stores = ArrayField(models.BigIntegerField(), default=list)
    per_minute = models.PositiveIntegerField(default=600)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    minute = models.BigIntegerField(default=0)  # the minute that is being counted
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.prefix


class WebHook(models.Model):
    """An address that is told of what happens. ``kinds``: ``customer.*``, ``call.ended`` ..."""

    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    secret = SealedTextField()
    kinds = ArrayField(models.CharField(max_length=40))
    every_store = models.BooleanField(default=True)
    stores = ArrayField(models.BigIntegerField(), default=list)
    active = models.BooleanField(default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class OutEvent(models.Model):
    """Something that happened, written in the transaction in which it did."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    store = models.BigIntegerField(null=True)
    body = models.JSONField()

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["at"], name="out_event_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Delivery(models.Model):
    """An event on its way to one address."""

    hook = models.ForeignKey(WebHook, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(OutEvent, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, default="waiting")  # waiting, delivered, dead
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["hook", "event"], name="one_delivery_each")]
        indexes = [models.Index(fields=["next_at"], name="delivery_due", condition=models.Q(state="waiting")),
                   models.Index(fields=["hook", "-id"], name="delivery_hook")]

    def __str__(self) -> str:
        return f"{self.hook_id} {self.event_id}"
