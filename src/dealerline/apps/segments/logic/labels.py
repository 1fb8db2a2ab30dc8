"""Rules that give labels and levels: preview, run, undo. What happens to one customer decides ``domain.labelling``.

Who set what is known from three places: a mark says which rule gave it, the history says what a person changed, and a
level other than the ordinary one without either came from a person or an import.

Of two rules that give a level, the later one (the higher number) wins: an earlier one leaves its customers alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.access import StoreSet
from dealerline.apps.common.copying import among, among_texts, copy_rows
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.customers.facade import CustomerLevel, set_by_rule
from dealerline.apps.history import facade as history
from dealerline.apps.organisation.facade import stores_seen_by
from dealerline.apps.segments.logic import groups
from dealerline.apps.segments.logic.statement import Scope
from dealerline.apps.segments.models import LabelRule, Mark, Run, RunChange, Sets
from dealerline.domain.labelling import HELD, KEEP, SET, TAKE_BACK, Case, decide

ORDINARY = CustomerLevel.NORMAL.value
PEOPLE = ("person", "import")  # what a customer says set his level
CHUNK = 1000
SHOWN = 20
PREVIEWED = 20_000  # customers a preview looks at: more would keep the page waiting
AT_ONCE = 3_000  # customers a page waits for; with more the worker runs the rule
RUNNING = 7_264_006  # advisory lock: one run at a time


@dataclass(slots=True)
class Plan:
    """What a run would do. ``shown``: some of those it changes; ``more``: it looked at the first PREVIEWED only."""

    given: int = 0
    taken_back: int = 0
    held: int = 0
    more: bool = False
    shown: list[tuple[int, str, str]] = field(default_factory=list)  # customer, name, what

    @property
    def changed(self) -> int:
        """Customers who change."""
        return self.given + self.taken_back


# the rules themselves -------------------------------------------------------------------------------------------------
def access_rule(person: Person, rule: int, *, edit: bool = False) -> LabelRule:
    """The rule, if he sees it."""
    row = LabelRule.objects.visible_to(person, groups.EDIT).select_related("segment").filter(pk=rule).first()
    if row is None:
        raise NotFound
    if edit:
        _may(person, row.store_id)
    return row


def _may(person: Person, store: int | None) -> None:
    stores = person.stores_for(groups.EDIT)
    if not (stores.every if store is None else store in stores):
        raise NotAllowed


def check(person: Person, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a new or changed rule. Raises Problem."""
    _may(person, values["store_id"])
    groups.access_segment(person, values["segment_id"])
    if values["store_id"] is not None and values["store_id"] not in {one["id"] for one in stores_seen_by(person)}:
        raise Problem("invalid", "请选择您自己的门店。", "Choose one of your own stores.",
                      fields={"store": {"zh": "请选择您自己的门店。", "en": "Choose one of your own stores."}})
    wrong = {}
    values["value"] = values["value"].strip()
    if not values["name"].strip():
        wrong["name"] = {"zh": "请填写名称。", "en": "Enter a name."}
    if values["sets"] == Sets.LEVEL and values["value"] not in CustomerLevel.values:
        wrong["value"] = {"zh": "请选择级别。", "en": "Choose a level."}
    elif not values["value"] or len(values["value"]) > 20:
        wrong["value"] = {"zh": "请填写标签（最多 20 字）。", "en": "Enter a label (20 characters at most)."}
    if wrong:
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.", fields=wrong)
    return values


def change(person: Person, row: LabelRule, version: int, values: dict[str, Any]) -> LabelRule:
    """Raises Problem ``stale``. A rule that gave something under another value leaves that to people from then on."""
    with transaction.atomic():
        row = LabelRule.objects.select_for_update(of=("self",)).select_related("segment").get(pk=row.pk)
        if row.version != version:
            raise Problem("stale", "别人刚刚修改了这条规则。", "Somebody changed this rule just now.", status=409,
                          extra={"current": {}})
        fields = ("name", "segment_id", "sets", "value", "overwrite", "take_back", "store_id", "active")
        kept = {name: getattr(row, name) for name in fields}
        values = check(person, kept | values)
        if (values["sets"], values["value"]) != (row.sets, row.value):
            row.marks.all().delete()
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.save()
    return row


