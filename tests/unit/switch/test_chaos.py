"""Days of random calls, hang-ups at every step, lost pages and killed switches in seconds: nothing may stay behind."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.directory import DeskPhone
from dealerline.switch.media import Arrived, Digit, Failed, Gone, Held
from dealerline.switch.model import TALKS, Call, Phase
from tests.unit.switch.world import DUTY, MENU, MESSAGE, SALES, World, snapshot

VERBS = (
    *("hold", "unhold", "mute", "unmute", "hangup", "refuse", "wrap_done", "wrap_more"),
    *("bring", "bring", "bring", "complete", "cancel", "three_way", "swap", "remove", "aside", "back", "host"),
    "room_volume",
    *("dial", "dial", "take", "take", "take", "swap"),
    *("lock", "unlock", "record_pause", "record_resume", "supervise", "take_over", "raise_hand", "rejoin"),
)


PARTIES = ("hold", "unhold", "mute", "unmute")
MODES = ("listen", "whisper", "barge")
LEVELS = ("normal", "soft", "off")
AT_A_CALL = ("reserved", "ringing", "talking", "wrap", "outbound", "supervising")
NEVER_SILENT = {Phase.QUEUED, Phase.OFFERED, Phase.TRANSFER, *TALKS}


class Chaos:
    """Everybody does something at random, but only what the world allows."""

    def __init__(self, folder: Path, seed: int, **changes: Any) -> None:
        self.random = random.Random(seed)
        people = changes.pop("people", snapshot().people)
        changes["people"] = tuple(replace(p, mobile=f"+861371111000{p.id}", phone=p.id) for p in people if p.id != 3)
        changes["people"] += tuple(p for p in people if p.id == 3)  # one has none
        changes["phones"] = tuple(DeskPhone(p.id, 1, f"phone-{p.id}", "") for p in people)
        self.world = World(folder, seats=seed % 2 == 1, **changes)
        self.sessions: dict[int, Session] = {}
        self.tabs = 0
        self.devices: dict[int, str] = {}

    def step(self) -> None:
        verbs = (
            self.rings,
            self.rings,
            self.hangs_up,
            self.key,
            self.sound_ends,
            self.sound_ends,
            self.phone_answers,
            self.phone_answers,
            self.phone_fails,
            self.agent_comes,
            self.agent_wishes,
            self.agent_acts,
            self.page_closes,
            self.time_passes,
            self.time_passes,
            self.agent_channel_ends,
            self.message_ends,
            self.he_presses,
            self.desk_phone_does,
        )
        self.random.choice(verbs)()

    def rings(self) -> None:
        if len(self.world.core.calls) < 8:
            self.world.ring(self.random.choice((SALES, SALES, MENU, MESSAGE, DUTY)))

    def customers(self) -> list[str]:
        return [c.channel for c in self.world.core.calls.values() if c.channel in self.world.media.channels]

    def hangs_up(self) -> None:
        if channels := self.customers():
            self.world.end(self.random.choice(channels))

    def key(self) -> None:
        calls = list(self.world.core.calls.values())
        if calls:
            self.world.key(self.random.choice(calls), self.random.choice("12*#7"))

    def sound_ends(self) -> None:
        calls = [
            c
            for c in self.world.core.calls.values()
            if any(v[0] == c.channel for v in self.world.media.playing.values())
        ]
        if calls:
            self.world.played(self.random.choice(calls))

    def ringing_legs(self) -> list[str]:
        media = self.world.media
        return [c for c in media.legs if c in media.channels and media.channels[c].state == "Ringing"]

    def phone_answers(self) -> None:
        if legs := self.ringing_legs():
            channel = self.random.choice(legs)
            leg = self.world.media.legs[channel]
            self.world.media.answer(channel)
            self.world.engine.handle(Arrived(channel, leg.args))

    def he_presses(self) -> None:
        """Who was rung outside, and hears that he shall press a key, does so."""
        calls = self.world.core.calls.values()
        asked = [leg for c in calls for leg in (*c.legs_all, c.next_leg) if leg is not None and leg.asking]
        for leg in asked:
            self.world.engine.handle(Digit(leg.channel, self.random.choice("112")))

    def desk_phone_does(self) -> None:
        """Somebody uses his desk phone's own keys."""
        calls = self.world.core.calls.values()
        legs = [leg for c in calls for leg in c.legs_all if leg.answered and leg.endpoint.startswith("phone-")]
        if not legs:
            return
        leg = self.random.choice(legs)
        channel = leg.spare if leg.spare and self.random.random() < 0.5 else leg.channel
        if self.random.random() < 0.4:
            user = leg.endpoint
            self.world.dials(user, self.random.choice(("801", "802", "804", "805", "13900000001", SALES, "h")))
            return
        if leg.lines is not None and self.random.random() < 0.2:
            self.world.end(channel, self.random.choice((16, 16, 20)))
            return
        if self.random.random() < 0.7:
            self.world.engine.handle(Held(channel, self.random.random() < 0.5))
            return
        number = self.random.choice(("801", "802", "804", "13900000001", MESSAGE, ""))
        self.world.engine.handle(Held(channel, False))  # Asterisk says so at every REFER
        self.world.refers(channel, number)
        if self.random.random() < 0.9 and channel in self.world.media.channels:
            self.world.end(channel)

    def phone_fails(self) -> None:
        if legs := self.ringing_legs():
            channel = self.random.choice(legs)
            if self.random.random() < 0.2:
                self.world.media.lose(channel)
                self.world.engine.handle(Failed("ring", channel, 400, "allocation failed"))
                self.world.engine.handle(Gone(channel, 20))
            else:
                self.world.end(channel, self.random.choice((17, 19, 20, 21, 3)))

    def agent_comes(self) -> None:
        person = self.random.choice((1, 1, 2, 2, 3, 4, 5, 5))
        self.tabs += self.random.random() < 0.5
        device = self.devices.setdefault(person, "browser")
        if self.random.random() < 0.2:  # another device, and with it another page
            device = self.devices[person] = self.random.choice(("browser", "outside", "phone"))
            self.tabs += 1
        self.sessions[person] = self.world.sign_in(person, tab=f"tab{self.tabs}", ready=False, device=device)

    def agent_wishes(self) -> None:
        for session in self.sessions.values():
            wish = self.random.choice(("ready", "ready", "ready", "busy", "offline"))
            self.world.ask(session, "state", state=wish, reason="break" if wish == "busy" else None)

    def agent_acts(self) -> None:
        for session in self.sessions.values():
            seat = self.world.core.seats.get(session.desk.person)
            if seat is not None and seat.rejoin is not None and self.random.random() < 0.3:
                self.world.ask(session, "rejoin", call=seat.rejoin.id)
            elif seat is not None and seat.call is not None:
                self.acts_on_his_call(session, self.random.choice((seat.call, *seat.calls)))
            elif self.leads(session.desk.person) and self.random.random() < 0.6:
                mode = self.random.choice(MODES)
                self.world.ask(session, "supervise", person=self.random.choice((1, 2, 3, 5)), mode=mode)
            elif self.random.random() < 0.2:
                self.world.ask(session, "dial", number="13900000001", line=1)
            elif self.random.random() < 0.1:
                self.world.ask(session, "headset_test")

    def leads(self, person: int) -> bool:
        return "shift_lead" in self.world.core.lookup.people[person].roles

    def acts_on_his_call(self, session: Session, call: Call) -> None:
        """Anything that a call card offers, sensible or not."""
        verb = self.random.choice(VERBS)
        if verb == "dial":
            self.world.ask(session, "dial", number=f"1390000001{self.random.randrange(9)}", line=1)
            return
        fields: dict[str, Any] = {"call": call.id}
        labels = ["customer", *(leg.label for leg in call.legs_all)]
        if verb == "bring":
            fields["how"] = self.random.choice(("transfer", "consult", "invite"))
            fields["target"] = self.random.choice(
                (
                    {"kind": "person", "id": self.random.choice((1, 2, 4, 5))},
                    {"kind": "number", "number": f"1390000000{self.random.randrange(1, 9)}"},
                    {"kind": "queue", "id": 10},
                    {"kind": "line", "id": 2},
                )
            )
        elif verb in ("aside", "back"):
            fields["parties"] = [self.random.choice(labels), self.random.choice(labels)]
            if verb == "aside":
                fields["room"], fields["main"] = self.random.choice(("", "s1")), self.random.choice(("", "soft", "off"))
        elif verb == "room_volume":
            fields |= {"room": self.random.choice(("s1", "s2")), "level": self.random.choice(LEVELS)}
        elif verb in ("host", "remove") or (verb in PARTIES and self.random.random() < 0.3):
            fields["party"] = self.random.choice(labels)
        elif verb == "supervise":
            fields["person"], fields["mode"] = self.random.choice((1, 2, 3, 5)), self.random.choice(MODES)
        self.world.ask(session, verb, **fields)

    def page_closes(self) -> None:
        if self.sessions and self.random.random() < 0.5:
            person = self.random.choice(list(self.sessions))
            session = self.sessions.pop(person)
            if self.random.random() < 0.5:
                seat = self.world.core.seats[person]
                if seat.call is not None and seat.call.leg is not None:
                    self.world.media.silent.add(seat.call.leg.channel)
                self.world.online(person, False)
            self.world.close_page(session)

    def agent_channel_ends(self) -> None:
        legs = [
            leg.channel
            for c in self.world.core.calls.values()
            for leg in c.legs_all
            if leg.answered and leg.channel in self.world.media.channels
        ]
        if legs and self.random.random() < 0.3:
            self.world.end(self.random.choice(legs), self.random.choice((16, 16, 44)))

    def message_ends(self) -> None:
        if self.world.media.recording:
            self.world.recorded(self.random.choice((0.2, 5)))

    def time_passes(self) -> None:
        self.world.clock.advance(self.random.choice((0.1, 1, 5, 31)))

    def tones_sound(self) -> None:
        self.world.mouths()

    def killed(self) -> None:
        self.world = self.world.killed()
        self.sessions.clear()

    def check(self) -> None:
        """What must hold at any moment."""
        core = self.world.core
        assert core.metrics.errors == 0
        for seat in core.seats.values():
            assert seat.call is None or seat.call.ended == (seat.presence.state == "wrap"), (seat.presence, seat.call)
            assert seat.call is not None or seat.presence.state not in AT_A_CALL, seat.presence
            assert len({id(call) for call in seat.calls}) == len(seat.calls)
            assert len(seat.parked) < 3 and (not seat.parked or seat.presence.state == "talking")
            for call in seat.parked:
                assert call.phase is Phase.PARKED and call.id in core.calls
                assert call.leg is None and call.next_leg is None
            assert all(call.ended for call in seat.done)
            assert not seat.done or seat.presence.state in ("talking", "wrap")
        legs = [leg for call in core.calls.values() for leg in call.legs_all]
        phones = [channel for leg in legs for channel in (leg.channel, leg.spare) if channel]
        lines = {channel for channel, (_, role) in core.by_channel.items() if role == "line"}
        assert lines == {leg.spare for leg in legs if leg.spare}, "a second call of a desk phone that nobody has"
        assert not any(leg.spare in members for leg in legs for members in self.world.media.bridges.values())
        assert len(phones) == len(set(phones)), "a phone is on two calls"
        self.world.true_to_the_matrix()
        for call in core.calls.values():
            if call.phase is Phase.PARKED:
                assert core.seats[call.person].has(call)
            speakers = [*call.speakers, *(leg for leg in call.legs_all if leg.mode == "barge")]
            if call.phase is Phase.TALKING and speakers:
                assert not all(leg.holds for leg in speakers), "nobody listens to him"
            heard = self.world.hears(call)
            if call.phase in NEVER_SILENT and not (call.promise and not call.channel):  # a promise has no ear
                assert heard != "silence", f"a caller hears nothing while {call.phase}"

    def drain(self) -> None:
        """Everybody goes home."""
        for channel in self.customers():
            self.world.end(channel)
        for call in list(self.world.core.calls.values()):
            for channel in [c for c in self.world.media.channels if c.startswith(call.id)]:
                self.world.end(channel)
        while self.world.media.recording:
            self.world.recorded(1)
        self.world.clock.advance(400)


