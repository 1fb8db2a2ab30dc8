"""Conversations that went on without the switch: who is still there, who is not, and what was half done.

Rules of the file. The state on the customer's channel says what was wanted, Asterisk says what is. Whoever lives stays
where he was; attempts that rang are rolled back as if they had failed; then the difference between wanted and real is
ordered like any other change, so that a switch killed between two orders leaves nothing half done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealerline.domain import conversation as talk
from dealerline.domain import presence
from dealerline.domain.conversation import Layout, Party, transfer
from dealerline.switch.core import Core
from dealerline.switch.media import Inventory, LiveChannel
from dealerline.switch.model import AgentLeg, Attempt, Call, Phase
from dealerline.switch.openbook import OpenBook

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine


class Talks:
    """Once after each connection, for every call that was in conversation."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def take_up(
        self, call: Call, phase: Phase, answered: dict[str, AgentLeg], attempts: list[list[Any]], found: Inventory
    ) -> None:
        """Carry on the conversation of a switch that is no more."""
        answered = self.engine.desklines.survived(call, answered, found)
        living = {
            c: leg
            for c, leg in answered.items()
            if c in found.channels and found.channels[c].state == "Up" and c not in self.core.by_channel
        }
        had = next((leg for leg in answered.values() if leg.person == call.person and leg.role == "agent"), None)
        for party in list(call.talk):
            if party.id != call.channel and party.id not in living:
                self.engine.talk.end_mute(call, answered.get(party.id))
                call.talk = talk.leave(call.talk, party.id)
        call.phase = phase
        call.layout = self._layout(call, found)
        for leg in living.values():
            self._sits(call, leg, found.channels[leg.channel])
        self.engine.rejoining.take_up(call)
        self._close_gone(call, answered, living, had)
        call.talk_started = call.talk_started or self.core.now
        self._roll_back(call, attempts, living)
        self.engine.desklines.rolled_back(call, found)
        if call.ended:
            return
        if call.phase is Phase.PARKED:
            self.engine.parking.found(call)
        elif call.phase is Phase.TRANSFER:
            self._nobody(call, attempts)
        elif call.leg is None and not call.speakers:
            self._lost(call)
        else:
            self.engine.hearing.sync(call)
            self.engine.leaving.settle(call)
        if not call.ended and call.phase is Phase.HELD and call.channel in call.layout.rooms.get(talk.MAIN, ()):
            self.core.go(call, Phase.TALKING)

    def just_answered(
        self, call: Call, channel: LiveChannel, person: int, book: OpenBook | None, found: Inventory
    ) -> None:
        """Answered in the last moment of the old switch: they talk already."""
        call.person, call.answered = person, self.core.now
        talks = book.steps(call.id, "talk") if book is not None else []
        call.talk_started = float(talks[0]["at"]) if talks else self.core.now
        leg = AgentLeg(channel.id, person, "", self.core.now, 0.0, answered=self.core.now, joined=call.talk_started)
        self.engine.talk.label(call, leg)
        if not talks:
            self.core.fact("talk.started", call, person=person, agent=person, channel=channel.id, party=leg.label)
        for party in (Party(call.channel, "customer"), Party(channel.id, "agent")):
            call.talk = talk.join(call.talk, party)
        call.phase = Phase.TALKING
        call.layout = self._layout(call, found)
        self._sits(call, leg, channel)
        self.engine.hearing.sync(call)
        if call.leg is not None and not (book is not None and book.steps(call.id, "recording")):
            self.engine.recorder.start(call, call.leg)

    def check(self, call: Call, found: Inventory) -> None:
        """The connection was lost for a while: let what Asterisk has agree with what is wanted."""
        call.layout = self._layout(call, found)
        self.engine.hearing.sync(call)

    # pieces
    # -------------------------------------------------------------------------------------------------------------
    def _layout(self, call: Call, found: Inventory) -> Layout:
        """What Asterisk has. Everybody may have music or not (it begins before one leaves a bridge), whoever shall
        speak may be muted or not: so that an order is given in doubt, they count as what they shall not be.
        """
        everybody = frozenset(call.talk.parties)
        rooms: dict[str, frozenset[str]] = {}
        for name, members in found.bridges.items():
            room = call.room_of(name)
            if room:
                rooms[room] = members & everybody
                if room != talk.MAIN:
                    call.bridges[room] = name
        call.bridged = talk.MAIN in rooms
        target = talk.wanted(call.talk)
        ears: dict[str, frozenset[talk.Ear]] = {}
        for channel, (room, ear) in list(call.ears.items()):
            if channel in found.channels and channel in found.bridges.get(call.bridge_of(room), frozenset()):
                self.core.by_channel[channel] = (call, "ear")
                ears[room] = ears.get(room, frozenset()) | {ear}
            else:
                del call.ears[channel]
        music = everybody - target.music
        call.music = call.channel in music
        return Layout(rooms, music, everybody - target.muted, ears)

    def _sits(self, call: Call, leg: AgentLeg, channel: LiveChannel) -> None:
        """A leg that lives: whose it is, and what he is doing."""
        if leg.role == "agent" and leg.person == call.person and call.leg is None:
            call.leg = leg
            self.core.by_channel[leg.channel] = (call, "agent")
        else:
            call.others[leg.channel] = leg
            self.core.by_channel[leg.channel] = (call, "member")
        if not leg.person:
            return
        seat = self.engine.agents.seat(leg.person)
        if call.phase is not Phase.PARKED:
            seat.call = call
        seat.device = self._device(channel.name)
        leg.tab = channel.variables.get("DL_TAB", "")
        seat.tab = seat.tab or leg.tab
        leg.endpoint = self.engine.agents.endpoint(seat)
        state = "supervising" if leg.role == "lead" else "talking"
        if seat.presence.state in ("offline", "ready", "busy", "away"):
            self.engine.agents.event(seat, presence.Resume(state, call.id, leg.joined or self.core.now))
        seat.lost = seat.desk is None
        if seat.desk is None:
            self.engine.pages.desk_gone(call, seat)

    def _device(self, name: str) -> str:
        """On what he talks: ``PJSIP/<endpoint>-<number>``; a desk phone that dialled is there by its own user name."""
        if "/carrier-" in name:
            return "outside"
        dialled = self.engine.outside.rung_as(name.removeprefix("PJSIP/").rpartition("-")[0])
        return "phone" if "/phone-" in name or dialled.startswith("phone-") else "browser"

    def _close_gone(
        self, call: Call, answered: dict[str, AgentLeg], living: dict[str, AgentLeg], had: AgentLeg | None
    ) -> None:
        """Whoever hung up while nobody watched."""
        for channel in [c for c in call.tracks if c != call.channel and c not in living]:
            self.engine.recorder.ended(call, channel)
        for channel, leg in answered.items():
            if channel in living or leg is had:
                continue
            if leg.role == "agent":
                self.engine.talk.talk_ended(call, leg.person, "unwatched", leg.joined)
                self.engine.rejoining.left(call, leg.person, "unwatched")
            else:
                self.engine.leaving.told_left(call, leg, "unwatched")
        if had is not None and had.channel not in living:
            if call.speakers:
                self.engine.talk.talk_ended(call, had.person, "unwatched", had.joined)
                self.engine.rejoining.left(call, had.person, "unwatched")
            elif call.recording is not None:
                self.engine.recorder.stop(call)

    def _roll_back(self, call: Call, attempts: list[list[Any]], living: dict[str, AgentLeg]) -> None:
        """Attempts of the old switch: phones that rang stop, and so does the tone that told of it, which would keep the
        one who asked out of the conversation; consultations go on.
        """
        for channel, state, how, by, kind, target, name, ringback in attempts:
            attempt = Attempt(transfer.State(state), how, by, kind, target, name)
            if ringback:
                self.core.do(self.core.media.stop_play, ringback)
            leg = living.get(channel)
            if leg is not None and attempt.state is transfer.State.CONSULTING:
                leg.attempt = attempt
                continue
            if leg is None:
                self.core.do(self.core.media.hang_up, channel)
                self.core.fact("invite.ended", call, person=by, how=how, party="", result="unwatched")

    def _nobody(self, call: Call, attempts: list[list[Any]]) -> None:
        """The one who transferred is out, and whoever was rung is not any more: back a step."""
        rung = next((a for a in attempts if a[1] in ("blind", "returning", "leading")), None)
        state = transfer.State.LEADING if rung and rung[1] == "leading" else transfer.State.BLIND
        attempt = Attempt(state, "transfer", rung[3], rung[4], rung[5], rung[6]) if rung else None
        self.engine.hearing.sync(call)
        self.engine.bringing.back_a_step(call, attempt)

    def _lost(self, call: Call) -> None:
        """The agent's phone is gone."""
        call.recording = None
        if call.phase is Phase.FORWARDING:
            self.engine.end(call, "agent", "forward_ended")
            return
        seat = self.engine.agents.seat(call.person)
        if seat.call is not None and not seat.call.ended:  # killed on his way from one call to another
            self.engine.parking.found(call)
            return
        seat.call = call
        if seat.presence.state in ("offline", "ready", "busy", "away"):
            self.engine.agents.event(seat, presence.Resume("talking", call.id, call.talk_started or self.core.now))
        seat.lost = seat.desk is None
        self.engine.hearing.sync(call)
        self.engine.talk.reconnecting(call, "unwatched")
