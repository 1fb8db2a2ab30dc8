"""What people do to leads: make, change, move, hand over, claim, take, join, ask for.

The rule of the file: who may is asked of the table in ``domain/leads/moves.py``; a row is changed only while it is
locked and only at the version that was seen; claiming has one winner.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.customers import facade as customers
from dealerline.apps.history import facade as history
from dealerline.apps.leads.logic import choices, telling
from dealerline.apps.leads.logic.rows import ASSIGN, EDIT, SEE, actor, draw
from dealerline.apps.leads.models import Handover, Lead, LeadEvent, LostReason, Stage, related
from dealerline.apps.organisation import facade as organisation
from dealerline.domain.contact import purpose_of_lead
from dealerline.domain.leads import clock, dates
from dealerline.domain.leads.moves import ENDS, IllegalMove, Move, NotHis, State, after, move_of
from dealerline.domain.leads.protection import Held, in_the_way

INTEREST = ("brand_id", "model", "budget_from", "budget_to", "intention", "wants_by", "need", "origin", "origin_note",
            "next_step", "next_at", "purpose")
KEPT = (*INTEREST, "stage_id", "state", "owner_id", "store_id", "lost_reason_id", "lost_note", "order_id")


def taken() -> Problem:
    """A page's id that another page used before."""
    return Problem("taken", "这个编号已经用过了。", "That id is taken already.", status=409)


def invalid(field: str, zh: str, en: str) -> Problem:
    """A form's field that has to be changed."""
    return Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                   fields={field: {"zh": zh, "en": en}})


# clocks ---------------------------------------------------------------------------------------------------------------
def due(store: int, at: datetime) -> datetime:
    """By when somebody of that store has to have reacted."""
    found = organisation.opening_of(organisation.sales_line(store))
    rules = choices.clock_rules()
    if found is None:
        return at + timedelta(minutes=rules.minutes)
    return datetime.fromtimestamp(clock.due(*found, at.timestamp(), rules), at.tzinfo)


def open_seconds(store: int, since: datetime, until: datetime) -> float:
    """The store's opening seconds between two moments."""
    found = organisation.opening_of(organisation.sales_line(store))
    if found is None:
        return max(0.0, (until - since).total_seconds())
    return clock.open_seconds(*found, since.timestamp(), until.timestamp())


def give(row: Lead, store: int, person: int | None, by: Person | None, at: datetime, *,
         reacted: bool = False) -> None:
    """Somebody, or a store, has it from now on, and his clock runs. ``reacted``: he began it himself.

    The row is not saved here.
    """
    end_handover(row, at)
    handover = Handover(lead=row, at=at, by=by, from_store_id=row.store_id if row.pk else None,
                        from_person_id=row.owner_id, store_id=store, person_id=person, due_at=due(store, at))
    row.handed_from_id, row.handed_from_store_id = (by.pk if by is not None else None), row.store_id
    row.store_id, row.owner_id, row.handed_at = store, person, at
    row.pooled_at, row.pool_reason = None, ""
    row.reaction_due, row.reacted_at = handover.due_at, None
    if reacted:
        row.reaction_due, row.reacted_at = None, at
        return  # nobody gave it to him: no figure of how fast he reacts
    row._handover = handover  # type: ignore[attr-defined]  # saved with the row, which may have no key yet


def save(row: Lead) -> None:
    """The row, and the hand-over that it began."""
    row.save()
    handover: Handover | None = row.__dict__.pop("_handover", None)
    if handover is not None:
        handover.lead = row
        handover.save()


def end_handover(row: Lead, at: datetime) -> None:
    """The clock that runs is over, without a reaction."""
    if row.pk:
        Handover.objects.filter(lead=row, ended_at=None).update(ended_at=at)


def reacted(row: Lead, at: datetime) -> None:
    """His first reaction: the clock stops. The row is not saved here."""
    row.reacted_at, row.reaction_due = at, None
    for handover in Handover.objects.filter(lead=row, ended_at=None):
        handover.reacted_at = handover.ended_at = at
        handover.seconds = open_seconds(handover.store_id, handover.at, at)
        if handover.person_id is None:
            handover.person_id = row.owner_id
        handover.save()


# the table ------------------------------------------------------------------------------------------------------------
def step(person: Person, row: Lead, move: Move) -> State:
    """The state that follows. Raises NotAllowed, or Problem where it cannot happen."""
    who = actor(person, row)
    if who is None:
        raise NotAllowed
    try:
        return after(State(row.state), move, who)
    except NotHis:
        raise NotAllowed from None
    except IllegalMove:
        raise _cannot(person, row) from None


