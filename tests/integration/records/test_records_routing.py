"""Routing's rules in the back office: scoped, checked for circles, told in words, and known to the switch."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from dealerline.adapters import snapshot
from dealerline.apps.accounts.models import Person
from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.calls.models import Call, Queue, QueueMember
from dealerline.apps.customers.models import Customer, CustomerPhone, Order
from dealerline.apps.organisation.models import Hours, HoursInterval, Number
from dealerline.apps.routing.logic.callers import WHO, who_is
from dealerline.apps.routing.models import (
    CallerListing,
    Capacity,
    DutyShift,
    Lending,
    LevelPriority,
    NamedPerson,
    OverflowRule,
    PersonCapacity,
    PersonSkill,
    QueueNeed,
    QueueOrder,
    QueueRule,
    Skill,
)
from dealerline.domain import hours as opening
from dealerline.switch.directory import Need, Overflow
from tests.integration.records.conftest import Browser, World
from tests.integration.records.test_records_back_office import submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def queues(world: World) -> dict[str, Any]:
    """East's sales (Alice, Bob) and experts (Bob), west's help (Charlie), each with rules but help."""
    made = {}
    for code, store, people in (
        ("sales", world.east, ("alice", "bob")),
        ("experts", world.east, ("bob",)),
        ("help", world.west, ("charlie",)),
    ):
        made[code] = Queue.objects.create(store=store, code=code, name_zh=code, name_en=code.title())
        QueueMember.objects.bulk_create(QueueMember(queue=made[code], person=world.people[p]) for p in people)
        if code != "help":
            QueueRule.objects.create(queue=made[code])
    return made


def overflow(n: int, **fields: Any) -> dict[str, Any]:
    given = {"when": "waited", "value": 60, "to": "queue", "queue": "", "number": "", "hours": ""} | fields
    return {"overflows-TOTAL_FORMS": n + 1} | {f"overflows-{n}-{name}": value for name, value in given.items()}


def rule_path(queue: Queue) -> str:
    return f"/admin/routing/queuerule/{QueueRule.objects.get(queue=queue).pk}/change/"


def week(store: Any, opens: str, closes: str) -> Hours:
    made = Hours.objects.create(store=store, name_zh=opens, name_en=opens)
    HoursInterval.objects.bulk_create(
        HoursInterval(hours=made, weekday=day, opens=opens, closes=closes) for day in range(7)
    )
    return made


def test_rules_of_a_queue_are_in_the_switchs_directory(world: World, queues: dict[str, Any]) -> None:
    english = Skill.objects.create(code="english", name_zh="英语", name_en="English")
    gone = Skill.objects.create(code="latin", name_zh="拉丁语", active=False)
    PersonSkill.objects.create(person=world.alice, skill=english, level=4)
    PersonSkill.objects.create(person=world.alice, skill=gone, level=5)
    Capacity.objects.create(kind="chat", most=3)
    Capacity.objects.create(kind="chat", most=2, store=world.east)
    PersonCapacity.objects.create(person=world.bob, kind="chat", most=5)
    rule = QueueRule.objects.get(queue=queues["sales"])
    QueueRule.objects.filter(pk=rule.pk).update(strategy="ordered", sticky="owner", sticky_seconds=15)
    QueueNeed.objects.create(rule=rule, skill=english, level=3, relax="30:2, 60:0")
    QueueNeed.objects.create(rule=rule, skill=gone)
    QueueOrder.objects.create(rule=rule, person=world.bob, place=1)
    OverflowRule.objects.create(rule=rule, to="queue", queue=queues["experts"])
    OverflowRule.objects.create(rule=rule, when="nobody", value=0, to="number", number="+8613812345678")
    LevelPriority.objects.create(level="vip", priority=4)
    made = snapshot.build()
    sales, help_ = (next(q for q in made.queues if q.id == queues[code].pk) for code in ("sales", "help"))
    assert (sales.strategy, sales.sticky, sales.sticky_seconds, sales.age_seconds) == ("ordered", "owner", 15, 60)
    assert sales.needs == (Need(english.pk, 3, True, ((30, 2), (60, 0))),)
    assert sales.order == ((world.bob.pk, 1),)
    assert set(sales.overflow) == {
        Overflow("waited", 60, "queue", queues["experts"].pk),
        Overflow("nobody", 0, "number", number="+8613812345678"),
    }
    assert (help_.strategy, help_.overflow) == ("longest_idle", ())
    people = {person.id: person for person in made.people}
    assert people[world.alice.pk].skills == ((english.pk, 4),)
    assert [dict(people[getattr(world, n).pk].capacity)["chat"] for n in ("alice", "bob", "charlie")] == [2, 5, 3]
    assert made.levels == (("vip", 4),)
    assert made.skills == ((english.pk, {"zh": "英语", "en": "English"}),)


def test_another_stores_queue_is_used_only_while_it_is_lent(world: World, queues: dict[str, Any]) -> None:
    rule = QueueRule.objects.get(queue=queues["sales"])
    day, evening = week(world.east, "09:00", "18:00"), week(world.west, "16:00", "22:00")
    OverflowRule.objects.create(rule=rule, queue=queues["help"], hours=day)

    def there() -> tuple[Overflow, ...]:
        return next(q for q in snapshot.build().queues if q.id == queues["sales"].pk).overflow

    assert there() == ()
    lending = Lending.objects.create(store=world.west, borrower=world.east)
    assert [o.hours for o in there()] == [day.pk]
    Lending.objects.filter(pk=lending.pk).update(hours=evening)
    (only,) = there()
    both = next(h for h in snapshot.build().hours if h.id == only.hours)
    assert both.weekly == tuple((n, 960, 1080) for n in range(7))
    assert opening.status(both, "Asia/Shanghai", 0).kind == "closed"
    Lending.objects.filter(pk=lending.pk).update(active=False)
    assert there() == ()
    Lending.objects.create(store=world.west, queue=queues["help"])  # to every store
    assert [o.hours for o in there()] == [day.pk]


def test_rules_that_lead_round_and_round_are_refused_with_the_way_round(world: World, queues: dict[str, Any]) -> None:
    lena = world.browser("lena")
    assert submit(lena, rule_path(queues["sales"]), **overflow(0, queue=queues["experts"].pk)) == ""
    page = submit(lena, rule_path(queues["experts"]), **overflow(0, queue=queues["sales"].pk))
    assert "Store east Experts → Store east Sales → Store east Experts" in page
    assert OverflowRule.objects.count() == 1
    night = week(world.east, "20:00", "23:00")
    page = submit(
        lena,
        rule_path(queues["experts"]),
        **overflow(0, queue=queues["sales"].pk) | overflow(1, when="nobody", to="voicemail", hours=night.pk),
    )
    assert "round and round" in page
    assert (
        submit(
            lena,
            rule_path(queues["experts"]),
            **overflow(0, queue=queues["sales"].pk) | overflow(1, when="nobody", to="voicemail"),
        )
        == ""
    )
    assert OverflowRule.objects.count() == 3


def test_what_does_nothing_is_warned_of_and_the_preview_tells_the_rest(world: World, queues: dict[str, Any]) -> None:
    english = Skill.objects.create(code="english", name_zh="英语", name_en="English")
    PersonSkill.objects.create(person=world.alice, skill=english, level=2)
    lena, path = world.browser("lena"), rule_path(queues["sales"])
    need = {"needs-TOTAL_FORMS": 1, "needs-0-skill": english.pk, "needs-0-level": 3, "needs-0-must": "on"}
    refused = submit(lena, path, **need, **{"needs-0-relax": "60:1, 30:0"})
    assert "each step must come later" in refused
    need["needs-0-relax"] = "30:2"
    assert submit(lena, path, **need, **overflow(0, to="number", number="1380013800")) == ""
    page = lena.get(path, headers={"Accept-Language": "en"}).content.decode()
    for words in (
        "at once: 0 of the 2 people of this queue with English 3 or better",
        "after 30 s: English 2 or better is enough; 1 people of this queue may be rung",
        "after 1 min: he is put through to 1380013800",
        "Nobody of this queue has English at level 3: nobody of it is rung in the first 30 s.",
        "1380013800 is not in the numbering plan",
    ):
        assert words in page
    chinese = lena.get(path, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "30 秒后：英语 2 级以上即可；本队列可接的有 1 人" in chinese
    told = lena.get(f"/api/routing/queues/{queues['sales'].pk}").json()
    assert told["preview"][1]["after"] == 30
    assert len(told["warnings"]) == 2
    listed = {row["queue"] for row in lena.get("/api/routing/queues").json()}
    assert listed == {queues["sales"].pk, queues["experts"].pk}


def test_rules_are_told_in_words_while_they_are_typed_and_nothing_is_kept(
    world: World, queues: dict[str, Any]
) -> None:
    lena, path = world.browser("lena"), rule_path(queues["sales"])
    told = submit(lena, path, _preview=1, **overflow(0, to="number", number="1380013800"))
    assert '"valid": true' in told and "he is put through to 1380013800" in told and "not saved yet" in told
    assert not OverflowRule.objects.exists()
    assert submit(lena, rule_path(queues["experts"]), **overflow(0, queue=queues["sales"].pk)) == ""
    told = submit(lena, path, _preview=1, **overflow(0, queue=queues["experts"].pk))
    assert '"valid": false' in told and "round and round" in told
    assert OverflowRule.objects.count() == 1
    assert world.browser("bob").post(path, {"_preview": "1"}).status_code in (302, 403)


def test_a_number_that_cannot_be_dialled_is_refused_and_one_of_ours_is_warned_of(
    world: World, queues: dict[str, Any]
) -> None:
    lena, path = world.browser("lena"), rule_path(queues["sales"])
    assert "can be dialled" in submit(lena, path, **overflow(0, to="number", number="ask Bob"))
    ours = Number.objects.get(line__store=world.east).number
    assert submit(lena, path, **overflow(0, to="number", number=ours)) == ""
    assert "one of our own numbers" in lena.get(path, headers={"Accept-Language": "en"}).content.decode()


def test_rules_skills_and_lendings_are_seen_and_changed_within_ones_stores(
    world: World, queues: dict[str, Any]
) -> None:
    walter, max_ = world.browser("walter"), world.browser("max")
    assert walter.get(rule_path(queues["sales"])).status_code == 302  # there is no such row for him
    assert world.browser("alice").get("/admin/routing/queuerule/").status_code == 302  # no back office
    assert walter.get(f"/api/routing/queues/{queues['sales'].pk}").status_code == 404
    assert walter.get("/api/routing/queues").json() == []
    assert world.browser("alice").get(f"/api/routing/queues/{queues['sales'].pk}").status_code == 200
    # another store's queue cannot be given rules
    page = submit(max_, "/admin/routing/queuerule/add/", queue=queues["help"].pk)
    assert page != "" and not QueueRule.objects.filter(queue=queues["help"]).exists()
    # the lender decides, the borrower sees
    assert submit(max_, "/admin/routing/lending/add/", store=world.west.pk, borrower=world.east.pk) != ""
    assert submit(walter, "/admin/routing/lending/add/", store=world.west.pk, borrower=world.east.pk) == ""
    lending = Lending.objects.get()
    assert max_.get(f"/admin/routing/lending/{lending.pk}/change/").status_code == 200
    assert max_.post(f"/admin/routing/lending/{lending.pk}/change/", {"active": ""}).status_code == 403
    assert "Help" in max_.get(rule_path(queues["sales"]), headers={"Accept-Language": "en"}).content.decode()
    # skills of one's own people
    english = Skill.objects.create(code="english", name_zh="英语", name_en="English")
    path = "/admin/routing/skilledperson/{}/change/"
    skill = {"skills-TOTAL_FORMS": 1, "skills-0-skill": english.pk, "skills-0-level": 5}
    assert submit(max_, path.format(world.alice.pk), **skill) == ""
    assert PersonSkill.objects.get().person == world.alice
    assert max_.get(path.format(world.charlie.pk)).status_code == 302
    assert submit(max_, path.format(world.bob.pk), **{**skill, "skills-0-level": 6}) != ""


NUMBER = "+8613812345678"


def listing(number: str = NUMBER, **fields: Any) -> CallerListing:
    return CallerListing.objects.create(number=number, **fields)


def known(world: World, number: str = NUMBER) -> dict[str, Any]:
    return who_is(number, world.east.pk) or {}


def test_who_is_this_number_is_answered_from_customers_calls_orders_and_lists(
    world: World, make_call: Callable[..., Any]
) -> None:
    assert who_is(NUMBER, world.east.pk) is None
    assert who_is("anonymous", world.east.pk) is None
    customer = Customer.objects.create(store=world.east, name="张三", level="gold")
    CustomerPhone.objects.create(customer=customer, e164=NUMBER)
    CustomerPhone.objects.create(customer=customer, e164="+8613900000000")
    elsewhere = Customer.objects.create(store=world.west, name="张三", level="vip")
    CustomerPhone.objects.create(customer=elsewhere, e164=NUMBER)
    assert known(world) == {
        "customer": customer.pk, "level": "gold", "owner": 0, "last": 0, "named": [], "standing": "",
    }  # fmt: skip
    make_call(agent=world.bob, arrived_at=timezone.now() - timedelta(days=2))
    make_call(agent=world.alice, number="+8613900000000", customer=customer)  # by his other number, later
    Call.objects.create(id=uuid.uuid4(), customer_number=NUMBER, arrived_at=timezone.now())  # nobody answered
    assert known(world)["last"] == world.alice.pk
    assert known(world, "13812345678")["last"] == world.alice.pk  # however it is written
    Order.objects.create(customer=customer, store=world.east, number="O1", model="m", salesperson=world.bob)
    assert known(world)["owner"] == world.bob.pk
    Person.objects.filter(pk=world.alice.pk).update(is_active=False)
    assert known(world)["last"] == world.bob.pk  # who left is nobody


def test_of_two_listings_the_stores_own_wins_and_what_is_over_is_over(world: World) -> None:
    listing(kind="blocked")
    assert known(world)["standing"] == "blocked"
    own = listing(kind="vip", store=world.east)
    NamedPerson.objects.create(listing=own, person=world.alice, place=2)
    NamedPerson.objects.create(listing=own, person=world.bob, place=1)
    assert (known(world)["standing"], known(world)["named"]) == ("vip", [world.bob.pk, world.alice.pk])
    assert (who_is(NUMBER, world.west.pk) or {})["standing"] == "blocked"
    CallerListing.objects.filter(pk=own.pk).update(until=timezone.now() - timedelta(hours=1))
    assert known(world)["standing"] == "blocked"


def test_every_look_at_a_big_table_goes_by_an_index(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + WHO, {"number": NUMBER, "store": world.east.pk})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
    assert "call_number" in plan and "call_customer" in plan and "phone_e164" in plan and "one_listing" in plan


def test_a_number_is_listed_as_it_is_compared_by_who_may_and_within_his_stores(world: World) -> None:
    max_, path = world.browser("max"), "/admin/routing/callerlisting/add/"
    given = {"number": "138-1234 5678", "kind": "nuisance", "until_0": "", "until_1": ""}
    assert "Choose one of your own stores" in submit(max_, path, **given)  # every store is the group's to say
    assert submit(max_, path, **given, store=world.east.pk) == ""
    row = CallerListing.objects.get()
    assert (row.number, row.added_by) == (NUMBER, world.max)
    assert "no telephone number" in submit(max_, path, **{**given, "number": "ask Bob"}, store=world.east.pk)
    assert world.browser("walter").get(f"/admin/routing/callerlisting/{row.pk}/change/").status_code == 302
    assert submit(world.browser("ada"), path, **{**given, "kind": "blocked"}) == ""
    shared = CallerListing.objects.get(store=None)
    assert max_.get(f"/admin/routing/callerlisting/{shared.pk}/change/").status_code == 200


# the duty roster ------------------------------------------------------------------------------------------------------
def night(world: World, date: str, **fields: Any) -> DutyShift:
    given = {"store": world.east, "first_number": NUMBER} | fields
    shift = DutyShift(date=date, **given)
    shift.full_clean()
    shift.save()
    return DutyShift.objects.get(pk=shift.pk)


def test_who_is_on_duty_is_in_the_switchs_directory_with_times_of_the_stores_wall_clock(world: World) -> None:
    today = timezone.localdate()
    Person.objects.filter(pk=world.alice.pk).update(mobile="+8613900000001")
    alice = Person.objects.get(pk=world.alice.pk)
    night(world, today.isoformat(), first=alice, first_number="", second=world.bob, second_number="138 1234 5678")
    night(world, (today + timedelta(days=1)).isoformat(), kind="rescue", begins="08:00", ends="20:00")
    night(world, (today + timedelta(days=40)).isoformat())
    first, second = snapshot.build().duties
    assert first.numbers == ("+8613900000001", "+8613812345678")
    assert first.people == (alice.pk, world.bob.pk)
    zone = ZoneInfo(world.east.timezone)
    begins, ends = (datetime.fromtimestamp(at, zone) for at in (first.begins, first.ends))
    assert (begins.date(), begins.hour, ends.date(), ends.hour) == (today, 18, today + timedelta(days=1), 8)
    assert (second.kind, second.ends - second.begins) == ("rescue", 12 * 3600)
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    assert snapshot.build().duties[0].numbers == ("+8613812345678",)


def week_form(browser: Browser, path: str, **changes: str) -> Any:
    """The week's table, filled in, sent."""
    page = browser.get(path, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    data = {"csrfmiddlewaretoken": browser.token}
    for row, _ in page.context["rows"]:
        for name in row.fields:
            data[row.add_prefix(name)] = row[name].value() or ""
    return browser.post(path, {k: str(v) for k, v in (data | changes).items()}, headers={"Accept-Language": "en"})


def test_a_week_is_filled_in_as_a_table_and_copied_to_the_next(world: World) -> None:
    lena, path = world.browser("lena"), f"/admin/routing/dutyshift/week/?store={world.east.pk}&week=2026-12-02"
    person = {"d0-first": world.bob.pk, "d2-first": world.bob.pk, "d2-first_number": "13900000002"}
    answer = week_form(lena, path, **person)
    assert "Bob has no mobile" in answer.content.decode() and not DutyShift.objects.exists()
    person |= {"d0-first_number": NUMBER, "d2-second_number": "ask Bob"}
    assert "no telephone number" in week_form(lena, path, **person).content.decode()
    answer = week_form(lena, path, **{**person, "d2-second_number": "", "_copy": "1"})
    assert answer.status_code == 302 and "week=2026-12-07" in answer["Location"]
    dates = [f"{shift.date:%m-%d}" for shift in DutyShift.objects.all()]
    assert dates == ["11-30", "12-02", "12-07", "12-09"]
    assert week_form(lena, path, **{"d0-first": "", "d0-first_number": "", "_copy": "1"}).status_code == 302
    dates = [f"{shift.date:%m-%d}" for shift in DutyShift.objects.all()]
    assert dates == ["12-02", "12-07", "12-09"], "a week that is filled in already stays as it is"
    assert AuditEntry.objects.filter(object_type="dutyshift", store=world.east).count() == 2
    # others
    assert world.browser("walter").get(path).status_code == 403
    assert world.browser("walter").get("/admin/routing/dutyshift/week/").context["store"] == world.west
    assert world.browser("alice").get(path).status_code == 302
