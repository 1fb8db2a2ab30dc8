"""Signing in: lock-out told in seconds, second factor, passwords, the audit log that nobody can rewrite."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from dealerline.adapters import snapshot
from dealerline.apps.accounts.models import Person, RoleGrant
from dealerline.apps.audit.models import AuditEntry
from dealerline.switch import tickets
from dealerline.switch.directory import Viewer
from tests.integration.records.conftest import PASSWORD, Browser, World

pytestmark = pytest.mark.django_db


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_signing_in_and_out_is_audited_and_tells_rights(world: World, anonymous: Browser) -> None:
    answer = anonymous.sign_in("alice").json()
    assert answer["signed_in"]
    assert answer["person"]["roles"] == ["agent"]
    assert answer["person"]["masked"] is True
    assert [store["code"] for store in answer["person"]["stores"]] == ["east"]
    assert anonymous.get("/api/me").json()["username"] == "alice"
    anonymous.send("DELETE", "/api/session")
    assert anonymous.get("/api/me").status_code == 401
    assert actions() == ["sign_in", "sign_out"]


def test_a_wrong_password_and_an_unknown_name_are_told_apart_by_nobody(world: World, anonymous: Browser) -> None:
    wrong, unknown = anonymous.sign_in("alice", "no"), anonymous.sign_in("nobody", "no")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.json()["code"] == "wrong"


def test_after_five_wrong_passwords_the_right_one_is_locked_out_too_and_the_seconds_are_told(
    world: World, anonymous: Browser
) -> None:
    for _ in range(5):
        answer = anonymous.sign_in("alice", "wrong")
    assert answer.status_code == 429
    answer = anonymous.sign_in("alice")
    assert (answer.status_code, answer.json()["code"]) == (429, "locked")
    assert 0 < answer.json()["seconds"] <= 301
    assert answer["Retry-After"] == str(answer.json()["seconds"])
    assert "分钟" in answer.json()["text"]["zh"]
    assert anonymous.sign_in("bob").status_code == 200  # others at the same address go on
    assert "sign_in_locked" in actions()


def test_an_administrator_unlocks(world: World, anonymous: Browser) -> None:
    for _ in range(5):
        anonymous.sign_in("alice", "wrong")
    ada = world.browser("ada")
    ada.generic(
        "POST",
        "/admin/accounts/person/",
        f"action=unlock&_selected_action={world.alice.pk}&csrfmiddlewaretoken={ada.token}",
        content_type="application/x-www-form-urlencoded",
    )
    assert anonymous.sign_in("alice").status_code == 200


def test_a_form_of_another_site_cannot_sign_anybody_in(world: World) -> None:
    answer = Browser().post(
        "/api/session", json.dumps({"username": "alice", "password": PASSWORD}), content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


def test_somebody_inactive_cannot_sign_in_and_his_session_ends(world: World, anonymous: Browser) -> None:
    alice = world.browser("alice")
    world.alice.is_active = False
    world.alice.save()
    assert alice.get("/api/me").status_code == 401
    assert anonymous.sign_in("alice").status_code == 401


def test_the_second_factor_is_asked_for_once_confirmed(world: World, anonymous: Browser) -> None:
    alice = world.browser("alice")
    begun = alice.send("POST", "/api/me/totp").json()
    assert begun["url"].startswith("otpauth://totp/Dealerline")
    assert anonymous.sign_in("alice").status_code == 200  # not confirmed: it does not count yet
    device = TOTPDevice.objects.get(user=world.alice)
    assert alice.send("POST", "/api/me/totp/confirm", {"code": "000000"}).status_code in (200, 400)
    device.throttle_reset()
    code = f"{totp(device.bin_key):06d}"
    assert alice.send("POST", "/api/me/totp/confirm", {"code": code}).status_code == 200
    asked = Browser().sign_in("alice")
    assert (asked.status_code, asked.json()["code"]) == (401, "code_needed")
    assert Browser().sign_in("alice", code=code).json()["code"] == "code_wrong"  # a code is good once
    TOTPDevice.objects.filter(user=world.alice).update(
        last_t=-1, throttling_failure_count=0, throttling_failure_timestamp=None
    )
    assert Browser().sign_in("alice", code=f"{totp(device.bin_key):06d}").status_code == 200


def test_a_weak_new_password_is_refused_in_words_and_a_good_one_keeps_the_session(world: World) -> None:
    alice = world.browser("alice")
    weak = alice.send("POST", "/api/me/password", {"old": PASSWORD, "new": "1234567890"})
    assert (weak.status_code, set(weak.json()["fields"])) == (400, {"new"})
    assert alice.send("POST", "/api/me/password", {"old": "wrong", "new": "quite another 1"}).json()["code"] == "wrong"
    assert alice.send("POST", "/api/me/password", {"old": PASSWORD, "new": "quite another 1"}).status_code == 200
    assert alice.get("/api/me").status_code == 200
    assert Browser().sign_in("alice", "quite another 1").status_code == 200


def test_a_first_password_must_be_changed_before_anything_else(world: World) -> None:
    world.alice.must_change_password = True
    world.alice.save()
    alice = world.browser("alice")
    assert alice.get("/api/calls").json()["code"] == "password_old"
    assert alice.get("/api/me").json()["must_change_password"] is True
    assert alice.send("POST", "/api/me/password", {"old": PASSWORD, "new": "quite another 1"}).status_code == 200
    assert alice.get("/api/calls").status_code == 200


def test_passwords_are_stored_as_argon2(db: None, settings: Any) -> None:
    from django.contrib.auth.hashers import make_password

    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]
    assert make_password("x").startswith("argon2$argon2id$")


def test_the_desks_ticket_is_signed_names_the_person_and_lasts_a_minute(world: World, product: Any) -> None:
    ticket = world.browser("alice").send("POST", "/api/desk/ticket").json()["ticket"]
    body, _, signature = ticket.partition(".")
    assert signature == hmac.new(product.secret("desk").encode(), body.encode(), hashlib.sha256).hexdigest()
    data = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert (data["person"], data["login"]) == (world.alice.pk, "alice")
    assert 55 < data["exp"] - time.time() <= 61


def test_a_sales_consultants_pages_hear_of_what_he_may_see_until_he_signs_out(
    world: World, product: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr("dealerline.apps.accounts.api.tell_switch", lambda path, body: told.append((path, body)))
    sally = Person.objects.create(username="sally", name="Sally", store=world.east)
    RoleGrant.objects.create(person=sally, role="sales", scope="store", store=world.east)
    browser = Browser().become(sally)
    ticket = tickets.read(browser.send("POST", "/api/desk/ticket").json()["ticket"], product.secret("desk"), 0)
    viewers = {viewer.id: viewer for viewer in snapshot.build().viewers}
    east = (world.east.pk,)
    assert viewers[sally.pk] == Viewer(
        sally.pk, "Sally", east[0], hears=(("customers.view", east), ("leads.view", east), ("promises.view", east))
    )
    assert sally.pk not in {person.id for person in snapshot.build().people}, "nobody can transfer to her"
    alice, gina = viewers[world.alice.pk], viewers[world.gina.pk]
    assert (alice.desk, alice.board, dict(alice.hears)["messages.view"]) == (True, True, east)
    assert dict(gina.hears)["customers.merge"] == (world.east.pk, world.west.pk)
    assert len(ticket.session) == 24
    assert browser.send("DELETE", "/api/session").status_code == 200
    assert told == [("signed_out", {"session": ticket.session})]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET username = 'somebody else'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
    ],
)
def test_nobody_rewrites_the_audit_log(world: World, anonymous: Browser, statement: str) -> None:
    anonymous.sign_in("alice")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert actions() == ["sign_in"]


def test_no_password_or_customer_reaches_the_audit_log(world: World, anonymous: Browser) -> None:
    anonymous.sign_in("alice", "a secret nobody may read")
    alice = world.browser("alice")
    alice.send("POST", "/api/customers", {"name": "王小明", "phone": "13900001111"})
    text = json.dumps(list(AuditEntry.objects.values("username", "action", "object_id", "detail")), ensure_ascii=False)
    for secret in ("a secret nobody", "王小明", "13900001111"):
        assert secret not in text
