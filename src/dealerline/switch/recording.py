"""Recorders of conversations: two voices on one recorder while two talk, each on its own as soon as there are more.

Rules of the file. A recording that cannot be made is a fact and an alarm, never a reason to end a call. Nothing is
overwritten: every recording and track has its own number within its call. Recorders end by themselves with their
channel, so a conversation that outlives this process stays recorded. Which voice belongs to whose copy is the domain's
to say (``audience``); when it changes, the track ends and another begins, so that what a customer must not hear is in
files of its own.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from dealerline.domain import conversation as talk
from dealerline.switch.core import Core
from dealerline.switch.media import Failed
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Phase, Recording, Refused, Track

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
PAUSE_SECONDS = 120.0  # a pause that nobody ends ends by itself


class Recorder:
    """Where recordings go, and whether there is room for them."""

    def __init__(self, core: Core, folder: Path, min_free_mb: int) -> None:
        self.core = core
        self.folder = folder
        self.min_free = min_free_mb * 1024 * 1024
        self._looked = 0.0
        self._room = True

    def room(self) -> bool:
        """Whether the disk has room for another recording; looked up at most once a second."""
        now = self.core.now
        if abs(now - self._looked) >= LOOK_SECONDS:
            self._looked = now
            self._room = self.free() >= self.min_free
            self.core.alarm("disk_low", not self._room)
        return self._room

    def free(self) -> int:
        """Free bytes in the recordings folder; none when it is not there."""
        try:
            found = os.statvfs(self.folder)
        except OSError:
            return 0
        return found.f_bavail * found.f_frsize

    def message_path(self, name: str) -> str:
        """Where a voice message of that name is, relative to the recordings folder."""
        return f"voicemail/{name}.wav"

    # two voices
    # --------------------------------------------------------------------------------------------------------
    def start(self, call: Call, leg: AgentLeg) -> None:
        """Record this conversation from now on."""
        if call.by_tracks or call.paused is not None:
            self.sync(call)
            return
        if call.recording is not None:
            self.stop(call)
        recording = self.core.new_id()
        if not self.room():
            call.recording_state = "failed"
            self.core.metrics.recordings_failed += 1
            self.core.fact("recording.failed", call, recording=recording, reason="disk_full", agent=leg.person)
            return
        call.recordings += 1
        stem = self.folder / "raw" / f"{call.id}-{call.recordings}"
        made = Recording(recording, leg.channel, leg.person, f"{stem}-agent.wav", f"{stem}-customer.wav", self.core.now)
        call.recording = made
        call.recording_state = "on"
        self.core.fact(
            "recording.started",
            call,
            recording=recording,
            agent=leg.person,
            number=call.recordings,
            agent_path=f"raw/{stem.name}-agent.wav",
            customer_path=f"raw/{stem.name}-customer.wav",
        )
        self.core.do(self.core.media.monitor, leg.channel, made.agent_path, made.customer_path)

    def stop(self, call: Call) -> None:
        """The conversation on that channel is over; the recorder ends with it."""
        made = call.recording
        if made is None:
            return
        call.recording = None
        call.recording_state = "off"
        self.core.fact(
            "recording.stopped",
            call,
            recording=made.id,
            agent=made.person,
            seconds=round(self.core.now - made.started, 3),
        )
        if made.channel in self.core.by_channel:
            self.core.do(self.core.media.stop_monitor, made.channel, made.agent_path)

    # each voice
    # --------------------------------------------------------------------------------------------------------
    def sync(self, call: Call) -> None:
        """The conversation changed: which voices are to be recorded, for whose ears?"""
        if not call.talk.parties:
            return
        if not call.by_tracks and self._simple(call):
            return
        if not call.by_tracks:
            call.by_tracks = True
        wanted = {} if call.paused is not None else self._wanted(call)
        for channel, track in list(call.tracks.items()):
            if wanted.get(channel) != (track.room, track.audience):
                self._stop_track(call, channel)
        # The old recorder ends once the new ones run: not a word is between them.
        for channel, (room, audience) in wanted.items():
            if channel not in call.tracks:
                self._start_track(call, channel, room, audience)
        self.stop(call)
        call.recording_state = "paused" if call.paused is not None else ("on" if call.tracks else "off")

    @staticmethod
    def _simple(call: Call) -> bool:
        """A customer and one agent, and no third: one recorder on the agent's channel keeps both voices."""
        parties = list(call.talk)
        return len(parties) <= 2 and all(p.role in ("customer", "agent") for p in parties)

    @staticmethod
    def _wanted(call: Call) -> dict[str, tuple[str, str]]:
        """channel -> (room, audience) of every voice that somebody could hear."""
        if call.phase not in SPEAKING | {Phase.FORWARDING, Phase.RECONNECTING}:
            return {}
        places = {party.id: (talk.place(call.talk, party), talk.audience(call.talk, party)) for party in call.talk}
        return {channel: found for channel, found in places.items() if found[1]}

    def _start_track(self, call: Call, channel: str, room: str, audience: str) -> None:
        identifier, leg = self.core.new_id(), call.leg_on(channel)
        if not self.room():
            self.core.metrics.recordings_failed += 1
            self.core.fact("track.failed", call, track=identifier, reason="disk_full")
            call.tracks[channel] = Track("", room, audience, self.core.now)  # one try for each place and audience
            return
        call.recordings += 1
        name = f"raw/{call.id}-t{call.recordings}.wav"
        call.tracks[channel] = Track(identifier, room, audience, self.core.now)
        self.core.fact(
            "track.started",
            call,
            track=identifier,
            party=call.label_of(channel),
            role=call.talk.parties[channel].role,
            agent=leg.person if leg is not None else 0,
            path=name,
            room=room,
            audience=audience,
        )
        self.core.do(self.core.media.track, channel, str(self.folder / name))
        call.track_paths[channel] = str(self.folder / name)

    def _stop_track(self, call: Call, channel: str) -> None:
        track, path = call.tracks.pop(channel), call.track_paths.pop(channel, "")
        if not track.id:
            return
        self.core.fact("track.stopped", call, track=track.id, seconds=round(self.core.now - track.started, 3))
        if channel in self.core.by_channel:
            self.core.do(self.core.media.stop_monitor, channel, path)

    def ended(self, call: Call, channel: str) -> None:
        """That voice's channel ended while nobody watched: its track with it."""
        self._stop_track(call, channel)

    def stop_all(self, call: Call) -> None:
        """Nothing of this call is recorded any more."""
        self._end_pause(call)
        self.stop(call)
        for channel in list(call.tracks):
            self._stop_track(call, channel)
        call.by_tracks, call.recording_state = False, "off"

    # pause
    # -------------------------------------------------------------------------------------------------------------
    def pause(self, call: Call, person: int) -> None:
        """Card or ID numbers are said: nothing is kept until it is resumed. Raises Refused."""
        if call.paused is not None or call.phase not in SPEAKING:
            raise Refused("not_now")
        self.stands_still(call)
        self.core.fact("recording.paused", call, person=person, agent=person)
        if call.by_tracks:
            self.sync(call)
        self.stop(call)
        call.recording_state = "paused"
        self.core.touch(call)

    def stands_still(self, call: Call) -> None:
        """Paused, until somebody resumes it or the time is over; also for a switch that finds it paused."""
        call.paused = self.core.later(PAUSE_SECONDS, self._pause_over, call)
        call.recording_state = "paused"

    def resume(self, call: Call, person: int) -> None:
        """Record again. Raises Refused."""
        if call.paused is None:
            raise Refused("not_now")
        self._end_pause(call)
        self.core.fact("recording.resumed", call, person=person, agent=person)
        if call.phase is Phase.PARKED:
            call.recording_state = "off"  # it starts with the talk
        elif call.leg is not None and not call.by_tracks:
            self.start(call, call.leg)
        else:
            self.sync(call)
        self.core.touch(call)

    def _pause_over(self, call: Call) -> None:
        if not call.ended and call.paused is not None:
            self.resume(call, 0)

    @staticmethod
    def _end_pause(call: Call) -> None:
        if call.paused is not None:
            call.paused.cancel()
            call.paused = None

    # trouble
    # -----------------------------------------------------------------------------------------------------------
    def failed(self, call: Call, event: Failed) -> None:
        """A recorder could not be started."""
        made = call.recording
        track = call.tracks.get(event.subject)
        if event.order == "track" and track is not None and track.id:
            self.core.fact("track.failed", call, track=track.id, reason=event.reason[:80])
            track.id = ""
            call.track_paths.pop(event.subject, None)
        elif event.order == "monitor" and made is not None and made.channel == event.subject:
            call.recording = None
            self.core.fact("recording.failed", call, recording=made.id, reason=event.reason[:80], agent=made.person)
        else:
            return
        call.recording_state = "failed"
        self.core.metrics.recordings_failed += 1
        self.core.alarm("recording_failed")
        self.core.touch(call)
