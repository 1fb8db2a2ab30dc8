"""Which SIP accounts a snapshot asks for, and what a change of it means."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from dealerline.domain.sip import password
from dealerline.switch.directory import Carrier, DeskPhone, Person, Snapshot
from dealerline.switch.provision import Key, changes, desired

PERSON = Person(7, 1, "王芳", "1007", ("agent",), (1,))
TRUNK = Carrier(2, "trunk", "sip.example.net", username="us", password="word", register=True)


def fields(snapshot: Snapshot, kind: str, name: str) -> dict[str, str]:
    objects, _ = desired(snapshot, "s3cret")
    (found,) = [f for key, f in objects.items() if (key.type, key.id) == (kind, name)]
    return dict(found)


def test_passwords_are_derived_as_the_architecture_says() -> None:
    expected = hmac.new(b"s3cret", b"agent-7", hashlib.sha256).hexdigest()[:32]
    assert password("s3cret", "agent-7") == expected
    assert fields(Snapshot(people=(PERSON,)), "auth", "agent-7")["password"] == expected


def test_a_browser_is_webrtc_and_may_only_reach_the_switch() -> None:
    endpoint = fields(Snapshot(people=(PERSON,)), "endpoint", "agent-7")
    assert endpoint["webrtc"] == "yes" and endpoint["context"] == "from-agent" and endpoint["direct_media"] == "no"
    aor = fields(Snapshot(people=(PERSON,)), "aor", "agent-7")
    assert (aor["max_contacts"], aor["remove_existing"]) == ("1", "yes")


def test_only_desk_phones_transfer_by_themselves() -> None:
    """And never with ari-only handling, which a telephone can kill Asterisk 22.10 with."""
    snapshot = Snapshot(people=(PERSON,), phones=(DeskPhone(4, 1, "reception", "desk"),), carriers=(TRUNK,))
    for name in ("agent-7", "carrier-2"):
        assert fields(snapshot, "endpoint", name)["allow_transfer"] == "no"
    for name in ("phone-4", "reception"):
        assert fields(snapshot, "endpoint", name)["allow_transfer"] == "yes"
    assert "TRANSFER_HANDLING" not in str(desired(snapshot, "s3cret")[0])


def test_no_account_carries_a_persons_name_or_number() -> None:
    objects, _ = desired(Snapshot(people=(PERSON,)), "s3cret")
    assert "王芳" not in str(objects) and "1007" not in str(objects)


def test_a_registering_carrier_has_all_five_parts_in_the_order_they_are_made() -> None:
    objects, faults = desired(Snapshot(carriers=(TRUNK,)), "s3cret")
    assert not faults
    assert [key.type for key in sorted(objects)] == ["auth", "aor", "endpoint", "identify", "registration"]
    assert fields(Snapshot(carriers=(TRUNK,)), "identify", "carrier-2")["match"] == "sip.example.net"


def test_a_carrier_by_address_has_no_registration_and_its_networks() -> None:
    carrier = Carrier(3, "ip", "192.0.2.1", 5080, "tcp", match=("192.0.2.0/24", "198.51.100.9"))
    objects, _ = desired(Snapshot(carriers=(carrier,)), "s3cret")
    assert [key.type for key in sorted(objects)] == ["aor", "endpoint", "identify"]
    assert fields(Snapshot(carriers=(carrier,)), "aor", "carrier-3")["contact"] == "sip:192.0.2.1:5080;transport=tcp"


@pytest.mark.parametrize("broken", [{"host": ""}, {"username": ""}, {"transport": "pigeon"}])
def test_a_carrier_that_cannot_work_is_named_and_the_others_are_made(broken: dict[str, str]) -> None:
    objects, faults = desired(Snapshot(carriers=(replace(TRUNK, **broken), replace(TRUNK, id=9))), "s3cret")  # type: ignore[arg-type]
    assert len(faults) == 1 and "carrier 2" in faults[0]
    assert {key.id for key in objects} == {"carrier-9"}


def test_a_new_password_means_a_new_registration_and_nothing_else() -> None:
    before, _ = desired(Snapshot(carriers=(TRUNK,)), "s3cret")
    after, _ = desired(Snapshot(carriers=(replace(TRUNK, password="new"),)), "s3cret")
    put, gone = changes(before, after)
    assert [key.type for key in put] == ["auth", "registration"] and gone == []


def test_what_goes_is_taken_away_before_what_it_stands_on() -> None:
    before, _ = desired(Snapshot(carriers=(TRUNK,)), "s3cret")
    _, gone = changes(before, {})
    assert [key.type for key in gone] == ["registration", "identify", "endpoint", "aor", "auth"]


def test_a_phone_with_its_own_name_has_two_endpoints_and_one_contact() -> None:
    objects, _ = desired(Snapshot(phones=(DeskPhone(3, 1, "reception", "前台"),)), "s3cret")
    assert {(k.type, k.id) for k in objects} == {
        ("auth", "reception"),
        ("aor", "reception"),
        ("endpoint", "reception"),
        ("endpoint", "phone-3"),
    }
    assert Key(2, "endpoint", "phone-3") in objects
