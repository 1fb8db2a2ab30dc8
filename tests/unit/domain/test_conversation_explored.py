"""Any sequence of verbs, arrivals and hang-ups: the plan makes the matrix true and lets nobody hear more on the way."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dealerline.domain import conversation as talk
from dealerline.domain.conversation import Command, Conversation, Ear, IllegalVerb, Layout, Party, matrix

VERBS = sorted(set(talk.VERBS) - {"listen", "whisper", "barge"})


@dataclass
class Sound:
    """What a media engine does with the commands, and who hears whom by that."""

    rooms: dict[str, set[str]] = field(default_factory=dict)
    music: set[str] = field(default_factory=set)
    muted: set[str] = field(default_factory=set)
    ears: dict[str, set[Ear]] = field(default_factory=dict)

    def do(self, command: Command) -> None:
        room, parties = command.room, command.parties
        if command.verb == "make":
            assert room not in self.rooms
            self.rooms[room] = set()
        elif command.verb == "drop":
            assert not self.rooms.pop(room), "a room was dropped with people in it"
            assert not self.ears.pop(room, None), "a room was dropped with ears in it"
        elif command.verb == "join":
            assert not self.music & set(parties)
            for others in self.rooms.values():
                others.difference_update(parties)
            self.rooms[room].update(parties)
        elif command.verb == "leave":
            self.rooms[room].difference_update(parties)
        elif command.verb in ("music", "unmusic"):
            inside = any(p in others for others in self.rooms.values() for p in parties)
            assert command.verb == "music" or not inside
            (self.music.update if command.verb == "music" else self.music.difference_update)(parties)
        elif command.verb in ("silence", "unsilence"):
            (self.muted.update if command.verb == "silence" else self.muted.difference_update)(parties)
        elif command.verb == "ear":
            assert command.ear is not None and room in self.rooms
            self.ears.setdefault(room, set()).add(command.ear)
        else:
            assert command.verb == "cut"
            assert command.ear is not None
            self.ears[room].remove(command.ear)

    def gone(self, party: str) -> None:
        for others in self.rooms.values():
            others.discard(party)
        self.music.discard(party)
        self.muted.discard(party)
        self.ears = {room: {ear for ear in ears if ear.on != party} for room, ears in self.ears.items()}

    def in_room(self, room: str) -> set[str]:
        """Whose voices sound in that bridge."""
        voices = {*self.rooms.get(room, ()), *(e.on for e in self.ears.get(room, ()) if not e.company)} - self.muted
        for ear in self.ears.get(room, ()):
            there = next((r for r, others in self.rooms.items() if ear.on in others), None)
            voices |= self.in_room(there) if ear.hears and there is not None else set()
        return voices

    def hears(self, listener: str) -> set[str]:
        room = next((r for r, others in self.rooms.items() if listener in others), None)
        if room is None or listener in self.music:  # music in a room drowns it for him who has it
            return set()
        voices = self.in_room(room)
        for place, ears in self.ears.items():
            if any(ear.on == listener and ear.whisper for ear in ears):
                voices |= {p for p in self.rooms[place] if p not in self.muted}
        return voices - {listener}


class Talk(RuleBasedStateMachine):
    """A conversation and a media engine that follows it command by command."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Conversation()
        self.layout = Layout()
        self.sound = Sound()
        self.count = 0
        for role in ("customer", "agent"):
            self.talk = talk.join(self.talk, Party(role[0], role))
        self.follow(Conversation())

    def follow(self, before: Conversation) -> None:
        """Let the media engine follow; at no step may anybody hear what neither before nor after allows, nor has a
        customer silence who had company and shall have music: a switch may be killed at any step.
        """
        allowed = {pair for m in (matrix(before), matrix(self.talk)) for pair, yes in m.items() if yes}
        target = talk.wanted(self.talk)
        heard = {p for p in target.music & {"c"} if self.sound.hears(p) or p in self.sound.music}
        for command in talk.plan(self.layout, target):
            self.sound.do(command)
            assert all(p in self.sound.music or self.sound.hears(p) for p in heard), f"silence at {command}"
            for listener in self.talk.parties:
                for speaker in self.sound.hears(listener):
                    assert (speaker, listener) in allowed, f"{listener} overhears {speaker} at {command}"
        self.layout = target

    def party(self, index: int) -> str:
        return list(self.talk.parties)[index % len(self.talk.parties)]

    @rule(verb=st.sampled_from(VERBS), who=st.integers(0, 40), by=st.integers(0, 40),
          room=st.sampled_from(["s1", "s2", "s3"]), anyway=st.booleans())  # fmt: skip
    def verb(self, verb: str, who: int, by: int, room: str, anyway: bool) -> None:
        before = self.talk
        with contextlib.suppress(IllegalVerb):
            self.talk = talk.apply(before, verb, self.party(who), by="" if anyway else self.party(by), room=room)
            again = talk.apply(self.talk, verb, self.party(who), by="", room=room)
            assert again == self.talk, "a verb done twice changed something"
        self.follow(before)

    @precondition(lambda self: len(self.talk.parties) < 8)  # more do not show more, and cost the square
    @rule(role=st.sampled_from(["agent", "outside"]))
    def comes(self, role: str) -> None:
        before = self.talk
        self.count += 1
        with contextlib.suppress(IllegalVerb):
            self.talk = talk.join(before, Party(f"{role[0]}{self.count}", role))
        self.follow(before)

    @precondition(lambda self: len(self.talk.parties) < 8)
    @rule(who=st.integers(0, 40), mode=st.sampled_from(["listen", "whisper", "barge"]))
    def lead_comes(self, who: int, mode: str) -> None:
        watched = self.party(who)
        if self.talk.parties[watched].role == "lead":
            return
        before = self.talk
        self.count += 1
        with contextlib.suppress(IllegalVerb):
            self.talk = talk.join(before, Party(f"l{self.count}", "lead", mode=mode, watches=watched))
        self.follow(before)

    @rule(who=st.integers(0, 10), mode=st.sampled_from(["listen", "whisper", "barge"]))
    def lead_changes(self, who: int, mode: str) -> None:
        leads = self.talk.roles("lead")
        if leads:
            before, lead = self.talk, leads[who % len(leads)].id
            self.talk = talk.apply(before, mode, lead, by=lead)
            self.follow(before)

    @precondition(lambda self: len(self.talk.parties) > 1)
    @rule(who=st.integers(0, 40))
    def goes(self, who: int) -> None:
        gone, before = self.party(who), self.talk
        if self.talk.parties[gone].role == "customer":
            return  # the call is over with him
        self.sound.gone(gone)
        self.layout = self.layout.without(gone)
        self.talk = talk.leave(before, gone)
        self.follow(before)

    @invariant()
    def the_matrix_is_true(self) -> None:
        for (speaker, listener), yes in matrix(self.talk).items():
            assert (speaker in self.sound.hears(listener)) == yes, f"{speaker} -> {listener}"

    @invariant()
    def everybody_is_in_one_place_and_no_guest_in_silence(self) -> None:
        for party in self.talk:
            rooms = [r for r, others in self.sound.rooms.items() if party.id in others]
            assert len(rooms) + (party.id in self.sound.music) == 1
            if party.role == "customer" and rooms:
                hears_main = party.room not in {talk.MAIN, *self.talk.deaf} and talk.talkers(self.talk, talk.MAIN)
                assert len(talk.talkers(self.talk, party.room)) > 1 or hears_main

    @invariant()
    def only_a_room_somebody_is_in_keeps_the_main_one_away(self) -> None:
        assert self.talk.deaf <= set(self.talk.side_rooms)

    @invariant()
    def no_room_and_no_ear_is_left_over(self) -> None:
        assert all(others for room, others in self.sound.rooms.items() if room != talk.MAIN)
        assert set(self.sound.ears) <= set(self.sound.rooms)


TestTalk = Talk.TestCase
TestTalk.settings = settings(max_examples=220 if os.environ.get("CI") else 40, stateful_step_count=50, deadline=None,
                             suppress_health_check=list(HealthCheck))  # fmt: skip