def _cannot(person: Person, row: Lead) -> Problem:
    if row.state == State.POOL:
        words = ("这条线索在公海里，请先领取。", "This lead is in the pool: claim it first.")
    elif row.state in ENDS:
        words = ("这条线索已经结束，请先重新打开。", "This lead has ended: open it again first.")
    else:
        words = ("这条线索现在不能这样操作。", "That cannot be done to this lead now.")
    return Problem("wrong_state", *words, status=409, extra={"current": plain(draw(person, row))})


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values that go through JSON."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else str(value) if isinstance(value, UUID) else value
            for key, value in row.items()}


def locked(person: Person, lead: Lead, version: int | None = None) -> Lead:
    """The row for writing. Raises Problem ``stale`` with the newer one when somebody saved meanwhile."""
    row = Lead.objects.locked(lead.pk, *related())
    customers.need_open(row.customer_id)
    if version is not None and row.version != version:
        raise Problem("stale", "别人刚刚更新了这条线索，请查看最新内容。",
                      "Somebody changed this lead just now: look at the newer version.", status=409,
                      extra={"current": plain(draw(person, row))})
    return row


def write_event(row: Lead, kind: str, by: Person | None, text: str = "", at: datetime | None = None,
                **values: Any) -> LeadEvent:
    """Into the thread."""
    now = timezone.now()
    return LeadEvent.objects.create(lead=row, kind=kind, by=by, text=text, at=at or now, written_at=now, **values)


def finish(row: Lead, before: dict[str, Any], by: Person | None, source: str = "page") -> Lead:
    """Save, remember in the history, tell the pages."""
    row.version += 1
    row.last_at = timezone.now()
    save(row)
    history.record(row, before, by=by, source=source, customer=row.customer_id, store=row.store_id)
    telling.changed(row, by.pk if by is not None else None)
    return Lead.objects.select_related(*related()).get(pk=row.pk)


# protection -----------------------------------------------------------------------------------------------------------
def _lock_customer(customer: int) -> set[int]:
    """Whoever makes a lead of him, or of somebody with one of his numbers, waits for us. Those customers."""
    keys = sorted({f"lead {number}" for number in customers.numbers_of(customer)} | {f"lead of {customer}"})
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    return customers.sharing_numbers(customer)


def protect(person: Person, customer: int, brand: int | None, besides: int = 0) -> None:
    """Raises Problem ``held`` when somebody has an open lead of him and that brand."""
    alike = _lock_customer(customer)
    rows = {row.pk: row for row in Lead.objects.filter(customer__in=alike, closed_at=None).exclude(pk=besides)
            .select_related("owner", "store")}
    seen = person.stores_for(SEE)
    held = in_the_way(customer, brand, [Held(row.pk, row.customer_id, row.brand_id, row.store_id)
                                        for row in rows.values()], seen.__contains__)
    if held is not None:
        raise held_problem(rows[held.lead], person)


def held_problem(row: Lead, person: Person) -> Problem:
    """Who has it: name and store, no number. The lead itself only for those who see its store."""
    name = row.owner.name if row.owner is not None else ""
    store = row.store.text
    if row.owner_id == person.pk:
        zh, en = "您已经在跟进这位客户。", "You have a lead of this customer already."
    elif name:
        zh = f"{name}（{store['zh']}）正在跟进这位客户。"
        en = f"{name} ({store['en']}) has a lead of this customer."
    else:
        zh, en = f"{store['zh']} 已有这位客户的线索。", f"{store['en']} has a lead of this customer already."
    visible = row.store_id in person.stores_for(SEE)
    return Problem("held", zh, en, status=409, extra={"held": {
        "lead": row.pk if visible else None, "owner": name, "mine": row.owner_id == person.pk, "store": store,
        "customer": row.customer_id, "brand": row.brand_id, "pool": row.state == State.POOL,
        "may_join": visible and row.owner_id != person.pk and person.can(EDIT, row.store_id)}})


# making ---------------------------------------------------------------------------------------------------------------
def made(person: Person, client_id: UUID | None) -> Lead | None:
    """What a page that repeats itself made with that id before. Raises Problem when it was somebody else's page."""
    there = Lead.objects.select_related(*related()).filter(client_id=client_id).first() if client_id else None
    if there is not None and there.created_by_id != person.pk:
        raise taken()
    return there