# one run --------------------------------------------------------------------------------------------------------------
class _Run:
    """The facts about a piece of the candidates, and the decision about each."""

    def __init__(self, rule: LabelRule) -> None:
        self.rule = rule
        stores = StoreSet(every=True) if rule.store_id is None else StoreSet(ids=frozenset({rule.store_id}))
        self.fits = set(groups.ids_of(groups.read_rule(rule.segment.rule), Scope(stores, stores)))
        self.marks: dict[int, dict[str, Mark]] = defaultdict(dict)
        self.by_people: dict[int, Any] = {}

    def candidates(self) -> list[int]:
        return sorted(self.fits | set(self.rule.marks.values_list("customer_id", flat=True)))

    def pieces(self) -> Iterator[list[int]]:
        keys = self.candidates()
        for start in range(0, len(keys), CHUNK):
            piece = keys[start:start + CHUNK]
            self._read(piece)
            yield piece

    def _read(self, piece: list[int]) -> None:
        self.marks.clear()
        wanted = Mark.objects.filter(customer_id__in=among(piece), sets=self.rule.sets)
        if self.rule.sets == Sets.LABEL:
            wanted = wanted.filter(value=self.rule.value)
        for mark in wanted:
            self.marks[mark.customer_id][mark.value] = mark
        changes = history.Change.objects.filter(
            object_type="customers.customer", object_id__in=among_texts(map(str, piece)),
            field="level" if self.rule.sets == Sets.LEVEL else "labels").order_by("id")
        self.by_people = {}
        for change in changes.values("object_id", "source", "old", "new"):
            self._hear(int(change["object_id"]), dict(change))

    def _hear(self, customer: int, change: dict[str, Any]) -> None:
        """The newest change that touched what the rule sets: whether a person made it."""
        if self.rule.sets == Sets.LABEL:
            had, has = (self.rule.value in (change[name] or []) for name in ("old", "new"))
            if had == has:
                return
        self.by_people[customer] = change["source"] != history.Source.RULE

    def has(self, row: Any) -> bool:
        if self.rule.sets == Sets.LEVEL:
            return bool(row.level == self.rule.value)
        return self.rule.value in (row.labels or [])

    def step(self, row: Any) -> str:
        marks, has = self.marks.get(row.pk, {}), self.has(row)
        mark = marks.get(self.rule.value)
        if self.rule.sets == Sets.LEVEL:
            there = marks.get(row.level)
            if there is not None and there.rule_id > self.rule.pk and not has:
                return KEEP  # a later rule's
            by_hand = (self.by_people.get(row.pk, False) or row.level_source in PEOPLE
                       or (there is None and row.level != ORDINARY))
        else:
            by_hand = self.by_people.get(row.pk, False) or (mark is not None and not has)
        ours = mark is not None and mark.rule_id == self.rule.pk and not (has and self.by_people.get(row.pk, False))
        return decide(Case(row.pk in self.fits, has, ours, by_hand), overwrite=self.rule.overwrite,
                      take_back=self.rule.take_back)

    def values(self, row: Any, step: str) -> dict[str, Any]:
        """What to write for a step."""
        if self.rule.sets == Sets.LEVEL:
            mark = self.marks.get(row.pk, {}).get(self.rule.value)
            return {"level": self.rule.value if step == SET else (mark.before if mark else "") or ORDINARY}
        labels = [label for label in row.labels or [] if label != self.rule.value]
        return {"labels": [*labels, self.rule.value] if step == SET else labels}

    def state(self, row: Any) -> str:
        """What a change is remembered by."""
        return row.level if self.rule.sets == Sets.LEVEL else "1" if self.has(row) else ""


def preview(rule: LabelRule) -> Plan:
    """What a run would do now; nothing is changed."""
    run, plan, looked = _Run(rule), Plan(), 0
    for piece in run.pieces():
        if looked >= PREVIEWED:
            plan.more = True
            break
        looked += len(piece)
        for row in groups.customers().objects.filter(pk__in=piece).order_by("pk"):
            _count(plan, run.step(row), row)
    return plan