class Busy(Chaos):
    """Everybody is agent and shift lead, and they hardly do anything but act on one another's calls."""

    def __init__(self, folder: Path, seed: int) -> None:
        known = snapshot()
        people = tuple(replace(p, store=1, stores=(1,), roles=("agent", "shift_lead")) for p in known.people)
        queues = tuple(replace(queue, agents=(1, 2, 3)) for queue in known.queues)
        tones = {"conference_tones": "both", "conference_tones_for": "everybody"}
        super().__init__(folder, seed, people=people, queues=queues, **tones)

    def step(self) -> None:
        chance = self.random.random()
        if chance < 0.5:
            self.agent_acts()
        elif chance < 0.6:
            self.random.choice((self.he_presses, self.desk_phone_does))()
        elif chance < 0.8:
            self.phone_answers()
        elif chance < 0.86:
            self.random.choice((self.agent_wishes, self.agent_comes))()
        elif chance < 0.9:
            self.random.choice((self.rings, self.phone_fails, self.tones_sound))()
        else:
            super().step()


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_left_in_a_state_without_a_call_however_much_is_done_to_calls(tmp_path: Path, seed: int) -> None:
    chaos = Busy(tmp_path, seed)
    for _ in range(700):
        chaos.step()
        chaos.check()
    chaos.drain()
    assert not chaos.world.core.calls
    chaos.world.consistent()