def once(client_id: UUID | None) -> None:
    """Within a transaction: who sends the same id at the same moment waits here until we are done."""
    if client_id is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"lead key {client_id}"])


def create(person: Person, *, customer: Any, store: int, owner: int | None, values: dict[str, Any],
           call: UUID | None = None, client_id: UUID | None = None) -> Lead:
    """A lead of a customer whom the person sees. ``owner`` None: the store's, whoever takes it.

    Whoever makes it for himself has reacted by that; for others the clock begins. Raises Problem ``held``.
    """
    if not person.can(EDIT, store):
        raise NotAllowed
    _check_owner(person, store, owner)
    check_interest(values)
    check_dates(values)
    values["purpose"] = values.get("purpose") or purpose_of_lead(values.get("origin", ""))
    with transaction.atomic():
        choices.ensure_defaults()
        customers.need_open(customer.pk, hold=True)
        once(client_id)
        there = made(person, client_id)
        if there is not None:
            return there
        protect(person, customer.pk, values.get("brand_id"))
        now = timezone.now()
        row = Lead(customer_id=customer.pk, store_id=store, call=call, client_id=client_id, created_by=person,
                   created_at=now, last_at=now, **values)
        row.stage = choices.first(row.brand_id)
        give(row, store, owner, person, now, reacted=owner == person.pk)
        row.handed_from_store_id = None
        row.state = State.ACTIVE if owner == person.pk else State.WAITING
        try:
            with transaction.atomic():
                save(row)
        except IntegrityError:  # by a way that does not ask for our locks
            protect(person, customer.pk, values.get("brand_id"))
            raise
        write_event(row, "created", person, values.get("need", ""), call=call, data={"origin": row.origin})
        history.record_new(row, KEPT, by=person, source="call" if call else "page", customer=row.customer_id,
                           store=store)
        telling.changed(row, person.pk)
        _tell_given(row, person)
    return Lead.objects.select_related(*related()).get(pk=row.pk)


def _tell_given(row: Lead, by: Person) -> None:
    name = row.customer.name
    if row.owner_id is not None and row.owner_id != by.pk:
        telling.tell([row.owner_id], f"{by.name} 把 {name} 的线索交给了您。",
                     f"{by.name} gave you the lead of {name}.")
    elif row.owner_id is None:
        telling.tell([pk for pk in telling.leads_of(row.store_id) if pk != by.pk],
                     f"本店收到 {name} 的线索，还没有人跟进。",
                     f"Your store got the lead of {name}; nobody has it yet.")


def _check_owner(person: Person, store: int, owner: int | None) -> None:
    if owner is None or owner == person.pk:
        return
    if store not in person.stores_for(SEE) or owner not in choices.people_of(store):
        raise invalid("owner", "这家店没有这位可以跟进线索的同事。", "Nobody of that store who may have leads.")


def check_interest(values: dict[str, Any]) -> None:
    """Raises Problem for what cannot be."""
    low, high = values.get("budget_from"), values.get("budget_to")
    if low is not None and high is not None and low > high:
        raise invalid("budget_to", "预算上限应不低于下限。", "The highest is below the lowest.")
    brand = values.get("brand_id")
    if brand is not None and brand not in {row["id"] for row in organisation.brands()}:
        raise invalid("brand", "没有这个品牌。", "There is no such brand.")
    if values.get("next_at") is not None and not str(values.get("next_step", "x")).strip():
        raise invalid("next_step", "请写明下一步做什么。", "Say what the next step is.")


def check_dates(values: dict[str, Any]) -> None:
    """Of what is new: an old date that stays is nobody's mistake now. Raises Problem."""
    step, day = values.get("next_at"), values.get("wants_by")
    if step is not None and not dates.can_be_next(step, timezone.now()):
        raise invalid("next_at", "请选择今后一年以内的时间。", "Choose a time ahead, within a year.")
    if day is not None and not dates.can_want_by(day, timezone.localdate()):
        raise invalid("wants_by", "日期不对，请核对。", "That date cannot be: look again.")


