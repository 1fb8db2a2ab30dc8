"""Out and in: exports, keys and upserts of machines, web hooks, folders of other systems."""

from __future__ import annotations

import hashlib
import hmac
import json
import shlex
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.customers.models import Car, Customer, CustomerPhone, Order
from dealerline.apps.exchange.facade import checked_list
from dealerline.apps.exchange.logic import applying, exporting, hooks, inbox, undoing
from dealerline.apps.exchange.models import Delivery, Export, ImportRun, Source, WebHook
from dealerline.apps.segments.models import Segment
from dealerline.config.api import api
from dealerline.integrations.hooks import sender
from dealerline.runtime.tree import Tree
from tests.integration.records.conftest import World

pytestmark = pytest.mark.django_db


def customer(world: World, name: str, number: str, store: Any = None) -> Customer:
    row = Customer.objects.create(store=store or world.east, name=name)
    CustomerPhone.objects.create(customer=row, e164=number, primary=True)
    return row


# out ------------------------------------------------------------------------------------------------------------------
def test_an_export_is_scoped_masked_marked_and_only_its_makers(world: World, product: Any) -> None:
    customer(world, '=HYPERLINK("x")', "+8613800000001")
    customer(world, "西店的", "+8613800000002", world.west)
    max_, walter = world.browser("max"), world.browser("walter")
    made = max_.send("POST", "/api/exports", {"kind": "customers", "format": "xlsx"}).json()
    row = Export.objects.get(pk=made["id"])
    exporting.make(row)
    path = f"/api/exports/{row.pk}"
    assert max_.get(path).json()["rows"] == 1
    assert walter.get(path).status_code == 404 and walter.get(f"{path}/file").status_code == 404
    assert world.browser("alice").send("POST", "/api/exports", {"kind": "customers"}).status_code == 403
    answer = max_.get(f"{path}/file")
    file = product.data / "fetched.xlsx"
    file.write_bytes(b"".join(answer.streaming_content))
    book = load_workbook(file)
    rows = list(book.worksheets[0].iter_rows())
    assert [cell.value for cell in rows[1]][:2] == ['=HYPERLINK("x")', "+8613800000001"]
    assert rows[1][0].data_type == "s", "a text, whatever it begins with"
    assert "Max (max)" in str(book.worksheets[1].cell(1, 2).value) and "Max (max)" in book.properties.description
    assert "Max (max)" in (book.worksheets[0].oddFooter.center.text or "")
    assert AuditEntry.objects.filter(action="export", object_id=str(row.pk)).count() == 2
    found = Export.objects.create(
        kind="customers", person=world.max, format="csv", language="zh", filters={"q": "0001"}
    )
    exporting.make(found)
    none = Export.objects.create(kind="cars", person=world.max, format="csv", language="zh", filters={"q": "nobody"})
    exporting.make(none)
    assert (found.rows, none.rows) == (1, 0), "as the search finds them"
    narrow = max_.send("POST", "/api/exports", {"kind": "customers", "narrow": {"level": "vip"}}).json()
    assert narrow["filters"] == {"level": "vip"}
    vips = Export.objects.get(pk=narrow["id"])
    exporting.make(vips)
    assert vips.rows == 0, "no more than the page shows"
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    exporting.sweep()
    assert max_.get(f"{path}/file").status_code == 404 and not exporting.file_of(row).exists()

    from dealerline.apps.accounts.models import RoleGrant

    RoleGrant.objects.create(person=world.charlie, role="campaign_manager", scope="store", store=world.west)
    row = Export.objects.create(kind="customers", person=world.charlie, format="csv", language="en")
    exporting.make(row)
    text = exporting.file_of(row).read_text(encoding="utf-8-sig")
    assert "西店的" in text and "HYPERLINK" not in text and "13800000002" not in text and "masked by role" in text


