"""SIP accounts reach a real Asterisk, and work there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from dealerline.domain.sip import password
from dealerline.switch.ari import Ari
from dealerline.switch.ari import models as m
from dealerline.switch.directory import Carrier, DeskPhone, Person, Snapshot
from dealerline.switch.provision import Provisioner, Report
from tests.integration.ari.parts import Server, SipBrowser, until

NOTHING = Snapshot()


def person(number: int) -> Person:
    return Person(number, 1, "somebody", str(1000 + number), (), ())


@pytest.fixture
def events() -> list[Any]:
    return []


@pytest.fixture
async def ari(server: Server, events: list[Any]) -> AsyncIterator[Ari]:
    client = server.ari(on_event=events.append, subscriptions=("endpoint:PJSIP",))
    client.start()
    await client.ready(30)
    await provisioner(server, client).apply(NOTHING)
    events.clear()
    yield client
    await provisioner(server, client).apply(NOTHING)
    await client.close()


def provisioner(server: Server, ari: Ari) -> Provisioner:
    return Provisioner(ari, server.settings.secret("sip"))


async def endpoints(ari: Ari) -> dict[str, str]:
    return {e.resource: e.state for e in await ari.endpoints.list_by_tech("PJSIP") if e.resource != "doctor"}


async def states(ari: Ari, wanted: dict[str, str]) -> bool:
    return await endpoints(ari) == wanted


async def test_a_pushed_browser_account_registers_over_websocket_at_once(
    server: Server, ari: Ari, events: list[Any]
) -> None:
    report = await provisioner(server, ari).apply(Snapshot(people=(person(7),)))
    assert report == Report(put=3)
    word = password(server.settings.secret("sip"), "agent-7")
    async with SipBrowser(server.settings.asterisk_http_port, "agent-7", word) as browser:
        assert await browser.register() == 200
        await until(lambda: states(ari, {"agent-7": "online"}), "online as soon as it answers")

    await until(lambda: states(ari, {"agent-7": "offline"}), "a closed page is offline at once")
    told = [e.endpoint.state for e in events if isinstance(e, m.EndpointStateChange)]
    assert told[-2:] == ["online", "offline"]


async def test_a_wrong_password_or_an_account_that_is_gone_cannot_register(server: Server, ari: Ari) -> None:
    accounts = provisioner(server, ari)
    await accounts.apply(Snapshot(people=(person(7),)))
    port, word = server.settings.asterisk_http_port, password(server.settings.secret("sip"), "agent-7")
    async with SipBrowser(port, "agent-7", "guess") as browser:
        assert await browser.register() == 401
    assert await accounts.apply(NOTHING) == Report(deleted=3)
    async with SipBrowser(port, "agent-7", word) as browser:
        assert await browser.register() == 401, "and cannot tell that the account is gone"


async def test_a_second_browser_of_the_same_person_takes_over(server: Server, ari: Ari) -> None:
    await provisioner(server, ari).apply(Snapshot(people=(person(7),)))
    word = password(server.settings.secret("sip"), "agent-7")
    async with (
        SipBrowser(server.settings.asterisk_http_port, "agent-7", word) as old,
        SipBrowser(server.settings.asterisk_http_port, "agent-7", word) as new,
    ):
        assert await old.register() == 200
        assert await new.register() == 200
        shown = server.asterisk.console("pjsip show contacts")
        assert shown.count("agent-7/") == 1


async def test_only_what_changed_is_pushed(server: Server, ari: Ari) -> None:
    accounts = provisioner(server, ari)
    people = tuple(person(n) for n in range(1, 31))
    carrier = Carrier(1, "c", "192.0.2.7", match=("192.0.2.0/24",))
    first = await accounts.apply(Snapshot(people=people, carriers=(carrier,)))
    assert (first.put, first.failed) == (93, [])
    assert await accounts.apply(Snapshot(version=2, people=people, carriers=(carrier,))) == Report()
    changed = replace(carrier, codecs=("alaw",))
    assert await accounts.apply(Snapshot(people=people, carriers=(changed,))) == Report(put=1)
    moved = replace(changed, match=("198.51.100.1",))
    assert await accounts.apply(Snapshot(people=people, carriers=(moved,))) == Report(put=1)
    shown = server.asterisk.console("pjsip show identifies")
    assert "198.51.100.1/32" in shown and "192.0.2.0" not in shown
    assert await accounts.apply(Snapshot(people=people[:-1], carriers=(moved,))) == Report(deleted=3)


async def test_a_restarted_switch_pushes_nothing_when_nothing_changed(server: Server, ari: Ari) -> None:
    snapshot = Snapshot(people=(person(1), person(2)), phones=(DeskPhone(3, 1, "reception", "Reception"),))
    await provisioner(server, ari).apply(snapshot)
    assert await provisioner(server, ari).apply(snapshot) == Report()


async def test_a_restarted_switch_with_news_leaves_no_old_accounts(server: Server, ari: Ari) -> None:
    await provisioner(server, ari).apply(Snapshot(people=(person(1), person(2))))
    await provisioner(server, ari).apply(Snapshot(people=(person(2), person(3))))
    assert set(await endpoints(ari)) == {"agent-2", "agent-3"}


async def test_a_phone_with_a_name_of_its_own_is_rung_by_its_number(server: Server, ari: Ari) -> None:
    accounts = provisioner(server, ari)
    await accounts.apply(Snapshot(phones=(DeskPhone(3, 1, "reception", "Reception"), DeskPhone(4, 1, "phone-4", "x"))))
    word = password(server.settings.secret("sip"), "reception")
    async with SipBrowser(server.settings.asterisk_http_port, "reception", word) as phone:
        assert await phone.register() == 200
        wanted = {"phone-3": "online", "reception": "online", "phone-4": "offline"}
        await until(lambda: states(ari, wanted), "both names of the phone")


async def test_names_that_would_take_over_others_accounts_are_refused(server: Server, ari: Ari) -> None:
    phones = tuple(
        DeskPhone(n, 1, name, "x") for n, name in enumerate(("agent-1", "carrier-1", "doctor", "a b", "ok", "ok"), 1)
    )
    report = await provisioner(server, ari).apply(Snapshot(people=(person(1),), phones=phones))
    assert len(report.failed) == 5
    assert set(await endpoints(ari)) == {"agent-1", "phone-5", "ok"}


@pytest.fixture
async def outside(carrier: Server) -> AsyncIterator[tuple[Ari, list[Any]]]:
    """The carrier's end: an account named ``trunk``."""
    heard: list[Any] = []
    client = carrier.ari(on_event=heard.append)
    client.start()
    await client.ready(30)
    await Provisioner(client, carrier.settings.secret("sip")).apply(Snapshot(phones=(DeskPhone(1, 1, "trunk", "us"),)))
    yield client, heard
    await Provisioner(client, carrier.settings.secret("sip")).apply(NOTHING)
    await client.close()


