"""Groups by rule against real rows: the statement agrees with the plain meaning; a story of labels and loyalty."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from dealerline.apps.calls.models import Call, CallRecord, Matter
from dealerline.apps.common.access import StoreSet
from dealerline.apps.customers.models import Car, Customer, CustomerPhone, MembershipCard, Order, Repair
from dealerline.apps.exchange.models import OutEvent, WebHook
from dealerline.apps.history import facade as history
from dealerline.apps.organisation.models import Brand
from dealerline.apps.privacy.models import Erasure
from dealerline.apps.segments.logic import groups, labels, scores
from dealerline.apps.segments.logic.statement import Scope, Sql
from dealerline.apps.segments.models import LabelRule, Mark, Run, Score, Segment
from dealerline.domain.segments import matches, parse
from tests.integration.records.conftest import World
from tests.unit.domain.test_segments import rules

pytestmark = pytest.mark.django_db
EVERY = StoreSet(every=True)


def plain_of(customer: Customer, today: date, zone: ZoneInfo) -> dict[str, Any]:
    """A customer as the plain evaluation takes him, worked out without SQL beyond reading rows."""

    def day(at: datetime | None) -> date | None:
        return at.astimezone(zone).date() if at else None

    calls, repairs, orders = list(customer.calls.all()), list(customer.repairs.all()), list(customer.orders.all())
    cards, year = list(customer.cards.all()), today - timedelta(days=365)
    recent = [call for call in calls if day(call.arrived_at) and day(call.arrived_at) >= year]  # type: ignore[operator]
    marks = [call.rating for call in calls if call.rating]
    contact = max((day(call.answered_at) for call in calls if call.answered_at), default=None)  # type: ignore[type-var]
    visit = max((day(one.received_at) for one in repairs if one.received_at), default=None)  # type: ignore[type-var]
    seen = [one for one in [contact, visit, *(order.ordered_on for order in orders)] if one]
    done = [(one.amount, day(one.received_at)) for one in repairs if not one.open and one.amount] + [
        (one.amount, one.ordered_on) for one in orders if one.status == "delivered" and one.amount]  # fmt: skip
    score = Score.objects.filter(customer=customer).first()
    return {
        "name": customer.name, "kind": customer.kind, "company": customer.company, "store": customer.store_id,
        "level": customer.level, "labels": customer.labels, "need": customer.need, "created": day(customer.created_at),
        "intention": customer.intention, "purchase_status": customer.purchase_status,
        "wants_model": customer.wants_model, "budget": customer.budget_to, "buys_by": customer.buys_by,
        "phones": customer.phones.count(), "cars": customer.cars.count(), "last_contact": contact, "last_visit": visit,
        "last_seen": max(seen, default=None), "calls_year": len(recent),
        "lost_year": sum(call.outcome == "abandoned" for call in recent),
        "rating": sum(marks) / len(marks) if marks else None,
        "complaints_year": sum(any((record.matter.code if record.matter else "").startswith("complaint.quality")
                                   for record in call.records.all()) for call in recent),
        "spent": sum(amount for amount, _ in done),
        "spent_year": sum(amount for amount, on in done if on and on >= year),
        "open_repair": any(one.open for one in repairs), "open_order": any(one.open for one in orders),
        "card": bool(cards), "points": sum(card.points for card in cards) if cards else None,
        "balance": sum(card.balance for card in cards) if cards else None,
        "card_until": max((card.valid_until for card in cards if card.valid_until), default=None),
        "loyalty": score.loyalty if score else None, "risk": score.risk if score else None,
        "car": [{"car.brand": one.brand_id, "car.model": one.model, "car.plate": one.plate, "car.year": one.year,
                 "car.mileage": one.mileage_km, "car.bought": one.bought_on,
                 "car.insurance_until": one.insurance_until, "car.inspection_until": one.inspection_until,
                 "car.warranty_until": one.warranty_until, "car.next_service": one.next_service_on,
                 "car.recall": one.recall, "car.gone": one.gone_on is not None}
                for one in customer.cars.all()],
        "call": [{"call.at": day(one.arrived_at), "call.direction": one.direction, "call.outcome": one.outcome,
                  "call.seconds": one.talk_seconds, "call.rating": one.rating} for one in calls],
        "order": [{"order.status": one.status, "order.model": one.model, "order.amount": one.amount,
                   "order.ordered": one.ordered_on, "order.expected": one.expected_on, "order.open": one.open}
                  for one in orders],
        "repair": [{"repair.stage": one.stage, "repair.work": one.work, "repair.amount": one.amount,
                    "repair.received": day(one.received_at), "repair.promised": day(one.promised_at),
                    "repair.open": one.open} for one in repairs],
    }  # fmt: skip


def fill(world: World, count: int) -> None:
    """Customers with something of everything, by dice that always fall the same."""
    dice, now = Random(5), timezone.now()
    brands = [Brand.objects.create(code=code, name_zh=code) for code in ("one", "two")]
    matter = Matter.objects.create(code="complaint.quality", name_zh="质量")
    praise = Matter.objects.create(code="complaint.praise", name_zh="表扬")

    def past(days: int = 800) -> datetime:
        return now - timedelta(days=dice.randrange(days), hours=dice.randrange(24))

    def maybe(value: Any) -> Any:
        return value if dice.random() < 0.7 else None

    for n in range(count):
        store = dice.choice([world.east, world.west])
        customer = Customer.objects.create(
            store=store, name=dice.choice(["张三", "aB", "a%b_", "国\\1", "B1"]),
            kind=dice.choice(["person", "company"]),
            company=dice.choice(["", "A国"]), level=dice.choice(["normal", "gold", "vip"]), created_at=past(),
            labels=dice.sample("abc", dice.randrange(3)), need=dice.choice(["", "1B", "国"]),
            intention=dice.choice("ABC"), purchase_status=dice.choice(["", "looking", "owner"]),
            wants_model=dice.choice(["", "aB"]), budget_to=maybe(dice.randrange(90_000)), buys_by=maybe(past().date()),
        )  # fmt: skip
        for k in range(dice.randrange(3)):
            CustomerPhone.objects.create(customer=customer, e164=f"+8613{n:04}{k:05}")
            Car.objects.create(
                customer=customer, plate=dice.choice(["", f"沪A{n}"]), model=dice.choice(["", "B1", "国a"]),
                brand=maybe(dice.choice(brands)),
                year=maybe(dice.randrange(2015, 2026)), bought_on=maybe(past().date()),
                mileage_km=maybe(dice.randrange(100_000)), inspection_until=maybe(past().date()),
                warranty_until=maybe(past().date()), next_service_on=maybe(past().date()),
                recall=dice.choice(["", "B"]), gone_on=maybe(past().date()),
                insurance_until=maybe((now + timedelta(days=dice.randrange(-60, 60))).date()),
            )  # fmt: skip
            call = Call.objects.create(
                id=uuid.UUID(int=n * 10 + k + 1), store=store, customer=customer, arrived_at=past(),
                rating=maybe(k + 2),
                answered_at=maybe(past()), direction=dice.choice(["in", "out"]), talk_seconds=dice.randrange(600),
                outcome=dice.choice(["answered", "abandoned", "voicemail"]),
            )  # fmt: skip
            CallRecord.objects.create(call=call, matter=dice.choice([matter, praise, None]), author=world.alice)
            Order.objects.create(
                customer=customer, store=store, number=f"O{n}-{k}", model=dice.choice(["B", "1a"]), open=k == 1,
                status=dice.choice(["enquiry", "delivered"]), amount=maybe(dice.randrange(90_000)),
                ordered_on=maybe(past().date()), expected_on=maybe(past().date()),
            )  # fmt: skip
            Repair.objects.create(
                customer=customer, store=store, number=f"R{n}-{k}", work=dice.choice(["1", "B国"]), open=k == 0,
                stage=dice.choice(["booked", "closed"]), amount=maybe(dice.randrange(9_000)),
                received_at=maybe(past()), promised_at=maybe(past()),
            )  # fmt: skip
        if dice.random() < 0.5:
            MembershipCard.objects.create(customer=customer, number=f"C{n}", points=dice.randrange(999),
                                          balance=dice.randrange(999), valid_until=maybe(past().date()))  # fmt: skip
    scores.recompute(list(Customer.objects.values_list("pk", flat=True)[: count - 5]))


def test_every_rule_means_in_the_database_what_it_means_in_plain_words(world: World) -> None:
    fill(world, 40)
    zone, now = ZoneInfo(django.TIME_ZONE), timezone.now()
    today = now.astimezone(zone).date()
    everybody = {row.pk: plain_of(row, today, zone) for row in Customer.objects.all()}
    east = Scope(StoreSet(ids=frozenset({world.east.pk})), EVERY)
    met: set[bool] = set()

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(rules())
    def agrees(data: Any) -> None:
        rule = parse(data)
        wanted = {key for key, values in everybody.items() if matches(rule, values, today)}
        assert set(groups.ids_of(rule, Scope(EVERY, EVERY), now)) == wanted
        assert set(groups.ids_of(rule, east, now)) <= {
            row.pk for row in Customer.objects.filter(store=world.east)}  # fmt: skip
        met.add(0 < len(wanted) < len(everybody))

    agrees()
    assert met == {True, False}


def rule_of(*of: dict[str, Any]) -> dict[str, Any]:
    return {"how": "all", "of": list(of)}


GOLD = rule_of({"field": "level", "op": "one_of", "value": ["gold"]})


def customers_of(world: World) -> dict[str, Customer]:
    made = {name: Customer.objects.create(store=world.east, name=name) for name in ("刘备", "关羽", "张飞")}
    made["曹操"] = Customer.objects.create(store=world.west, name="曹操", level="gold")
    Car.objects.create(customer=made["刘备"], insurance_until=timezone.localdate() + timedelta(days=10))
    Order.objects.create(customer=made["关羽"], store=world.west, number="W1", model="x", status="delivered", amount=9)
    return made


def test_a_group_is_built_counted_shared_and_its_members_are_ones_own(world: World) -> None:
    made = customers_of(world)
    max_, charlie = world.browser("max"), world.browser("charlie")
    insured = rule_of({"field": "car.insurance_until", "op": "within_next", "value": 30})
    counted = max_.send("POST", "/api/segments/count", {"rule": insured}).json()
    assert (counted["count"], counted["more"], [row["name"] for row in counted["sample"]]) == (1, False, ["刘备"])
    assert "within the next 30 days" in counted["words"]["en"]
    bad = max_.send("POST", "/api/segments", {"name": "x", "rule": rule_of({"field": "level", "op": "one_of"})})
    assert bad.status_code == 400 and "rule.of.0" in bad.json()["fields"]
    assert world.browser("alice").send("POST", "/api/segments", {"name": "x", "rule": insured}).status_code == 403
    theirs = {"name": "x", "rule": insured, "sharing": "store", "store": world.west.pk}
    assert "store" in max_.send("POST", "/api/segments", theirs).json()["fields"]
    assert "sharing" in max_.send("POST", "/api/segments", theirs | {"sharing": "group"}).json()["fields"]

    segment = max_.send("POST", "/api/segments", theirs | {"name": "续保", "store": world.east.pk}).json()
    path = f"/api/segments/{segment['id']}"
    assert [row["name"] for row in max_.get(f"{path}/members").json()["items"]] == ["刘备"]
    assert world.browser("alice").get(path).json()["may_edit"] is False  # shared with her store, not hers to change
    assert world.browser("alice").send("PATCH", path, {"version": 1, "name": "y"}).status_code == 403
    for method, route in (("GET", path), ("GET", f"{path}/members"), ("PATCH", path), ("DELETE", path)):
        assert charlie.send(method, route, {"version": 1}).status_code == 404
    assert charlie.get("/api/segments").json() == []
    assert max_.send("PATCH", path, {"version": 9, "name": "y"}).json()["code"] == "stale"
    shared = {"name": "金卡", "rule": GOLD, "sharing": "group"}
    gold = f"/api/segments/{world.browser('gina').send('POST', '/api/segments', shared).json()['id']}/members"
    members = {name: world.browser(name).get(gold).json() for name in ("max", "walter")}
    assert members["max"]["total"] == 0 and [row["name"] for row in members["walter"]["items"]] == ["曹操"]
    Segment.objects.create(name="broken", rule={"how": "all", "of": [{"field": "gone"}]}, owner=world.max)
    held = max_.get(f"/api/customers/{made['刘备'].pk}/segments").json()
    assert ([one["name"] for one in held["items"]], held["left_out"]) == (["续保"], False)
    assert max_.get(f"/api/customers/{made['关羽'].pk}/segments").json()["items"] == []
    assert max_.get(f"/api/customers/{made['曹操'].pk}/segments").status_code == 404
    of_walter = world.browser("walter").get(f"/api/customers/{made['曹操'].pk}/segments").json()["items"]
    assert [(one["name"], one["sharing"]) for one in of_walter] == [("金卡", "group")]
    spent = rule_of({"field": "spent", "op": "at_least", "value": 1})  # what he spent in the west is not the east's
    assert max_.send("POST", "/api/segments/count", {"rule": spent}).json()["count"] == 0
    assert world.browser("gina").send("POST", "/api/segments/count", {"rule": spent}).json()["count"] == 1
    assert max_.send("DELETE", path).status_code == 200 and max_.get(path).status_code == 404
    assert made["关羽"].store_id == world.east.pk
    Erasure.objects.create(customer=made["刘备"], store=world.east, state="done", reason="request")
    assert max_.send("POST", "/api/segments/count", {"rule": insured}).json()["count"] == 0, "erased: in no group"


def test_a_count_that_is_slow_or_large_is_estimated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    customers_of(world)
    scope = Scope(EVERY, EVERY)
    rule = parse(GOLD)
    assert groups.count(rule, scope).count == 1
    few = groups.estimated(groups.selected(rule, groups.context_of(scope)), 5.0)
    assert (few.count, few.more, few.high) == (1, True, 0), "too few to say anything but that there are some"
    late = groups.estimated(groups.selected(rule, groups.context_of(scope)), 0.0)
    assert (late.count, late.more, late.looked, late.most) == (0, True, 0, 0), "nobody was looked at: nothing is known"
    nobody = Sql("SELECT c.id FROM customers_customer AS c WHERE c.name = 'nobody'")
    none = groups.estimated(nobody, 5.0)
    assert (none.count, none.more, none.high) == (0, True, 0) and none.looked > 0 and 1 <= none.most <= 3
    Customer.objects.bulk_create(Customer(store=world.east, name=f"甲{n}", level="gold" if n % 4 else "vip")
                                 for n in range(2000))
    ids = groups.selected(rule, groups.context_of(scope))
    found = groups.estimated(ids, 20.0, chance=Random(7), piece=100)
    assert found.low <= 1501 <= found.high < 1700 and found.low > 1300 and not found.more
    assert len(found.sample) == groups.SAMPLE
    monkeypatch.setattr(groups, "COUNT_AT_MOST", 1000)
    many = groups.count(rule, scope)
    assert many.high >= many.count >= 1000
    body = world.browser("gina").send("POST", "/api/segments/count", {"rule": GOLD}).json()
    assert body["high"] > body["low"] > 0 and len(body["sample"]) == groups.SAMPLE


def test_labels_and_levels_by_rule_leave_what_a_person_set_and_can_be_undone(world: World) -> None:
    made = customers_of(world)
    gina, walter = world.browser("gina"), world.browser("walter")
    Customer.objects.filter(pk=made["张飞"].pk).update(level="silver")  # by hand: no rule, no mark
    everybody = rule_of({"field": "name", "op": "filled"})
    segment = gina.send("POST", "/api/segments", {"name": "全部", "rule": everybody, "sharing": "group"}).json()
    body = {"name": "升级", "segment": segment["id"], "sets": "level", "value": "gold"}
    assert walter.send("POST", "/api/label-rules", body).status_code == 403  # not for the whole group
    assert "value" in gina.send("POST", "/api/label-rules", body | {"value": "emperor"}).json()["fields"]
    rule = gina.send("POST", "/api/label-rules", body).json()
    path = f"/api/label-rules/{rule['id']}"
    plan = gina.send("POST", f"{path}/preview").json()
    assert (plan["given"], plan["taken_back"], plan["held"]) == (2, 0, 1)
    assert not Run.objects.exists()
    run = gina.send("POST", f"{path}/run").json()
    assert (run["given"], run["held"]) == (2, 1)

    def levels() -> dict[str, str]:
        return dict(Customer.objects.values_list("name", "level"))

    assert levels() == {"刘备": "gold", "关羽": "gold", "张飞": "silver", "曹操": "gold"}
    change = history.of_customer(made["刘备"].pk).get()
    assert (change.source, change.field, change.old, change.new) == ("rule", "level", "normal", "gold")
    row = Customer.objects.get(pk=made["刘备"].pk)
    assert (row.level_source, row.level_because, row.version) == ("rule", "升级", 2)
    assert not Mark.objects.filter(customer=made["曹操"]).exists()  # he was gold before: nobody's rule gave it
    assert gina.send("DELETE", f"/api/segments/{segment['id']}").json()["code"] == "used"

    Segment.objects.filter(pk=segment["id"]).update(rule=rule_of({"field": "name", "op": "equals", "value": "刘备"}))
    again = labels.run(LabelRule.objects.get(pk=rule["id"]), None)
    assert (again.given, again.taken_back) == (0, 1)
    assert levels() == {"刘备": "gold", "关羽": "normal", "张飞": "silver", "曹操": "gold"}
    assert labels.run(LabelRule.objects.get(pk=rule["id"]), None).given == 0  # once more changes nothing

    gina.send("PATCH", f"/api/customers/{made['刘备'].pk}", {"version": 2, "level": "vip"})
    Customer.objects.filter(pk=made["刘备"].pk).update(level="vip")
    undone = gina.send("POST", f"{path}/runs/{run['id']}/undo").json()
    assert undone["undone"] == 0  # both changed since: one by a person, one by a later run
    assert gina.send("POST", f"{path}/runs/{run['id']}/undo").json()["code"] == "undone"
    assert LabelRule.objects.get(pk=rule["id"]).active is False
    assert gina.send("POST", f"{path}/runs/{again.pk}/undo").json()["undone"] == 1
    assert levels()["关羽"] == "gold"
    assert walter.send("POST", f"{path}/run").status_code == 403


def test_a_label_taken_off_by_a_person_is_not_given_again(world: World) -> None:
    made = customers_of(world)
    segment = Segment.objects.create(name="x", rule=rule_of({"field": "name", "op": "filled"}), owner=world.gina)
    rule = LabelRule.objects.create(name="x", segment=segment, sets="label", value="老客户", store=world.east)
    Customer.objects.filter(pk=made["刘备"].pk).update(labels=['他说"好"'], level="vip", level_source="person")
    WebHook.objects.create(name="x", url="http://127.0.0.1:9/", kinds=["customer.changed"], every_store=True)
    assert labels.run(rule, None).given == 3
    told = OutEvent.objects.get().body  # one for the lot
    assert told["by"] is None and {one["id"]: one["fields"] for one in told["rows"]} == {
        made[name].pk: ["labels"] for name in ("刘备", "关羽", "张飞")}  # fmt: skip
    row = Customer.objects.get(pk=made["刘备"].pk)
    assert (row.labels, row.level_source, row.version) == (['他说"好"', "老客户"], "person", 2)
    change = history.of_customer(row.pk).get()
    assert (change.by, change.source, change.store_id) == (None, "rule", world.east.pk)
    assert (change.field, change.old, change.new) == ("labels", ['他说"好"'], row.labels)
    before = history.snapshot(row, ["labels"])
    row.labels = ["自己的"]
    row.save()
    history.record(row, before, by=world.alice, customer=row.pk)
    done = labels.run(rule, None)
    assert (done.given, done.held) == (0, 1)
    assert not Customer.objects.get(pk=made["曹操"].pk).labels
    assert world.browser("walter").get(f"/api/label-rules/{rule.pk}/runs").status_code == 404


def test_of_two_levels_the_later_rule_wins_and_the_night_does_not_swing(world: World) -> None:
    customers_of(world)
    segment = Segment.objects.create(name="x", rule=rule_of({"field": "name", "op": "equals", "value": "刘备"}))
    for value in ("silver", "vip"):
        LabelRule.objects.create(name=value, segment=segment, sets="level", value=value)
    assert sum(labels.run_all().values()) == 2
    assert Customer.objects.get(name="刘备").level == "vip"
    assert sum(labels.run_all().values()) == 0


def test_the_loyalty_index_is_shown_with_its_parts_and_a_changed_formula_is_tried_first(world: World) -> None:
    made = customers_of(world)
    gina, max_ = world.browser("gina"), world.browser("max")
    path = f"/api/customers/{made['关羽'].pk}/score"
    assert gina.get(path).json()["indexes"][0]["value"] is None
    loyalty = max_.send("POST", path).json()["indexes"][0]
    assert loyalty["value"] == round(sum(part["points"] or 0 for part in loyalty["parts"]))
    assert world.browser("charlie").get(path).status_code == 404
    body = {"index": "loyalty", "parts": [{"measure": "spent", "weight": 1, "zero": 0, "full": 9}]}
    tried = gina.send("POST", "/api/loyalty/formulas/preview", body).json()
    assert tried["sample"] == 4 and sum(tried["after"]) == 4 and tried["before"] != tried["after"]
    assert max_.send("POST", "/api/loyalty/formulas", body).status_code == 403
    wrong = gina.send("POST", "/api/loyalty/formulas", body | {"parts": body["parts"] * 2})  # type: ignore[operator]
    assert "parts.1" in wrong.json()["fields"]
    saved = gina.send("POST", "/api/loyalty/formulas", body | {"note": "钱最重要"}).json()
    assert saved["formulas"][0]["versions"][0]["note"] == "钱最重要"
    scores.recompute_all()
    assert Score.objects.get(customer=made["关羽"]).loyalty == 0  # his order has no day


@pytest.mark.parametrize("path", ["/api/segments", "/api/segments/fields", "/api/loyalty/formulas"])
def test_lists_of_groups_tell_charlie_nothing_of_the_east(world: World, path: str) -> None:
    customers_of(world)
    Customer.objects.filter(store=world.east).update(labels=["秘密"])
    Segment.objects.create(name="秘密", rule=GOLD, owner=world.max, sharing="store", store=world.east)
    answer = world.browser("charlie").get(path)
    assert answer.status_code == 200 and "秘密" not in answer.content.decode()
    assert world.browser("charlie").get("/api/label-rules").status_code == 403
