"""A list comes in: checked, brought in, killed half-way and gone on with, taken back."""

from __future__ import annotations

import csv
import io
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dealerline.apps.customers.models import Car, Customer, CustomerPhone, Repair
from dealerline.apps.exchange import jobs
from dealerline.apps.exchange.logic import applying, staging, undoing
from dealerline.apps.exchange.logic.locks import BRING, EVERY
from dealerline.apps.exchange.models import ImportRow, ImportRun
from dealerline.apps.history.models import Change
from dealerline.apps.privacy.logic import erasing
from dealerline.apps.promises.models import Promise
from tests.integration.records.conftest import Browser, World

pytestmark = pytest.mark.django_db

HEADINGS = "客户姓名,手机号码,客户级别,备注\n"


def send(browser: Browser, text: str | bytes, name: str = "list.csv", **values: Any) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return browser.post(
        "/api/imports",
        {"file": SimpleUploadedFile(name, data), **values},
        headers={"X-CSRFToken": browser.token},
    )


def checked(browser: Browser, text: str | bytes, **plan: Any) -> tuple[dict[str, Any], ImportRun]:
    """Uploaded, planned as guessed, the dry run done."""
    up = send(browser, text).json()
    body = {key: up[key] for key in ("kind", "store", "mapping", "existing", "alike", "owners")} | plan
    answer = browser.send("PUT", f"/api/imports/{up['id']}/plan", body)
    assert answer.status_code == 200, answer.content
    run = ImportRun.objects.get(pk=up["id"])
    staging.check(run)
    return browser.get(f"/api/imports/{run.pk}").json(), run


def brought_in(browser: Browser, run: ImportRun) -> dict[str, Any]:
    assert browser.send("POST", f"/api/imports/{run.pk}/start").status_code == 200
    run.refresh_from_db()
    applying.apply(run)
    return browser.get(f"/api/imports/{run.pk}").json()


def taken_back(browser: Browser, run: ImportRun) -> dict[str, Any]:
    assert browser.send("POST", f"/api/imports/{run.pk}/undo").status_code == 200
    run.refresh_from_db()
    undoing.undo(run)
    return browser.get(f"/api/imports/{run.pk}").json()


def test_a_list_of_customers_from_upload_to_undo(world: World) -> None:
    old = Customer.objects.create(store=world.east, name="李四", notes="old words")
    CustomerPhone.objects.create(customer=old, e164="+8613900000002", primary=True)
    max_ = world.browser("max")
    text = HEADINGS + (
        "张 三,138 0000 0001,金卡,\n"
        "李四,13900000002,VIP,new words\n"
        "王五,12,普通,\n"
        "张三,13800000001,银卡,\n"
        ",13800000009,,\n"
        "李家,13900000002,,\n"
    )
    up, run = checked(max_, text.encode("gb18030"))
    assert (up["kind"], up["encoding"], up["state"]) == ("customers", "gb18030", "checked")
    assert up["counts"] == {"new": 2, "update": 1, "bad": 2, "twice": 1}
    bad = max_.get(f"/api/imports/{run.pk}/rows?show=bad").json()["items"]
    assert [(row["line"], row["faults"][0]["code"]) for row in bad] == [(4, "phone"), (6, "missing")]
    assert max_.get(f"/api/imports/{run.pk}/rows?show=similar").json()["items"][0]["similar"] == old.pk
    report = b"".join(max_.get(f"/api/imports/{run.pk}/report").streaming_content).decode("utf-8-sig")
    first = list(csv.reader(io.StringIO(report)))[1]
    assert first[0] == "4" and "位数字，这里有 2 位" in first[2] and "digits" in first[3]
    assert Customer.objects.count() == 1, "a dry run writes nothing"

    done = brought_in(max_, run)
    assert done["state"] == "done"
    new = Customer.objects.get(name="张三")
    assert (new.level, new.name_pinyin, new.phones.get().e164) == ("silver", "zhangsan zs", "+8613800000001")
    old.refresh_from_db()
    assert (old.level, old.notes, old.version) == ("vip", "new words", 2)
    change = Change.objects.get(object_type="customers.customer", object_id=str(old.pk), field="notes")
    assert (change.source, change.old, change.new, change.by_id) == ("import", "old words", "new words", world.max.pk)
    assert max_.get("/api/customers?q=zs").json()["total"] == 1

    Customer.objects.filter(pk=old.pk).update(notes="newest words")
    promised = Customer.objects.get(name="李家")
    now = timezone.now()
    Promise.objects.create(
        id=uuid.uuid4(), store=world.east, customer=promised, made_by=world.alice, owner=world.alice, first_due_at=now,
        due_at=now, remind_at=now, lead_at=now, manager_at=now, lapse_at=now,
    )  # fmt: skip
    back = taken_back(max_, run)
    assert back["state"] == "undone" and back["counts"]["kept"] == 2
    assert not Customer.objects.filter(name="张三").exists()
    assert Customer.objects.filter(name="李家").exists(), "somebody was promised something since"
    old.refresh_from_db()
    assert (old.level, old.notes) == ("normal", "newest words"), "what was changed since stays"
    kept = max_.get(f"/api/imports/{run.pk}/rows?show=kept").json()["items"]
    assert [row["line"] for row in kept] == [3, 7] and "notes" in kept[0]["why"]["en"]
    assert "used" in kept[1]["why"]["en"]