def registering(carrier: Server, word: str = "") -> Carrier:
    return Carrier(
        5,
        "registers",
        "127.0.0.1",
        carrier.settings.sip_port,
        username="trunk",
        password=word or password(carrier.settings.secret("sip"), "trunk"),
        register=True,
    )


def started(events: list[Any]) -> Callable[[], list[m.StasisStart]]:
    return lambda: [e for e in events if isinstance(e, m.StasisStart)]


async def test_a_carrier_by_registration_signs_in_and_carries_calls_both_ways(
    server: Server, carrier: Server, ari: Ari, outside: tuple[Ari, list[Any]], events: list[Any]
) -> None:
    there, heard = outside
    report = await provisioner(server, ari).apply(Snapshot(carriers=(registering(carrier),)))
    assert (report.put, report.failed) == (5, [])

    async def online() -> bool:
        return (await endpoints(there)).get("trunk") == "online"

    await until(online, "registered at the carrier")
    await there.channels.originate(
        endpoint=f"PJSIP/trunk/sip:02388880001@127.0.0.1:{server.settings.sip_port}",
        app="dealerline",
        caller_id="13800138000 <13800138000>",
    )
    (call,) = await until(started(events), "a call comes in")
    assert call.args == ["in", "02388880001", "carrier-5"]
    await ari.channels.hangup(call.channel.id)

    heard.clear()
    out = await ari.channels.originate(endpoint="PJSIP/13900139000@carrier-5", app="dealerline", app_args="out")
    (call,) = await until(started(heard), "a call goes out")
    assert call.args == ["desk", "13900139000", "trunk"]
    await ari.channels.hangup(out.id)