def test_a_group_is_exported_as_far_as_its_exporter_sees_it(world: World, product: Any) -> None:
    customer(world, "东一", "+8613800000001")
    customer(world, "别人", "+8613800000003")
    customer(world, "东西", "+8613800000002", world.west)
    rule = {"how": "all", "of": [{"field": "name", "op": "contains", "value": "东"}]}
    group = Segment.objects.create(name="东的", rule=rule, owner=world.gina, sharing="group")
    own = Segment.objects.create(name="own", rule=rule, owner=world.gina, sharing="private")
    max_ = world.browser("max")
    made = max_.send("POST", "/api/exports", {"kind": "customers", "format": "csv", "segment": group.pk}).json()
    assert made["filters"] == {"segment": group.pk, "segment_name": "东的"}
    row = Export.objects.get(pk=made["id"])
    exporting.make(row)
    text = exporting.file_of(row).read_text(encoding="utf-8-sig")
    assert row.rows == 1 and "东一" in text and "东西" not in text and "别人" not in text
    assert AuditEntry.objects.get(action="export", object_id=str(row.pk)).detail["segment"] == group.pk
    assert max_.send("POST", "/api/exports", {"kind": "customers", "segment": own.pk}).status_code == 404
    group.rule = {"how": "all", "of": [{"field": "gone", "op": "is", "value": 1}]}
    group.save()
    broken = max_.send("POST", "/api/exports", {"kind": "customers", "segment": group.pk})
    assert broken.status_code == 400 and broken.json()["text"]["zh"], broken.content


# machines -------------------------------------------------------------------------------------------------------------
class Machine(Client):
    def __init__(self, token: str) -> None:
        super().__init__(SERVER_NAME="localhost", enforce_csrf_checks=True)
        self.token = token

    def put_row(self, path: str, **values: Any) -> Any:
        return self.put(f"/api/upsert/{path}", json.dumps({"values": values}), content_type="application/json",
                        headers={"Authorization": f"Bearer {self.token}"})  # fmt: skip

    def rows(self, query: str) -> Any:
        return self.get(f"/api/rows/{query}", headers={"Authorization": f"Bearer {self.token}"})

    def read(self, path: str) -> Any:
        return self.get(f"/api/upsert/{path}", headers={"Authorization": f"Bearer {self.token}"})


def test_a_machine_puts_rows_in_by_its_own_keys(world: World) -> None:
    ada = world.browser("ada")
    made = ada.send("POST", "/api/keys", {"name": "DMS", "stores": [world.east.pk], "per_minute": 20}).json()
    machine = Machine(made["token"])
    assert made["token"] not in ada.get("/api/keys").content.decode()
    first = machine.put_row("customers/dms/K-1", name="张三", phone="13800000001", level="金卡")
    assert first.status_code == 200 and first.json()["created"] is True
    again = machine.put_row("customers/dms/K-1", name="张三", phone="13800000001", level="金卡")
    assert again.json() == {"id": first.json()["id"], "kind": "customers", "created": False, "changed": []}
    renamed = machine.put_row("customers/dms/K-1", name="张三丰", level="vip").json()
    assert renamed["changed"] == ["level", "name"] and renamed["id"] == first.json()["id"]
    order = machine.put_row("orders/dms/O-1", number="D1", owner_phone="13800000001", status="ready", amount=123456.5)
    assert order.status_code == 200, order.content
    row = Order.objects.get()
    assert (row.customer_id, row.external_source, row.external_key) == (renamed["id"], "dms", "O-1")
    assert [step.status for step in row.steps.all()] == ["ready"]
    bad = machine.put_row("cars/dms/C-1", vin="SHORT", owner_phone="12", nonsense=1)
    assert bad.status_code == 422 and set(bad.json()["fields"]) == {"nonsense"}
    bad = machine.put_row("cars/dms/C-1", vin="SHORT", owner_phone="12")
    assert set(bad.json()["fields"]) == {"vin", "owner_phone"}
    assert machine.read("customers/dms/K-1").json()["values"]["phones"] == ["+8613800000001"]
    assert machine.read("customers/dms/nobody").status_code == 404
    others = [customer(world, "王五", "+8613800000005").pk, customer(world, "西", "+8613800000006", world.west).pk]
    page = machine.rows("customers?limit=1").json()
    assert [(row["id"], row["key"], row["values"]["phones"]) for row in page["items"]] == [
        (renamed["id"], "K-1", ["+8613800000001"])] and page["next"] == renamed["id"]
    last = machine.rows(f"customers?limit=1&after={page['next']}").json()
    assert ([row["id"] for row in last["items"]], last["next"]) == (others[:1], None), "of its own store"
    assert machine.rows(f"customers?ids={others[1]}&ids={others[0]}").json()["items"][0]["id"] == others[0]
    assert machine.rows("customers?since=2100-01-01T00:00:00Z").json()["items"] == []
    assert [row["customer"] for row in machine.rows("orders").json()["items"]] == [renamed["id"]]
    there = machine.put_row("customers/dms/K-2", name="李四", phone="13800000002", store="west")
    assert there.status_code == 422 and "store" in there.json()["fields"]
    assert machine.get("/api/customers", headers={"Authorization": f"Bearer {made['token']}"}).status_code == 401
    assert Machine("dlk_wrong").put_row("customers/dms/K-1", name="x").status_code == 401
    for _ in range(20):
        last = machine.read("customers/dms/K-1")
    assert last.status_code == 429 and int(last["Retry-After"]) > 0
    assert ada.send("POST", f"/api/keys/{made['id']}/revoke").status_code == 200
    assert machine.read("customers/dms/K-1").status_code == 401
    assert world.browser("max").get("/api/keys").status_code == 403