def _count(plan: Plan, step: str, row: Any) -> None:
    plan.given += step == SET
    plan.taken_back += step == TAKE_BACK
    plan.held += step == HELD
    if step in (SET, TAKE_BACK, HELD) and len(plan.shown) < SHOWN:
        plan.shown.append((row.pk, row.name, step))


def too_many(rule: LabelRule) -> bool:
    """Whether a run takes too long for somebody to wait for it."""
    return len(_Run(rule).candidates()) > AT_ONCE


def run(rule: LabelRule, by: Any) -> Run:
    """Apply a rule. ``by``: a person, or None for the night. Another run waits until this one is through."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [RUNNING])
    try:
        return _run(rule, by)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [RUNNING])


def _run(rule: LabelRule, by: Any) -> Run:
    work, plan = _Run(rule), Plan()
    done = Run.objects.create(rule=rule, by=by)
    for piece in work.pieces():
        steps: dict[int, tuple[str, str, str]] = {}

        def settle(row: Any, steps: dict[int, tuple[str, str, str]] = steps) -> dict[str, Any]:
            step = work.step(row)
            _count(plan, step, row)
            if step not in (SET, TAKE_BACK):
                return {}
            before, values = work.state(row), work.values(row, step)
            after = str(values.get("level", "1" if step == SET else ""))
            steps[row.pk] = (step, before, after)
            return values

        def keep(changed: list[int], steps: dict[int, tuple[str, str, str]] = steps) -> None:
            _keep(rule, done, {key: steps[key] for key in changed})

        set_by_rule(piece, settle, by=by, because=rule.name, after=keep)
    done.given, done.taken_back, done.held = plan.given, plan.taken_back, plan.held
    done.save()
    return done


def _keep(rule: LabelRule, done: Run, steps: dict[int, tuple[str, str, str]]) -> None:
    """Remember what was done to a piece, in its transaction."""
    copy_rows(RunChange, ("run_id", "customer_id", "before", "after"),
              ((done.pk, key, before, after) for key, (_, before, after) in steps.items()))
    Mark.objects.filter(customer_id__in=among(steps), sets=rule.sets, value=rule.value).delete()
    at, level = timezone.now(), rule.sets == Sets.LEVEL
    copy_rows(Mark, ("customer_id", "rule_id", "sets", "value", "before", "at"),
              ((key, rule.pk, rule.sets, rule.value, before if level else "", at)
               for key, (step, before, _) in steps.items() if step == SET))


def undo(person: Person, done: Run) -> Run:
    """Set back what a run did, where nobody changed it since; the rule rests, or the night would do it again."""
    rule = done.rule
    with transaction.atomic():
        done = Run.objects.select_for_update().get(pk=done.pk)
        if done.undone_at is not None:
            raise Problem("undone", "这次运行已经撤销过了。", "This run was undone already.", status=409)
        done.undone_at, done.undone_by = timezone.now(), person
        done.save()
        LabelRule.objects.filter(pk=rule.pk).update(active=False)
    changes = {change.customer_id: change for change in done.changes.all()}

    def back(row: Any) -> dict[str, Any]:
        change = changes[row.pk]
        if rule.sets == Sets.LEVEL:
            return {"level": change.before} if row.level == change.after else {}
        labels = [label for label in row.labels or [] if label != rule.value]
        if (rule.value in (row.labels or [])) != bool(change.after):
            return {}
        return {"labels": [*labels, rule.value] if change.before else labels}

    def forget(changed: list[int]) -> None:
        Mark.objects.filter(customer_id__in=among(changed), rule=rule).delete()
        again = [key for key in changed if changes[key].before == (rule.value if rule.sets == Sets.LEVEL else "1")]
        Mark.objects.bulk_create(
            (Mark(customer_id=key, rule=rule, sets=rule.sets, value=rule.value) for key in again),
            ignore_conflicts=True)

    done.undone = set_by_rule(changes, back, by=person, because=rule.name, after=forget)
    done.save()
    return done


def run_all() -> dict[str, int]:
    """Every night: the active rules, in their order. rule's id -> how many it changed."""
    result = {}
    for rule in LabelRule.objects.filter(active=True).select_related("segment").order_by("pk"):
        try:
            done = run(rule, None)
        except Problem:  # its group says something nobody understands any more: the page shows that
            continue
        result[str(rule.pk)] = done.given + done.taken_back
    return result