# changing -------------------------------------------------------------------------------------------------------------
def change(person: Person, lead: Lead, values: dict[str, Any], version: int) -> Lead:
    """Interest, origin, next step. Raises Problem."""
    with transaction.atomic():
        row = locked(person, lead, version)
        if row.closed_at is not None:
            raise _cannot(person, row)
        step_of_edit(person, row)
        before = history.snapshot(row, KEPT)
        check_interest({**{field: getattr(row, field) for field in INTEREST}, **values})
        check_dates({field: value for field, value in values.items() if value != getattr(row, field)})
        if "brand_id" in values and values["brand_id"] != row.brand_id:
            protect(person, row.customer_id, values["brand_id"], besides=row.pk)
            row.stage = choices.counterpart(values["brand_id"], row.stage)
        for field in INTEREST:
            if field in values:
                setattr(row, field, values[field])
        done = finish(row, before, person)
        changed = [field for field, old in before.items() if history.snapshot(row, [field])[field] != old]
        if changed:
            write_event(row, "edit", person, data={"fields": [field.removesuffix("_id") for field in changed]})
    return done


def step_of_edit(person: Person, row: Lead) -> None:
    """Raises NotAllowed unless the lead is his, or he helps, or assigns."""
    who = actor(person, row)
    if who is None or who == "colleague":
        raise NotAllowed


def move(person: Person, lead: Lead, version: int, stage: int, *, lost_reason: int | None = None, lost_note: str = "",
         order: int | None = None, new_order: dict[str, Any] | None = None) -> Lead:
    """To another stage. Losing needs a reason; winning may name an order of his, or make one with it: both or neither,
    and sent twice the second finds a newer version.
    """
    with transaction.atomic():
        row = locked(person, lead, version)
        target = Stage.objects.filter(pk=stage, active=True).first()
        if target is None or target not in choices.stages(row.brand_id):
            raise invalid("stage", "没有这个阶段。", "There is no such stage.")
        try:
            what = move_of(State(row.state), target.kind)
        except IllegalMove:
            raise _cannot(person, row) from None
        state = step(person, row, what)
        before = history.snapshot(row, KEPT)
        now, old = timezone.now(), row.stage
        if what is Move.REOPEN:
            protect(person, row.customer_id, row.brand_id, besides=row.pk)
            row.owner_id, row.closed_at, row.reacted_at = row.owner_id or person.pk, None, now
        if row.state == State.WAITING:
            row.owner_id = row.owner_id or person.pk
            reacted(row, now)
        row.lost_reason_id, row.lost_note = None, ""
        if what is Move.LOSE:
            row.lost_reason_id, row.lost_note = _reason(lost_reason), lost_note.strip()
        if what is Move.WIN:
            row.order_id = _order(person, row, order, new_order)
        if state in ENDS:
            row.closed_at, row.next_step, row.next_at, row.reaction_due = now, "", None, None
            row.pooled_at, row.pool_reason = None, ""
            end_handover(row, now)
        row.stage, row.state = target, state
        write_event(row, "stage", person, row.lost_note, data={
            "from": old.text, "to": target.text, "kind": target.kind,
            "reason": row.lost_reason.text if row.lost_reason is not None else None})
        return finish(row, before, person)


def _order(person: Person, row: Lead, order: int | None, new: dict[str, Any] | None) -> int | None:
    """What he ordered: named, made now by whoever wins the lead, or not known yet."""
    if new is not None:
        return customers.add_order(person, row.customer_id, {
            **new, "store": row.store_id, "status": "ordered", "salesperson": row.owner_id or person.pk})
    if order is not None and not customers.owns_order(row.customer_id, order):
        raise invalid("order", "这位客户没有这个订单。", "The customer has no such order.")
    return order if order is not None else row.order_id


def _reason(reason: int | None) -> int:
    found = LostReason.objects.filter(pk=reason, active=True).first() if reason else None
    if found is None:
        raise invalid("lost_reason", "请选择战败原因。", "Choose why it was lost.")
    return found.pk


# who has it -----------------------------------------------------------------------------------------------------------
def hand_over(person: Person, lead: Lead, version: int, store: int, owner: int | None, note: str = "") -> Lead:
    """To a store of the group, or to somebody of a store whose people he sees; the clock begins anew."""
    if store not in {row["id"] for row in organisation.directory_stores()}:
        raise invalid("store", "没有这家店。", "There is no such store.")
    _check_person(person, store, owner)
    with transaction.atomic():
        row = locked(person, lead, version)
        state = step(person, row, Move.HAND_OVER)
        if (store, owner) == (row.store_id, row.owner_id):
            raise invalid("owner", "线索已经在这里了。", "The lead is there already.")
        return handed(person, row, state, store, owner, note)


