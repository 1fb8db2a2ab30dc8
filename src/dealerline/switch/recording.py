"""Recorders of conversations: started on the agent's channel at answer, each side to its own file.

Rules of the file. A recording that cannot be made is a fact and an alarm, never a reason to end a call. Nothing is
overwritten: every recording has its own number within its call. Recorders end by themselves with their channel, so a
conversation that outlives this process stays recorded.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from dealerline.switch.core import Core
from dealerline.switch.media import Failed
from dealerline.switch.model import AgentLeg, Call, Recording

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


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

    def start(self, call: Call, leg: AgentLeg) -> None:
        """Record this conversation from now on."""
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
            self.core.do(self.core.media.stop_monitor, made.channel)

    def failed(self, call: Call, event: Failed) -> None:
        """The recorder could not be started."""
        made = call.recording
        if made is None or made.channel != event.subject:
            return
        call.recording = None
        call.recording_state = "failed"
        self.core.metrics.recordings_failed += 1
        self.core.fact("recording.failed", call, recording=made.id, reason=event.reason[:80], agent=made.person)
        self.core.alarm("recording_failed")
        self.core.touch(call)