def test_an_import_killed_half_way_goes_on_without_doubles(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "CHUNK", 10)
    max_ = world.browser("max")
    _up, run = checked(max_, HEADINGS + "".join(f"客户{n},138000000{n:02},,\n" for n in range(35)))
    assert max_.send("POST", f"/api/imports/{run.pk}/start").status_code == 200
    run.refresh_from_db()
    real, calls = applying._remember, []

    def dying(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(applying, "_remember", dying)
        with pytest.raises(KeyboardInterrupt):
            applying.apply(run)
    assert Customer.objects.count() == 20, "the chunk in hand is as if it had never begun"
    run = ImportRun.objects.get(pk=run.pk)
    assert (run.state, run.done_rows) == ("importing", 20)
    applying.apply(run)
    assert ImportRun.objects.get(pk=run.pk).state == "done"
    assert Customer.objects.count() == CustomerPhone.objects.values("e164").distinct().count() == 35

    _again, second = checked(max_, HEADINGS + "".join(f"客户{n},138000000{n:02},,\n" for n in range(35)))
    assert _again["counts"] == {"same": 35}
    brought_in(max_, second)
    assert Customer.objects.count() == 35


def test_a_second_import_waits_for_the_first_and_a_mistake_of_ours_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg
    from django.db import connection

    max_ = world.browser("max")
    _up, first = checked(max_, HEADINGS + "张三,13800000001,,\n")
    _up, second = checked(max_, HEADINGS + "李四,13800000002,,\n")
    ImportRun.objects.filter(pk=first.pk).update(state="importing")
    max_.send("POST", f"/api/imports/{second.pk}/start")
    with psycopg.connect(**connection.get_connection_params() | {"dbname": connection.settings_dict["NAME"]}) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [BRING, EVERY])
        jobs.bring_import(second.pk)
        waits = max_.get(f"/api/imports/{second.pk}").json()
        assert (waits["state"], waits["behind"]) == ("waiting", first.pk)
        other.execute("SELECT pg_advisory_unlock(%s, %s)", [BRING, EVERY])
    monkeypatch.setattr(applying, "_chunk", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        jobs.bring_import(second.pk)
    told = max_.get(f"/api/imports/{second.pk}").json()
    assert told["state"] == "stopped" and told["error"]["zh"]
    monkeypatch.undo()
    assert max_.send("POST", f"/api/imports/{second.pk}/start").json()["error"] is None
    jobs.bring_import(second.pk)
    assert max_.get(f"/api/imports/{second.pk}").json()["state"] == "done"
    assert list(Customer.objects.values_list("name", flat=True)) == ["李四"]


def test_cars_and_repairs_find_or_make_their_customers(world: World) -> None:
    max_ = world.browser("max")
    _up, cars = checked(
        max_,
        "车牌号,车架号,车主,手机,里程数,保险到期日\n"
        "渝A·12345,LSVAM4187C2184841,张三,13800000001,\"12,000公里\",2026/3/1\n"
        "渝AD12345,,张三,13800000001,,\n"
        "渝B99999,,,,,\n",
    )  # fmt: skip
    assert _up["kind"] == "cars" and _up["counts"] == {"new": 2, "bad": 1}
    brought_in(max_, cars)
    owner = Customer.objects.get()
    assert {car.plate for car in owner.cars.all()} == {"渝A12345", "渝AD12345"}
    assert owner.cars.get(plate="渝A12345").mileage_km == 12000

    _up, repairs = checked(max_, "工单号,车牌,维修项目,状态,预计完工\nR1,渝A12345,保养,维修中,2026-03-01 17:30\n")
    brought_in(max_, repairs)
    repair = Repair.objects.get()
    assert (repair.customer_id, repair.car.plate, repair.stage) == (owner.pk, "渝A12345", "working")
    assert repair.promised_at is not None and repair.promised_at.isoformat() == "2026-03-01T09:30:00+00:00"

    CustomerPhone.objects.create(customer=Customer.objects.create(store=world.east, name="李四"), e164="+8613800000002")
    _up, sold = checked(max_, "车牌号,车主,手机\n渝A12345,李四,13800000002\n")
    assert _up["counts"] == {"same": 1}
    said = max_.get(f"/api/imports/{sold.pk}/rows?show=same").json()["items"][0]["why"]
    assert "another customer" in said["en"], "a list hands no car over, and says so"

    back = taken_back(max_, cars)
    assert back["counts"]["kept"] == 1, "a car with a repair has been used, and its owner with it"
    assert {car.plate for car in Car.objects.all()} == {"渝A12345"}
    assert Customer.objects.exclude(name="李四").count() == 1
    taken_back(max_, repairs)
    assert not Repair.objects.exists()


def test_who_was_erased_on_request_does_not_come_back_by_a_list(world: World) -> None:
    max_ = world.browser("max")
    gone = Customer.objects.create(store=world.east, name="诸葛亮", number="AT9", external_source="dms",
                                   external_key="K9")  # fmt: skip
    CustomerPhone.objects.create(customer=gone, e164="+8613800000009", primary=True)
    Car.objects.create(customer=gone, plate="渝A99999", vin="LSVAM4187C2184841")
    living = Customer.objects.create(store=world.east, name="李四")
    CustomerPhone.objects.create(customer=living, e164="+8613900000002", primary=True)
    row = erasing.ask(world.max, gone, "request", "")
    erasing.confirm(world.max, row.customer, "诸葛亮")

    cars = "车牌,车主,手机\n渝A99999,王五,13800000005\n渝A11111,王五,13800000009\n渝A22222,王五,13800000005\n"
    _up, run = checked(max_, cars)
    assert _up["counts"] == {"bad": 2, "new": 1}
    bad = ImportRow.objects.filter(run=run, action="bad").order_by("line")
    assert [(one.faults[0]["column"], one.faults[0]["code"]) for one in bad] == [
        ("plate", "erased"), ("owner_phone", "erased")]  # fmt: skip
    _up, run = checked(max_, "姓名,手机,备用电话\n诸葛亮,13800000009,\n李四,13900000002,13800000009\n")
    assert _up["counts"] == {"bad": 2}
    report = b"".join(max_.get(f"/api/imports/{run.pk}/report").streaming_content).decode("utf-8-sig")
    assert "按本人要求删除" in report and "erased on request" in report

    wanted = {"values": {"name": "诸葛亮", "phone": "13700000000"}}
    refused = max_.send("PUT", "/api/upsert/customers/dms/K9", wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "erased") and "key" in refused.json()["fields"]
    again = Customer.objects.create(store=world.east, name="诸葛亮")
    CustomerPhone.objects.create(customer=again, e164="+8613700000000", primary=True)
    taken = max_.send("PUT", "/api/upsert/customers/dms/K9", wanted)
    assert (taken.status_code, taken.json()["id"]) == (200, again.pk), "entered by hand, he is a customer again"


def test_others_neither_see_it_nor_import_into_a_store_that_is_not_theirs(world: World) -> None:
    max_ = world.browser("max")
    up = send(max_, HEADINGS + "张三,13800000001,,\n").json()
    walter = world.browser("walter")
    assert walter.get(f"/api/imports/{up['id']}").status_code == 404
    assert walter.get(f"/api/imports/{up['id']}/rows").status_code == 404
    assert walter.send("POST", f"/api/imports/{up['id']}/start").status_code == 404
    assert walter.get("/api/imports").json()["items"] == []
    assert send(walter, HEADINGS, store=world.east.pk).status_code == 403
    assert send(world.browser("alice"), HEADINGS).status_code == 403
    _up, run = checked(max_, "姓名,电话,门店\n张三,13800000001,west\n李四,13800000002,east\n")
    assert _up["counts"] == {"new": 1, "bad": 1}
    assert ImportRow.objects.get(run=run, action="bad").faults[0]["code"] == "store_scope"


def test_a_hostile_file_is_refused_with_its_reason_and_nothing_of_it_is_kept(world: World, product: Any) -> None:
    max_ = world.browser("max")
    for name, data, code in [
        ("list.csv", b"", "empty"),
        ("list.xlsx", b"a,b\n1,2\n", "wrong_ending"),
        ("list.csv", b"PK\x03\x04 something", "wrong_ending"),
        ("list.xlsx", b"PK\x03\x04 something", "broken"),
        ("list.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 100, "old_excel"),
        ("list.exe", b"MZ", "ending"),
        ("list.csv", b"\x00\x01\x02\x03\xff\x00\x00" * 20, "no_text"),
        ("list.csv", b"\xff\xff,\xff\n" * 3, "characters"),
        ("list.csv", ('a,b\n"' + "x" * 200_000).encode(), "huge_cell"),
        ("list.csv", (",".join(f"c{n}" for n in range(600)) + "\n").encode(), "columns"),
    ]:
        answer = send(max_, data, name)
        assert answer.status_code == 400 and answer.json()["code"] == code, (name, code, answer.content)
        assert answer.json()["text"]["zh"] and answer.json()["text"]["en"]
        assert not list(product.exchange.iterdir())