def test_two_rows_of_a_system_stay_two_and_a_plate_goes_over_to_the_next_car(world: World) -> None:
    made = world.browser("ada").send("POST", "/api/keys", {"name": "DMS", "stores": [world.east.pk]}).json()
    machine = Machine(made["token"])
    person = {"name": "张三", "phone": "13800000001"}
    for key in ("a  b", "-"):  # a key is what it is, though in a list it would be tidied away
        first = machine.put_row(f"customers/dms/{key}", **person).json()
        assert first["created"] and machine.put_row(f"customers/dms/{key}", **person).json()["changed"] == []
        assert machine.read(f"customers/dms/{key}").json()["id"] == first["id"]
    assert Customer.objects.filter(name="张三").count() == 2, "for the rules of duplicates to tell"
    for key in ("n1", "n2", "n1"):  # of one number, so one of ours: its key does not go to and fro
        assert machine.put_row(f"customers/dms/{key}", name="王五", number="C1").json()["changed"] == []
    owner = {"owner_name": "李四", "owner_phone": "13800000002", "plate": "沪A12345"}
    old = machine.put_row("cars/dms/c1", vin="LSVAM4187C2184841", model="old", **owner).json()
    new = machine.put_row("cars/dms/c2", vin="LSVAM4188E2123456", model="new", **owner).json()
    assert new["created"] and Car.objects.get(pk=old["id"]).vin == "LSVAM4187C2184841"
    numbers = machine.read("customers/dms/-").json()["values"]["phones"]
    more = machine.put_row("customers/dms/-", name="张三", phones=[*numbers, "13800000003"]).json()
    assert more["changed"] == ["phones"], "as they are read"
    received = {"number": "R1", "received_at": "2026-03-01T10:00:00+08:00", "owner_phone": "13800000002"}
    assert machine.put_row("repairs/dms/r1", **received).json()["created"]
    assert machine.put_row("repairs/dms/r1", **received).json()["changed"] == []
    read = machine.read("repairs/dms/r1").json()["values"]["received_at"]
    assert machine.put_row("repairs/dms/r1", **(received | {"received_at": read})).json()["changed"] == []
    wrong = machine.put_row("customers/dms/x", name="王五", kind=True, notes={"a": 1}, labels=["x", ["y"]])
    assert wrong.status_code == 422 and set(wrong.json()["fields"]) == {"kind", "notes", "labels"}


