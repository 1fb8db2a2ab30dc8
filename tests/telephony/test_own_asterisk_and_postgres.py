"""A centre with an Asterisk and a PostgreSQL of the user's own: nothing of ours is started, calls go through his."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest

from dealerline.runtime import examine_parts
from dealerline.runtime.account import account
from dealerline.runtime.services import wanted
from dealerline.runtime.stack import Stack, free_ports, private_settings
from tests.helpers import open_folder, until
from tests.integration.ari.parts import SipBrowser
from tests.telephony import tones
from tests.telephony.elsewhere import PASSWORD, OwnAsterisk, OwnPostgres
from tests.telephony.town import MENU, PATIENCE, VOICEMAIL, Town, Wire, fill


@dataclass(frozen=True, slots=True)
class Elsewhere:
    town: Town
    asterisk: OwnAsterisk
    postgres: OwnPostgres


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    """Started in the order of a user who has both already: his Asterisk, his PostgreSQL, then Dealerline."""
    wire = Wire()
    with open_folder("dealerline") as folder:
        settings = private_settings(folder / "data", min_free_mb=8)
        who = account(settings)
        server = OwnPostgres(folder / "postgres", free_ports(1)[0], who)
        changes = {"asterisk_url": f"http://127.0.0.1:{settings.asterisk_http_port}", "asterisk_password": PASSWORD,
                   "ami_address": f"127.0.0.1:{settings.ami_port}", "database_url": server.url}
        settings = replace(settings, **changes)
        asterisk = OwnAsterisk(settings, folder / "asterisk", who)
        parts = [name for name in wanted(settings, simulated=True) if name not in ("edge", "speech")]
        assert "asterisk" not in parts and "postgres" not in parts
        try:
            with asterisk.running(), server.running(), Stack(
                    settings.data, children=parts, load=("load_prompts", "load_defaults"), settings=settings) as stack:
                yield Elsewhere(fill(stack, wire), asterisk, server)
        finally:
            wire.close()


def test_a_call_goes_through_both_and_is_recorded(elsewhere: Elsewhere) -> None:
    town = elsewhere.town
    town.hire(0)
    caller = town.ring(MENU, keys="1")
    talk = town.talk_of(caller)
    until(talk.greeted, PATIENCE, lambda: f"both hear each other: {talk.troubles()}", every=0.1)
    assert "dl-" in elsewhere.asterisk.console("bridge show all"), "they meet in the user's Asterisk"
    caller.hang_up()
    town.all_told()
    town.whole_journal([talk.call])
    assert town.outcomes([talk.call]) == ["answered"]
    sound = town.recording_of(talk.call)
    voices = {caller.hum, town.hum(talk.person)}
    heard = [{hertz for hertz in voices if hertz in tones.tones(sound, {hertz}, channel=side)} for side in (0, 1)]
    assert heard == [{caller.hum}, {town.hum(talk.person)}]


def test_the_journal_is_in_the_users_database(elsewhere: Elsewhere) -> None:
    with psycopg.connect(elsewhere.postgres.url) as connection:
        row = connection.execute("SELECT count(*), pg_catalog.current_setting('port') FROM calls_event").fetchone()
    assert row is not None and row[0] > 0 and row[1] == str(elsewhere.postgres.port)


def test_a_voice_message_lands_in_our_recordings(elsewhere: Elsewhere) -> None:
    town = elsewhere.town
    caller = town.ring(VOICEMAIL)
    caller.reaches("voicemail")
    folder = town.stack.settings.recordings / "voicemail"
    until(lambda: any(tones.seconds(path) > 1 for path in folder.glob("*.wav")), PATIENCE, "a second is said")
    caller.hang_up()
    town.all_told()
    (row,) = town.rows("SELECT path, seconds FROM calls_voicemessage WHERE call_id = %s", caller.call)
    assert row["seconds"] > 0
    assert tones.tones(town.stack.settings.recordings / row["path"], {caller.hum}) == {caller.hum}


def test_the_headset_test_is_an_echo_there_too(elsewhere: Elsewhere) -> None:
    town = elsewhere.town
    town.anew()
    town.hire(0)
    town.ready(0)
    person, port = town.people[0], town.stack.settings.switch_port
    town._json(port, "/internal/test_call", "POST", {"person": person})
    user = f"phone-{town.phone_of(person)}"

    def hears_himself() -> bool:
        rung = [c["id"] for c in town.simulator("GET", "/calls")["calls"] if c["number"] == user]
        own = town.hum(person)
        return bool(rung) and tones.seconds(town.ear(rung[0])) > 1 and own in tones.tones(town.ear(rung[0]), {own}, 0.5)

    until(hears_himself, PATIENCE, "he hears himself", every=0.2)
    town.anew()


async def test_a_browser_is_let_in_with_its_derived_password(elsewhere: Elsewhere) -> None:
    settings, user = elsewhere.town.stack.settings, f"agent-{elsewhere.town.people[0]}"
    async with SipBrowser(settings.asterisk_http_port, user, settings.sip_password(user)) as browser:
        assert await browser.register() == 200


def test_nothing_of_ours_was_started_and_the_doctor_is_content(elsewhere: Elsewhere) -> None:
    settings = elsewhere.town.stack.settings
    assert not (settings.data / "postgres").exists() and not (settings.data / "asterisk").exists()
    findings = [*examine_parts.asterisk(settings), *examine_parts.database(settings), *examine_parts.call(settings)]
    assert [f for f in findings if f.result == "wrong"] == []
    elsewhere.town.no_repairs()
