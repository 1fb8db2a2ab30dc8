"""Short tones when somebody comes into a room of a conversation of many, or leaves it.

Rules of the file. Who shall hear them is the group's setting. A tone reaches one hearer through a *mouth*, a Snoop
channel that whispers to him alone: nobody is cut off while it sounds, no recording has it, and no party is ever kept
from moving by it. A mouth has an owner and an end: it is hung up when its tone is over, when the one it speaks to is
gone, when the conversation is over, and in any case a few seconds after it was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import conversation as talk
from dealerline.switch.core import Core
from dealerline.switch.model import Call

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

DELAY = 0.3  # a recorder that is just being taken off that party and a mouth that is put on do not go together
MOST_SECONDS = 4.0
TONES = {"enter": ("entry", "both"), "leave": ("both",)}  # tone -> the settings with which it sounds


class Tones:
    """The tones of all conversations."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def follow(self, call: Call) -> None:
        """The conversation changed: who came into which room, who left which?"""
        before, call.stood = call.stood, talk.standing(call.talk)
        if not before or before == call.stood:
            return
        gone = before.keys() - call.stood.keys()
        if sum(not p.away and not p.in_booth for p in call.talk) + len(gone) < 3:
            return
        for room in {*before.values(), *call.stood.values()}:
            came = {p for p, where in call.stood.items() if where == room and before.get(p) != room}
            went = {p for p, where in before.items() if where == room and call.stood.get(p) != room}
            tone = "enter" if came else "leave"
            if (came or went) and self.core.lookup.snapshot.conference_tones in TONES[tone]:
                self.core.later(DELAY, self._sound, call, room, tone, came)

    def _sound(self, call: Call, room: str, tone: str, came: set[str]) -> None:
        """Make a mouth for everybody in that room who is to hear it; whoever came himself is not."""
        known = self.core.lookup.snapshot
        if call.ended or known.conference_tones not in TONES[tone]:
            return
        roles = talk.ROLES if known.conference_tones_for == "everybody" else talk.STAFF
        for party in sorted(call.layout.rooms.get(room, frozenset()) - came):
            if party in call.talk.parties and call.talk.parties[party].role in roles:
                self._mouth(call, party, tone)

    def _mouth(self, call: Call, party: str, tone: str) -> None:
        call.plays += 1
        channel = f"{call.id}-m{call.plays}"
        call.mouths[channel] = (party, f"conference.{tone}", "")
        self.core.by_channel[channel] = (call, "mouth")
        self.core.do(self.core.media.mouth, channel, party, ("mouth", call.id))
        self.core.later(MOST_SECONDS, self._end, call, channel)

    def arrived(self, call: Call, channel: str) -> None:
        """The mouth is there: let it speak."""
        party, key, _ = call.mouths[channel]
        playback = f"{channel}-p1"
        call.mouths[channel] = (party, key, playback)
        self.core.by_playback[playback] = call
        sound, _ = self.core.lookup.sound(key, call.language, call.store)
        self.core.do(self.core.media.play, channel, playback, [sound])

    def ended(self, call: Call, playback: str) -> bool:
        """A sound is over; whether it was one of ours."""
        channel = next((c for c, mouth in call.mouths.items() if mouth[2] == playback), "")
        if channel:
            del call.mouths[channel]
            self._hang_up(channel)
        return bool(channel)

    def gone(self, call: Call, channel: str) -> None:
        """A mouth ended by itself, or could not be made."""
        mouth = call.mouths.pop(channel, None)
        if mouth is not None:
            self.core.by_playback.pop(mouth[2], None)

    def without(self, call: Call, party: str) -> None:
        """That party is gone, or about to be: nothing more is told to it."""
        for channel in [c for c, mouth in call.mouths.items() if mouth[0] == party]:
            self._end(call, channel)

    def over(self, call: Call) -> None:
        """Nothing more is told to anybody."""
        call.stood = {}
        for channel in list(call.mouths):
            self._end(call, channel)

    def _end(self, call: Call, channel: str) -> None:
        mouth = call.mouths.pop(channel, None)
        if mouth is None:
            return
        if self.core.by_playback.pop(mouth[2], None) is not None:
            self.core.do(self.core.media.stop_play, mouth[2])
        self._hang_up(channel)

    def _hang_up(self, channel: str) -> None:
        if self.core.by_channel.pop(channel, None) is not None:
            self.core.do(self.core.media.hang_up, channel)