def test_two_machines_with_the_same_key_make_one_row_and_a_person_may_do_it_too(world: World) -> None:
    max_ = world.browser("max")
    body = {"values": {"name": "张三", "phone": "13800000001"}}
    first = max_.send("PUT", "/api/upsert/customers/dms-a/1", body).json()
    assert max_.send("PUT", "/api/upsert/customers/dms-b/9", body).json()["id"] == first["id"], (
        "the same number and name"
    )
    gina = world.browser("gina")
    there = {"values": {"name": "李四", "phone": "13800000002", "store": "west"}}
    west = gina.send("PUT", "/api/upsert/customers/dms-a/2", there).json()
    again = gina.send("PUT", "/api/upsert/customers/dms-a/2", {"values": {"name": "李四", "level": "vip"}}).json()
    assert (again["id"], again["changed"]) == (west["id"], ["level"]), "where it is, it stays"
    assert gina.get("/api/upsert/customers/dms-a/2").json()["store"] == world.west.pk
    assert max_.get("/api/upsert/customers/dms-a/2").status_code == 404
    walter = world.browser("walter")
    assert walter.get("/api/upsert/customers/dms-b/9").status_code == 404
    taken = walter.send("PUT", "/api/upsert/customers/dms-b/9", body)
    assert taken.status_code == 422, "the key is another store's"


# web hooks ------------------------------------------------------------------------------------------------------------
class Receiver(BaseHTTPRequestHandler):
    got: list[tuple[dict[str, str], bytes]]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append((dict(self.headers), body))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    handler = type("Handler", (Receiver,), {"got": [], "status": 200})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", handler
    server.shutdown()
    server.server_close()


def test_an_address_that_says_a_sign_now_and_then_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 0.4)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            with server.accept()[0] as peer, suppress(OSError):
                peer.sendall(b"HTTP/1.1 ")
                while not stop.wait(0.1):
                    peer.sendall(b"a")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(sender.HookError) as told:
            sender.send(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, "127.0.0.1")
        stop.set()
        thread.join(5)
    assert told.value.code == "slow"
    with socket.create_server(("127.0.0.1", 0)) as server:
        reached = sender._connected(["::2", "127.0.0.1"], server.getsockname()[1], time.monotonic() + 2)
        assert reached.getpeername()[0] == "127.0.0.1", "of two numbers the one that can be reached"
        reached.close()


def test_a_web_hook_gets_signed_events_again_and_again_until_it_is_dead(
    world: World, receiver: tuple[str, type[Receiver]], settings: Any
) -> None:
    url, handler = receiver
    ada = world.browser("ada")
    body = {"name": "DMS", "url": url, "kinds": ["customer.*"], "stores": None}
    made = ada.send("POST", "/api/hooks", body).json()
    hook = WebHook.objects.get(pk=made["id"])
    now = timezone.now()
    tell_changed("customer", 7, store=world.east.pk, customer=7)
    tell_changed("lead", 8, store=world.east.pk)
    assert hooks.deliver(now + timedelta(seconds=1)) == 1
    row = Delivery.objects.get()
    assert (row.state, row.error) == ("waiting", "inside") and not handler.got, "machines inside are not called"

    settings.DEALERLINE = replace(settings.DEALERLINE, hooks_inside="127.0.0.0/8")
    tell_changed("customer", 9, store=world.east.pk)
    assert hooks.deliver(timezone.now() + timedelta(seconds=2)) == 0, "what is behind a failure waits for it"
    assert hooks.deliver(timezone.now() + timedelta(minutes=2)) == 2
    assert [json.loads(sent)["data"]["id"] for _headers, sent in handler.got] == ["7", "9"], "in their order"
    headers, sent = handler.got[0]
    event = json.loads(sent)
    assert (event["kind"], event["data"]["id"], event["store"]) == ("customer.changed", "7", world.east.pk)
    expected = hmac.new(
        made["secret"].encode(), f"{headers['X-Dealerline-Timestamp']}.".encode() + sent, hashlib.sha256
    )
    assert headers["X-Dealerline-Signature"] == "sha256=" + expected.hexdigest()

    handler.status = 500
    tell_changed("customer", 10, store=world.east.pk)
    at = timezone.now()
    for _try in range(9):
        at += timedelta(days=2)
        hooks.deliver(at)
    listed = ada.get(f"/api/hooks/{hook.pk}/deliveries?state=dead").json()["items"]
    assert [(row["tries"], row["status"]) for row in listed] == [(9, 500)]
    assert "webhook.dead" in ada.get("/api/system").content.decode()
    handler.status = 200
    assert ada.send("POST", f"/api/hooks/{hook.pk}/deliveries/{listed[0]['id']}/again").json()["state"] == "waiting"
    hooks.deliver(timezone.now() + timedelta(seconds=1))
    assert Delivery.objects.filter(state="delivered").count() == 3

    handler.status = 422
    tell_changed("customer", 11, store=world.east.pk)
    hooks.deliver(timezone.now() + timedelta(seconds=1))
    handler.status = 200
    tell_changed("customer", 12, store=world.east.pk)
    assert hooks.deliver(timezone.now() + timedelta(seconds=2)) == 1, "an event that is refused holds up no other"
    assert hooks.deliver(timezone.now() + timedelta(minutes=2)) == 1
    assert [json.loads(sent)["data"]["id"] for _headers, sent in handler.got[-2:]] == ["12", "11"]
    assert ada.send("POST", f"/api/hooks/{hook.pk}/test").json()["taken"] is True
    assert ada.send("POST", "/api/hooks", body | {"url": "ftp://x"}).status_code == 400