async def test_a_carrier_that_is_removed_signs_off_and_a_mended_password_signs_in(
    server: Server, carrier: Server, ari: Ari, outside: tuple[Ari, list[Any]]
) -> None:
    there, _ = outside
    accounts = provisioner(server, ari)

    async def state() -> str:
        return (await endpoints(there)).get("trunk", "")

    async def is_(wanted: str) -> bool:
        return await state() == wanted

    await accounts.apply(Snapshot(carriers=(registering(carrier, "wrong"),)))
    await until(lambda: "Rejected" in server.asterisk.console("pjsip show registrations"), "refused")
    report = await accounts.apply(Snapshot(carriers=(registering(carrier),)))
    assert report.failed == []
    await until(lambda: is_("online"), "signed in with the right one")
    await accounts.apply(NOTHING)
    await until(lambda: is_("offline"), "signed off")


async def test_a_carrier_by_address_is_known_by_it_and_others_are_not(
    server: Server, carrier: Server, ari: Ari, outside: tuple[Ari, list[Any]], events: list[Any]
) -> None:
    there, heard = outside
    by_address = Carrier(6, "by address", "127.0.0.1", carrier.settings.sip_port, match=("127.0.0.1",))
    target = f"PJSIP/trunk/sip:400123@127.0.0.1:{server.settings.sip_port}"
    stranger = await there.channels.create(endpoint=target, app="dealerline")
    await until(started(heard), "a channel may be dialled only once it is in our hands")
    await there.channels.dial(stranger.id)
    await until(lambda: any(isinstance(e, m.ChannelDestroyed) for e in heard), "a stranger is turned away")
    assert started(events)() == []

    await provisioner(server, ari).apply(Snapshot(carriers=(by_address,)))
    await there.channels.originate(endpoint=target, app="dealerline")
    (call,) = await until(started(events), "the carrier is let in")
    assert call.args == ["in", "400123", "carrier-6"]
    await ari.channels.hangup(call.channel.id)


async def test_asterisk_restarted_has_its_accounts_again_and_phones_can_register(mortal: Server) -> None:
    snapshot = Snapshot(people=(person(1),))
    accounts: list[Provisioner] = []
    reports: list[Report] = []

    async def back() -> None:
        accounts[0].forget()
        reports.append(await accounts[0].apply(snapshot))

    client = mortal.ari(on_back=back)
    accounts.append(provisioner(mortal, client))
    client.start()
    try:
        await client.ready(30)
        mortal.stop()
        mortal.start()
        await until(lambda: len(reports) == 2 and client.connected, "back", 30)
        assert [r.put for r in reports] == [3, 3]
        word = password(mortal.settings.secret("sip"), "agent-1")
        async with SipBrowser(mortal.settings.asterisk_http_port, "agent-1", word) as browser:
            assert await browser.register() == 200
    finally:
        await client.close()


async def test_a_thousand_accounts_leave_room_for_calls(server: Server, ari: Ari) -> None:
    accounts = provisioner(server, ari)
    pushing = asyncio.create_task(accounts.apply(Snapshot(people=tuple(person(n) for n in range(1, 1001)))))
    answered = 0
    while not pushing.done():
        await ari.asterisk.ping()
        answered += 1
    assert (await pushing).put == 3000
    assert answered > 10, "a request made meanwhile does not wait for all of them"