def _check_person(person: Person, store: int, owner: int | None) -> None:
    if owner is not None and (store not in person.stores_for(SEE) or owner not in choices.people_of(store)):
        raise invalid("owner", "这家店没有这位可以跟进线索的同事。", "Nobody of that store who may have leads.")


def handed(person: Person, row: Lead, state: State, store: int, owner: int | None, note: str) -> Lead:
    """It goes there. The row is locked."""
    before, old_store, old_owner = history.snapshot(row, KEPT), row.store, row.owner
    give(row, store, owner, person, timezone.now())
    row.state = state
    row.helpers.clear()
    done = finish(row, before, person)
    write_event(row, "handover", person, note.strip(), data={
        "from_store": old_store.text, "store": done.store.text,
        "from": old_owner.name if old_owner is not None else "",
        "to": done.owner.name if done.owner is not None else ""})
    if old_store.pk != store:  # its pages have to forget it
        tell_changed("lead", row.pk, store=old_store.pk, customer=row.customer_id, by=person.pk)
    _tell_given(done, person)
    if old_owner is not None and old_owner.pk not in (person.pk, done.owner_id):
        telling.given_on(old_owner.pk, person, done)
    return done


def claim(person: Person, lead: Lead) -> Lead:
    """Out of the pool, or a store's that nobody has: of two at once one wins; the other is told who."""
    with transaction.atomic():
        row = locked(person, lead)
        if row.owner_id == person.pk and row.closed_at is None:
            return row
        pooled = row.state == State.POOL
        if not pooled and (row.state != State.WAITING or row.owner_id is not None):
            name = row.owner.name if row.owner is not None else ""
            raise Problem("claimed", f"{name} 已经领取了这条线索。" if name else "这条线索已经不能领取了。",
                          f"{name} has claimed this lead." if name else "Nobody can claim this lead any more.",
                          status=409, extra={"current": plain(draw(person, row))})
        state = step(person, row, Move.CLAIM if pooled else Move.TAKE)
        before = history.snapshot(row, KEPT)
        if pooled:
            give(row, row.store_id, person.pk, None, timezone.now())
        else:  # the store's clock goes on: taking is no reaction
            row.owner_id = person.pk
            Handover.objects.filter(lead=row, ended_at=None).update(person=person)
        row.state = state
        telling.claimed(row, person, pooled)
        write_event(row, "claim", person, data={"pool": pooled})
        return finish(row, before, person)


def join(person: Person, lead: Lead) -> Lead:
    """To help with a colleague's lead: he may write in it, its owner is told."""
    with transaction.atomic():
        row = locked(person, lead)
        if not person.can(EDIT, row.store_id):
            raise NotAllowed
        if row.closed_at is not None or row.owner_id is None:
            raise _cannot(person, row)
        if row.owner_id != person.pk and not row.helpers.filter(pk=person.pk).exists():
            row.helpers.add(person)
            write_event(row, "join", person)
            telling.tell([row.owner_id], f"{person.name} 加入了 {row.customer.name} 的线索。",
                         f"{person.name} joined the lead of {row.customer.name}.")
            telling.changed(row, person.pk)
    return row


def ask_for(person: Person, customer: Any, brand: int | None, note: str) -> LeadEvent:
    """To have the lead that stands in his way, wherever it is: he sees the customer, perhaps not the lead."""
    with transaction.atomic():
        alike = customers.sharing_numbers(customer.pk)
        rows = [row for row in Lead.objects.filter(customer__in=alike, closed_at=None, brand=brand)
                if row.customer_id == customer.pk or row.store_id in person.stores_for(SEE)]
        row = next(iter(sorted(rows, key=lambda r: r.customer_id != customer.pk)), None)
        if row is None or row.owner_id == person.pk:
            raise NotFound
        there = LeadEvent.objects.filter(lead=row, kind="ask", by=person, state="open").first()
        if there is not None:
            return there
        event = write_event(row, "ask", person, note.strip(), state="open", data={"store": person.store_id})
        telling.tell([row.owner_id, *telling.leads_of(row.store_id)],
                     f"{person.name} 申请接手 {row.customer.name} 的线索。",
                     f"{person.name} asks to have the lead of {row.customer.name}.")
        telling.changed(row, person.pk)
    return event


def may_assign(person: Person, row: Lead) -> bool:
    """Whether he decides who of that store has what."""
    return person.can(ASSIGN, row.store_id)