def rows_told(handler: type[Receiver]) -> list[tuple[str, int, int | None, str, tuple[str, ...]]]:
    """What was delivered by now, row by row; each once."""
    hooks.deliver(timezone.now() + timedelta(seconds=1))
    bodies = [json.loads(sent)["data"] for _headers, sent in handler.got]
    handler.got.clear()
    return [(row["kind"], row["id"], row["customer"], row["how"], tuple(row.get("fields", ())))
            for body in bodies for row in body["rows"]]


def test_a_web_hook_is_told_of_every_row_that_comes_in_from_outside(
    world: World, receiver: tuple[str, type[Receiver]], settings: Any, product: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEALERLINE = replace(settings.DEALERLINE, hooks_inside="127.0.0.0/8")
    monkeypatch.setattr(hooks, "ROWS", 2)
    url, handler = receiver
    ada, max_ = world.browser("ada"), world.browser("max")
    ada.send("POST", "/api/hooks", {"name": "DMS", "url": url, "kinds": ["customer.changed"], "stores": None})
    ada.send("POST", "/api/hooks", {"name": "West", "url": url, "kinds": ["*"], "stores": [world.west.pk]})

    def bring(name: str, text: str) -> ImportRun:
        run, _rows = checked_list(name, text, store=world.east.pk, person=world.max, at=timezone.now())
        run.state = "waiting"
        run.save()
        applying.apply(run)
        return run

    bring("customers.csv", "姓名,手机\n张三,13800000001\n李四,13800000002\n王五,13800000003\n")
    people = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    assert Delivery.objects.count() == 2, "two rows in the first, one in the second"
    assert rows_told(handler) == [("customers", pk, pk, "made", ()) for pk in people]
    run = bring("cars.csv", "车牌,车主,手机\n渝A12345,张三,13800000001\n渝A22222,赵六,13800000009\n")
    new = Customer.objects.get(name="赵六").pk
    cars = {car.plate: car.pk for car in Car.objects.all()}
    told = [("cars", cars["渝A12345"], people[0], "made", ()), ("customers", new, new, "made", ()),
            ("cars", cars["渝A22222"], new, "made", ())]
    assert rows_told(handler) == told
    changed = bring("customers 2.csv", "姓名,手机,级别,备注\n张三,13800000001,VIP,很急\n李四,13800000002,,\n")
    assert rows_told(handler) == [("customers", people[0], people[0], "changed", ("level", "notes"))]
    for taken_back in (changed, run):
        taken_back.state = "undoing"
        taken_back.save()
        undoing.undo(taken_back)
    assert rows_told(handler) == [
        ("customers", people[0], people[0], "changed", ("level", "notes")),
        *((*row[:3], "removed", ()) for row in (told[2], told[0], told[1]))], "the last first"
    body = {"values": {"plate": "渝A33333", "owner_phone": "13800000002", "owner_name": "李四"}}
    made = max_.send("PUT", "/api/upsert/cars/dms/1", body).json()
    assert rows_told(handler) == [("cars", made["id"], people[1], "made", ())]
    assert max_.send("PUT", "/api/upsert/cars/dms/1", body).json()["changed"] == [] and rows_told(handler) == []


# folders --------------------------------------------------------------------------------------------------------------
def test_files_dropped_into_a_folder_come_in_once(world: World, product: Any) -> None:
    max_ = world.browser("max")
    made = max_.send("POST", "/api/sources", {"code": "dms", "name": "DMS", "store": world.east.pk}).json()
    source = Source.objects.get(pk=made["id"])
    folder: Path = product.inbox / "dms"

    def look() -> None:
        inbox.look_into_all()

    def drop(name: str, text: str, done: bool = True) -> None:
        (folder / name).write_text(text, encoding="utf-8")
        if done:
            (folder / f"{name}.done").touch()

    drop("cars.csv", "外部编号,车牌,车主,手机\nV1,渝A12345,张三,13800000001\nV2,渝A1,李四,13800000002\n")
    drop("customers.csv", "外部编号,姓名,手机\n1,张三,13800000001\n")
    drop("customers-broken.csv", "\x00\x01\x02")
    drop("orders.csv", "订单号,手机\nD1,13800000001\n", done=False)
    look()
    assert [run.kind for run in ImportRun.objects.order_by("pk")] == ["customers", "cars"]
    assert Customer.objects.get().cars.get().plate == "渝A12345"
    done = sorted(path.name.split(" ", 1)[1] for path in (folder / "done").iterdir())
    assert done == ["cars.csv", "cars.csv.report.csv", "customers.csv"]
    report = next((folder / "done").glob("*report.csv")).read_text(encoding="utf-8-sig")
    assert "V2" in report and "渝A1" in report
    refused = sorted(path.name.split(" ", 1)[1] for path in (folder / "refused").iterdir())
    assert refused == ["customers-broken.csv", "customers-broken.csv.why.txt"]
    drop("orders.csv", "订单号,手机,状态\nD1,13800000001,已下单\n", done=False)
    look()
    assert not Order.objects.exists(), "it has grown since the look before"
    look()
    assert Order.objects.get().status == "ordered"

    drop("customers 2.csv", "外部编号,姓名,手机\n1,张三,13800000001\n")
    look()
    assert ImportRun.objects.count() == 3, "the same content again is not even read"
    assert max_.get("/api/sources").json()[0]["waiting"] == []
    drop("customers 3.csv", "外部编号,姓名,手机,级别\n1,张小三,13800000001,VIP\n")
    look()
    run = ImportRun.objects.order_by("-pk").first()
    assert run is not None and run.counts == {"update": 1}
    changed = max_.get(f"/api/imports/{run.pk}/rows?show=update").json()["items"][0]
    assert (changed["before"]["name"], changed["after"]["name"]) == ("张三", "张小三")
    listed = max_.get("/api/sources").json()[0]
    assert listed["trouble"] is None and listed["last"]["id"] == run.pk and listed["waiting"] == []
    assert world.browser("walter").get("/api/sources").json() == []
    assert source.store_id == world.east.pk


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICxAgKbPUhu6dzCRlo3Vf5fkUnUFa0PIbAZ20wARq4vj"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJBZQ3QuT4pfAQ9qv4k4wq5hYoyqe7I2HFlcvixlHX/l"


def test_files_on_a_server_come_in_once_its_key_is_confirmed(world: World, product: Any, settings: Any) -> None:
    """OpenSSH's sftp and its server are real, what stands between them is not: there is no network."""
    there = product.data / "there"
    there.mkdir()
    serve = shlex.join(Tree(settings.DEALERLINE.debroot).command("usr/lib/openssh/sftp-server"))
    say = {"ssh": f"exec {serve}", "ssh-keyscan": f"echo dms.example {KEY}"}
    real = settings.DEALERLINE_PROGRAM
    settings.DEALERLINE_PROGRAM = lambda name: ["sh", "-c", say[name], name] if name in say else real(name)
    remote = {"host": "dms.example", "port": 2222, "username": "dms", "path": str(there)}
    body = {"code": "far", "name": "Far", "store": world.east.pk, "remote": remote}
    assert world.browser("max").send("POST", "/api/sources", body).status_code == 403, "an administrator's"
    ada = world.browser("ada")
    bad = ada.send("POST", "/api/sources", body | {"remote": remote | {"host": "-oProxyCommand=x"}})
    assert bad.status_code == 400 and set(bad.json()["fields"]) == {"host"}
    made = ada.send("POST", "/api/sources", body).json()
    path = f"/api/sources/{made['id']}"
    assert ada.get("/api/sources/our-key").json()["public_key"].startswith("ssh-ed25519 ")
    (there / "customers.csv").write_text("外部编号,姓名,手机\n1,张三,13800000001\n", encoding="utf-8")
    (there / "customers.csv.done").touch()
    inbox.look_into_all()
    assert "host key" in ada.get("/api/sources").json()[0]["trouble"]["en"] and not Customer.objects.exists()
    assert ada.send("POST", f"{path}/try").status_code == 400

    shown = ada.get(f"{path}/host-key").json()
    assert (shown["key"], shown["confirmed"], shown["kind"]) == (KEY, False, "ssh-ed25519")
    assert world.browser("max").send("PUT", f"{path}/host-key", {"key": KEY}).status_code == 403
    assert ada.send("PUT", f"{path}/host-key", {"key": "ssh-rsa x"}).status_code == 400
    assert ada.send("PUT", f"{path}/host-key", {"key": shown["key"]}).json()["remote"]["host_key"] is not None
    assert ada.get(f"{path}/host-key").json()["confirmed"] is True
    assert ada.send("POST", f"{path}/try").json() == {"files": ["customers.csv"]}
    inbox.look_into_all()
    inbox.look_into_all()
    assert [(run.state, run.counts) for run in ImportRun.objects.all()] == [("done", {"new": 1})]
    assert [file.name.split(" ")[1] for file in (there / "done").iterdir()] == ["customers.csv"]

    say["ssh"] = "echo 'REMOTE HOST IDENTIFICATION HAS CHANGED!' >&2; exit 255"
    say["ssh-keyscan"] = f"echo dms.example {OTHER}"
    inbox.look_into_all()
    inbox.look_into_all()
    row = ada.get("/api/sources").json()[0]
    assert "Nothing was fetched" in row["trouble"]["en"]
    alarm = next(one for one in ada.get("/api/system").json()["alarms"] if one["code"] == "connector.host_key")
    assert (alarm["subject"], alarm["count"]) == ("Far", 1), "told once, not every minute"
    assert ada.get(f"{path}/host-key").json()["confirmed"] is False
    elsewhere = ada.send("PUT", path, body | {"remote": remote | {"port": 22}}).json()
    assert elsewhere["remote"]["host_key"] is None, "another address has to be confirmed anew"


# scope ----------------------------------------------------------------------------------------------------------------
def test_who_may_not_is_told_so_on_every_route_of_the_exchange(world: World, anonymous: Any) -> None:
    """Charlie has none of these rights: no route answers him with anything."""
    charlie = world.browser("charlie")
    parts = ("/api/imports", "/api/exports", "/api/sources", "/api/keys", "/api/hooks")
    checked = 0
    for path, methods in api.get_openapi_schema(path_prefix="/api/")["paths"].items():
        if not path.startswith(parts) or path == "/api/imports/kinds":
            continue
        for method in methods:
            target = path.replace("{export}", "00000000-0000-0000-0000-000000000000").replace("{kind}", "customers")
            for name in ("{run}", "{source}", "{key}", "{hook}", "{delivery}"):
                target = target.replace(name, "1")
            status = charlie.send(method.upper(), target).status_code
            assert status in (403, 404, 422), (method, path, status)
            assert anonymous.send(method.upper(), target).status_code in (401, 422), (method, path)
            checked += 1
    assert checked > 25
