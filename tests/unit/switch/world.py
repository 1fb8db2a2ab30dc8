"""A small dealership in memory for the switch's stories: two agents, one sales queue, a line for each kind of flow."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from dealerline.adapters.seats_file import SeatsFile
from dealerline.domain import conversation
from dealerline.domain.routing import Router
from dealerline.switch import tickets
from dealerline.switch.desks import Desks, Session
from dealerline.switch.directory import (
    BusyReason,
    Carrier,
    FlowVersion,
    Hours,
    Line,
    Person,
    PromptAudio,
    Queue,
    Snapshot,
    Store,
)
from dealerline.switch.engine import Engine
from dealerline.switch.media import (
    Arrived,
    Back,
    Device,
    Digit,
    Gone,
    Inventory,
    LiveChannel,
    Lost,
    PlayEnded,
    RecordEnded,
    Referred,
    Ringing,
)
from dealerline.switch.memory import Callers, Clock, Desk, Directory, Journal, Keeper, Media
from dealerline.switch.model import Call
from dealerline.switch.openbook import OpenBook

SALES, MENU, MESSAGE, CLOSED, DUTY, BROKEN, ROSTER = (f"0238888000{n}" for n in range(1, 8))
SECRET = "secret"
KEYS = (
    "welcome.sales",
    "menu.sales",
    "goodbye",
    "voicemail.leave",
    "voicemail.thanks",
    "closed.default",
    "wrong_key",
    "timeout",
    "error.technical",
    "error.unknown_number",
    "caller.refused",
    "queue.thanks",
    "agent_lost.wait",
    "agent.confirm",
    "tone.missing",
    "beep",
    *(f"queue.position.{n}" for n in range(1, 21)),
    "queue.position.many",
    "queue.wait.5",
    "queue.wait.10",
    "conference.enter",
    "conference.leave",
)


def flow(number: int, **nodes: Any) -> FlowVersion:
    return FlowVersion(number, 1, f"flow {number}", {"start": next(iter(nodes)), "nodes": nodes})


BYE = {"type": "hangup", "prompts": "goodbye"}
LEAVE = {"type": "voicemail", "prompts": "voicemail.leave", "kind": "other", "next": "bye"}
FLOWS = (
    flow(
        1,
        line={
            "type": "queue",
            "queue": "sales",
            "on_timeout": "message",
            "on_empty": "wait",
            "leave": {"*": "message"},
        },
        message=LEAVE,
        bye=BYE,
    ),
    flow(
        2,
        menu={
            "type": "menu",
            "prompts": "menu.sales",
            "keys": {"1": "line", "2": "message"},
            "timeout": 4,
            "tries": 2,
            "on_timeout": "bye",
            "on_wrong": "bye",
        },
        line={"type": "queue", "queue": "sales", "on_timeout": "message", "on_empty": "message"},
        message=LEAVE,
        bye=BYE,
    ),
    flow(3, message=LEAVE, bye=BYE),
    flow(4, bye={"type": "hangup", "prompts": "closed.default"}),
    flow(
        5,
        duty={"type": "forward", "number": "13900001112", "on_fail": "message", "ring_seconds": 20},
        message=LEAVE,
        bye=BYE,
    ),
    flow(6, duty={"type": "duty", "on_fail": "message", "ring_seconds": 20}, message=LEAVE, bye=BYE),
)


def snapshot(**changes: Any) -> Snapshot:
    """Store 1 with agents 1 and 2 in queue 10; agent 3 works in store 2."""
    name = {"zh": "店", "en": "store"}
    always, never = Hours(1, tuple((day, 0, 1440) for day in range(7))), Hours(2, ())

    def line(number: int, to: str, kind: str, flow_id: int, hours: int = 1) -> Line:
        return Line(number, 1, kind, {"zh": kind, "en": kind}, (to,), hours, flow_id, 4, 4, carrier=1)

    made: dict[str, Any] = {
        "version": 1,
        "stores": (Store(1, "s1", name, 1), Store(2, "s2", name, 1)),
        "hours": (always, never),
        "lines": (
            line(1, SALES, "sales", 1),
            line(2, MENU, "repair", 2),
            line(3, MESSAGE, "complaints", 3),
            line(4, CLOSED, "rescue", 1, hours=2),
            line(5, DUTY, "new_car", 5),
            line(6, BROKEN, "fax", 99),
            line(7, ROSTER, "other", 6),
        ),
        "queues": (
            Queue(
                10,
                1,
                "sales",
                name,
                (1, 2),
                ring_seconds=20,
                wrap_seconds=30,
                announce_seconds=30,
                max_wait_seconds=300,
            ),
        ),
        "people": (
            Person(1, 1, "Alice", "801", ("agent",), (1,)),
            Person(2, 1, "Bob", "802", ("agent",), (1,), masked=True),
            Person(3, 2, "Charlie", "803", ("agent",), (2,)),
            Person(4, 1, "Lena", "804", ("shift_lead", "agent"), (1,)),
            Person(5, 1, "Dora", "805", ("agent",), (1,)),
        ),
        "carriers": (Carrier(1, "outside", "127.0.0.1"),),
        "flows": FLOWS,
        "prompts": tuple(PromptAudio(k, "zh", 0, f"/p/zh/{k}") for k in KEYS),
        "reasons": (BusyReason("break", {"zh": "休息", "en": "break"}, 10),),
    }
    return Snapshot(**(made | changes))


class World:
    """The engine with twins, and the outside world's part to play."""

    def __init__(self, folder: Path, before: World | None = None, seats: bool = False, **changes: Any) -> None:
        """``before``: the world whose switch was killed; Asterisk, journal, time go on. ``seats``: so do the people."""
        self.seats = seats
        self.folder, self.changes = folder, changes
        self.dead = False
        self.clock: Clock = Clock() if before is None else Clock(before.clock.now())
        self.journal: Journal = Journal() if before is None else before.journal
        self.media: Media = Media() if before is None else before.media
        kept = before is not None and not changes
        self.directory = Directory(before.directory.snapshot() if before is not None and kept else snapshot(**changes))
        self.callers: Callers = Callers() if before is None else before.callers
        self.keeper: Keeper = Keeper() if before is None else before.keeper
        self.engine = Engine(
            self.clock,
            self.directory,
            self.journal,
            self.media,
            recordings=folder,
            min_free_mb=0,
            callers=self.callers,
            promises=self.keeper,
        )
        self.core = self.engine.core
        self.desks = Desks(self.engine, SECRET, "sip")
        self._numbers = itertools.count(1)
        if before is None:
            self.engine.handle(Back(Inventory({}, {})))
            return
        book = self.engine.resumer.book = OpenBook()
        for fact in self.journal.facts:
            book.note(fact)
        self._numbers = before._numbers
        if self.seats:
            self.core.run(SeatsFile(folder / "agents.json", self.engine).restore)
        self.connected()

    def connected(self, restarted: bool = False) -> None:
        """The connection to the media engine is there (again)."""
        bridges = {name: frozenset(members) for name, members in self.media.bridges.items()}
        found = Inventory(dict(self.media.channels), bridges, frozenset(self.media.online))
        self.engine.handle(Back(found, restarted))

    def killed(self, **changes: Any) -> World:
        """kill -9 of the switch; the new one."""
        self.dead = True
        if self.seats:
            SeatsFile(self.folder / "agents.json", self.engine).save()
        return World(self.folder, self, self.seats, **changes)

    def lost(self) -> None:
        self.engine.handle(Lost())

    # people ---------------------------------------------------------------------------------------------------------
    def sign_in(self, person: int, *, tab: str = "tab", ready: bool = True, device: str = "browser") -> Session:
        """A page of that person, with a phone that works."""
        desk = Desk(person)
        ticket = tickets.make(person, "login", self.clock.now() + 60, SECRET)
        session = self.desks.hello(desk, {"type": "hello", "ticket": ticket, "tab": tab, "device": device})
        self.online(person)
        self.ask(session, "phone", registered=True, microphone="ok")
        if ready:
            assert self.ask(session, "state", state="ready")["type"] == "ok"
        return session

    def online(self, person: int, on: bool = True) -> None:
        phone = self.core.lookup.people[person].phone if person in self.core.lookup.people else 0
        for endpoint in (f"agent-{person}", *([f"phone-{phone}"] if phone else [])):
            (self.media.online.add if on else self.media.online.discard)(endpoint)
            self.engine.handle(Device(endpoint, on))

    def ask(self, session: Session, kind: str, **fields: Any) -> dict[str, Any]:
        return self.desks.command(session, {"type": kind, "id": "1", **fields})

    def state(self, person: int) -> str:
        seat = self.core.seats.get(person)
        if seat is None:
            return "offline"
        return f"{seat.presence.state}:{seat.presence.reason}" if seat.presence.reason else seat.presence.state

    def close_page(self, session: Session) -> None:
        self.desks.gone(session.desk)

    # callers --------------------------------------------------------------------------------------------------------
    def ring(self, number: str = SALES, caller: str = "13812345678") -> Call:
        """Somebody rings that number."""
        channel = f"c{next(self._numbers)}"
        args = ("in", number, "PJSIP/carrier-1")
        self.media.arrive(channel, args, caller)
        before = set(self.core.calls)
        self.engine.handle(Arrived(channel, args, channel, caller))
        return self.core.calls[next(iter(set(self.core.calls) - before))]

    def hang_up(self, call: Call) -> None:
        """The caller hangs up."""
        self.media.lose(call.channel)
        self.engine.handle(Gone(call.channel))

    def key(self, call: Call, digit: str) -> None:
        self.engine.handle(Digit(call.channel, digit))

    def played(self, call: Call) -> tuple[str, ...]:
        """Let what sounds now for that caller come to its end; what it was."""
        playback, (_, sounds) = next((p, v) for p, v in self.media.playing.items() if v[0] == call.channel)
        del self.media.playing[playback]
        self.engine.handle(PlayEnded(playback))
        return sounds

    def hears(self, call: Call) -> str:
        """What the caller hears now: sounds, music, or who he talks to."""
        sounds = [s for c, s in self.media.playing.values() if c == call.channel]
        if sounds:
            return " ".join(s.removeprefix("sound:/p/zh/") for s in sounds[0])
        others = [
            m for members in self.media.bridges.values() if call.channel in members for m in members - {call.channel}
        ]
        if others and call.channel not in self.media.music_on:
            return "talk"
        if call.channel in self.media.recording.values():
            return "recording"
        return "music" if call.channel in self.media.music_on else "silence"

    # phones ---------------------------------------------------------------------------------------------------------
    def rings(self, person: int) -> str:
        """The channel that rings at that person, or ""."""
        return next(
            (
                c
                for c, leg in self.media.legs.items()
                if leg.endpoint == f"PJSIP/agent-{person}" and self.media.channels[c].state == "Ringing"
            ),
            "",
        )

    def ringing(self, person: int) -> None:
        self.engine.handle(Ringing(self.rings(person)))

    def answer(self, person: int) -> str:
        """That person's phone answers."""
        channel = self.rings(person)
        assert channel, f"nothing rings at {person}"
        leg = self.media.legs[channel]
        self.media.answer(channel)
        self.engine.handle(Arrived(channel, leg.args, channel))
        return channel

    def end(self, channel: str, cause: int = 16) -> None:
        """A channel of ours ends by itself."""
        self.media.lose(channel)
        self.engine.handle(Gone(channel, cause))

    def dials(self, user: str, number: str) -> str:
        """A desk phone makes a call by itself; its channel."""
        channel = f"d{next(self._numbers)}"
        args = ("desk", number, f"PJSIP/{user}")
        self.media.channels[channel] = LiveChannel(channel, f"PJSIP/{user}-{channel}", "Ring", args)
        self.engine.handle(Arrived(channel, args, channel))
        return channel

    def refers(self, channel: str, number: str) -> None:
        """A desk phone transfers by itself: Asterisk puts its helper into its place."""
        pair = next(self._numbers)
        helpers = (f"local{pair}.1", f"local{pair}.2")
        for helper in helpers:
            self.media.channels[helper] = LiveChannel(helper, f"Local/{number}", "Up")
        for members in self.media.bridges.values():
            if channel in members:
                members.remove(channel)
                members.add(helpers[0])
        self.engine.handle(Referred(channel, number, helpers))
        assert not set(helpers) & set(self.media.channels), "the helpers are gone"

    def ears(self) -> None:
        """Ears that were asked for are there."""
        for channel, (_, args) in list(self.media.ears.items()):
            if not any(channel in members for members in self.media.bridges.values()):
                self.engine.handle(Arrived(channel, args))

    def mouths(self) -> dict[str, str]:
        """Mouths that were asked for are there, speak, and are over. What was said to which channel."""
        said: dict[str, str] = {}
        for channel, party in list(self.media.mouths.items()):
            self.engine.handle(Arrived(channel, self.media.channels[channel].args))
            playback, sounds = next((p, s) for p, (c, s) in self.media.playing.items() if c == channel)
            said[party] = sounds[0]
            del self.media.playing[playback]
            self.engine.handle(PlayEnded(playback))
        return said

    def member_rings(self) -> str:
        """An outside phone that rings for a call, or ""."""
        ringing = [c for c in self.media.legs if "-o" in c and self.media.channels[c].state == "Ringing"]
        return ringing[-1] if ringing else ""

    def outside_answers(self) -> str:
        channel = self.member_rings()
        assert channel, "no outside phone rings"
        self.media.answer(channel)
        self.engine.handle(Arrived(channel, self.media.legs[channel].args, channel))
        return channel

    def sounds(self, call: Call) -> set[tuple[str, str]]:
        """(speaker, listener) by label, as bridges, mutes and ears of the media engine have it."""
        return {
            (call.label_of(speaker), call.label_of(listener))
            for listener in call.talk.parties
            for speaker in self._hears(listener)
            if call.label_of(speaker)
        }

    def _room(self, channel: str) -> str:
        return next((b for b, members in self.media.bridges.items() if channel in members), "")

    def _voices(self, bridge: str) -> set[str]:
        found: set[str] = set()
        for channel in self.media.bridges.get(bridge, ()):
            if channel in self.media.ears:
                ear = self.media.ears[channel][0]
                if ear.company:
                    assert channel in self.media.muted
                    continue
                found |= ({ear.on} - self.media.muted) | (self._voices(self._room(ear.on)) if ear.hears else set())
            elif channel not in self.media.muted:
                found.add(channel)
        return found

    def _hears(self, listener: str) -> set[str]:
        heard = self._voices(self._room(listener))
        for ear, (made, _) in self.media.ears.items():
            if made.on == listener and made.whisper and self._room(ear) and self._room(listener):
                heard |= {c for c in self.media.bridges[self._room(ear)] if c not in self.media.ears} - self.media.muted
        return heard - {listener}

    def true_to_the_matrix(self) -> None:
        """In every conversation everybody hears whom he shall, and nobody else; and no guest is in silence."""
        self.ears()
        for call in self.core.calls.values():
            wanted = {
                (call.label_of(s), call.label_of(o)) for (s, o), yes in conversation.matrix(call.talk).items() if yes
            }
            assert self.sounds(call) == wanted, call.phase
            for party in call.talk:
                inside, music = bool(self._room(party.id)), party.id in self.media.music_on
                playing = any(c == party.id for c, _ in self.media.playing.values())
                assert inside or music or playing, f"{party} is nowhere while {call.phase}"
                assert not (inside and music), f"the music drowns the room for {party} while {call.phase}"

    def recorded(self, seconds: float) -> None:
        name = next(iter(self.media.recording))
        del self.media.recording[name]
        self.engine.handle(RecordEnded(name, seconds))

    def talk(self, person: int = 1, number: str = SALES) -> Call:
        """A caller who talks with that person (who is signed in and ready)."""
        call = self.ring(number)
        self.answer(person)
        return call

    # what must always hold ------------------------------------------------------------------------------------------
    @property
    def router(self) -> Router:
        return self.engine.queueing.router

    def consistent(self) -> None:
        """No fault, no repair, nothing left over, and every call's facts in order without gaps."""
        if self.dead:
            return
        self.true_to_the_matrix()
        assert self.core.metrics.errors == 0
        for _ in range(3):
            self.engine.reconciler.look()
        assert self.core.metrics.repairs == 0, [f.data for f in self.journal.facts if f.kind == "repair.made"]
        for call in {f.call for f in self.journal.facts if f.call}:
            seqs = [f.seq for f in self.journal.facts if f.call == call]
            assert seqs == list(range(1, len(seqs) + 1))
        if not self.core.calls:
            assert not self.media.bridges and not self.core.by_channel
            assert not self.media.channels, "a channel is left over"
            arrived = [f.call for f in self.journal.facts if f.kind == "call.arrived"]
            ended = [f.call for f in self.journal.facts if f.kind == "call.ended"]
            assert sorted(arrived) == sorted(ended)