@pytest.mark.parametrize("seed", range(6))
def test_nothing_stays_behind_after_days_of_anything(tmp_path: Path, seed: int) -> None:
    chaos = Chaos(tmp_path, seed)
    for _ in range(1800):
        chaos.step()
        chaos.check()
    chaos.drain()
    assert not chaos.world.core.calls
    chaos.world.consistent()
    kinds = chaos.world.journal.kinds()
    assert kinds.count("talk.started") > 5
    for begin, end in (
        ("talk.started", "talk.ended"),
        ("mute.started", "mute.ended"),
        ("hold.started", "hold.ended"),
        ("offer.made", "offer.ended"),
        ("recording.started", "recording.stopped"),
        ("track.started", "track.stopped"),
        ("invite.started", "invite.ended"),
        ("party.joined", "party.left"),
        ("supervision.started", "supervision.ended"),
    ):
        assert kinds.count(begin) == kinds.count(end), begin


@pytest.mark.parametrize("seed", range(4))
def test_the_same_with_a_switch_that_is_killed_now_and_then(tmp_path: Path, seed: int) -> None:
    chaos = Chaos(tmp_path, 100 + seed)
    for n in range(1, 700):
        chaos.step()
        if n % 97 == 0:
            chaos.killed()
        chaos.check()
    chaos.drain()
    assert not chaos.world.core.calls
    chaos.world.consistent()
