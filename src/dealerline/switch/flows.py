"""Walks callers through their flows: events to ``domain.ivr.step``, its commands to the media engine.

Rules of the file. The flow's state belongs to the domain; here is only what sounds, what is timed and what is recorded.
A prompt without sound is never silence: another language, then the shipped tone, and an alarm.
A flow that cannot run says so to the caller in words and ends the call; a caller is never left standing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dealerline.domain import callbacks, hours, ivr
from dealerline.switch.core import Core
from dealerline.switch.directory import Line
from dealerline.switch.lookup import BEEP
from dealerline.switch.model import Call, FlowRun, Phase

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)


class Flows:
    """The self-service part of a call."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self._act: dict[type[Any], Callable[[Call, Any], None]] = {
            ivr.Play: self._play,
            ivr.StopPlay: self._stop_play,
            ivr.Collect: self._collect,
            ivr.SetLanguage: self._set_language,
            ivr.AskHours: self._ask_hours,
            ivr.EnterQueue: self._enter_queue,
            ivr.LeaveQueue: self._leave_queue,
            ivr.Record: self._record,
            ivr.Forward: self._forward,
            ivr.AskNumber: self._ask_number,
            ivr.Promise: self._promise,
            ivr.Identify: self._identify,
            ivr.RingDuty: self._ring_duty,
            ivr.EnterLine: self._enter_line,
            ivr.Hangup: self._hang_up,
            ivr.Chose: self._chose,
            ivr.Note: self._note,
        }

    # begin
    # --------------------------------------------------------------------------------------------------------------
    def status(self, line: Line) -> str:
        """open, closed or holiday; a line without hours is always open."""
        opening = self.core.lookup.hours.get(line.hours)
        store = self.core.lookup.stores.get(line.store)
        if opening is None or store is None:
            return "open"
        return hours.status(opening, store.timezone, self.core.now).kind

    def start(self, call: Call, line: Line, visits: int = 0) -> None:
        """Begin the flow that ``line`` runs now."""
        wanted = {"open": line.open_flow, "closed": line.closed_flow, "holiday": line.holiday_flow or line.closed_flow}
        flow = wanted[self.status(line)]
        built = self.core.lookup.flows.get(flow)
        if built is None:
            self.core.fact("flow.error", call, node="", reason="no_flow" if not flow else "broken_flow")
            self.core.alarm("flow_broken")
            self.farewell(call, "error.technical", "broken_flow")
            return
        store = self.core.lookup.stores.get(line.store)
        state = ivr.begin(
            built.flow, language=call.language, timezone=store.timezone if store else "Asia/Shanghai", visits=visits
        )
        call.flow = FlowRun(flow, built.version.version, state)
        self.core.fact("flow.started", call, flow=flow, version=built.version.version)
        self.step(call, ivr.Started())

    def step(self, call: Call, event: ivr.Event) -> None:
        """Let the domain decide, and do what it says."""
        run = call.flow
        built = self.core.lookup.flows.get(run.flow) if run else None
        if run is None or built is None:
            return
        try:
            state, commands = ivr.step(built.flow, run.state, event, self.core.now)
        except ivr.IllegalEvent as error:
            log.warning("call %s: %s", call.id, error)
            return
        except KeyError:  # the flow was changed under the caller and his node is no more
            self.core.fact("flow.error", call, node=run.state.node, reason="node_gone")
            self._restart(call)
            return
        run.state = state
        run.node = state.node
        for command in commands:
            if call.ended:
                break
            self._act[type(command)](call, command)
        if not call.ended:
            self.engine.remember(call)

    def _restart(self, call: Call) -> None:
        line = self.core.lookup.lines.get(call.line)
        visits = call.flow.state.visits + 1 if call.flow else 0
        if line is None or visits > 200:
            self.farewell(call, "error.technical", "broken_flow")
            return
        self.quiet(call)
        call.language = call.flow.state.language if call.flow else call.language
        self.start(call, line, visits)

    def farewell(self, call: Call, prompt: str, reason: str) -> None:
        """Say one thing outside of any flow, then hang up."""
        self.quiet(call)
        call.flow = None
        self.core.fact("flow.ended", call, reason=reason)
        playback = self._sound(call, (prompt,))
        self.core.by_playback[playback] = call
        call.announcing = playback
        # Should the end of the sound never be told, the call ends all the same.
        self.core.later(30.0, self._farewell_over, call, playback)

    def _farewell_over(self, call: Call, playback: str) -> None:
        if not call.ended and call.announcing == playback and call.flow is None:
            self.engine.end(call, "centre", "farewell")

    # sounds
    # -------------------------------------------------------------------------------------------------------------
    def _sound(self, call: Call, prompts: tuple[str, ...]) -> str:
        """Play prompts to the customer. Returns the playback's id."""
        call.plays += 1
        playback = f"{call.id}-p{call.plays}"
        sounds: list[str] = []
        for key in prompts:
            sound, fitting = self.core.lookup.sound(key, call.language, call.store)
            if not fitting and not self.core.lookup.has_sound(key):
                self.core.alarm("prompt_missing")
            sounds.append(sound)
        self.core.do(self.core.media.play, call.channel, playback, sounds)
        return playback

    def announce(self, call: Call, prompts: tuple[str, ...]) -> str:
        """Play something that no flow waits for (place in the queue, please wait)."""
        playback = self._sound(call, prompts)
        self.core.by_playback[playback] = call
        return playback

    def quiet(self, call: Call) -> None:
        """Stop every sound, timer and voice message of the flow."""
        run = call.flow
        if run is None:
            return
        if run.waiting is not None:
            run.waiting.cancel()
            run.waiting = None
        if run.playback:
            self.core.by_playback.pop(run.playback, None)
            self.core.do(self.core.media.stop_play, run.playback)
            run.playback = ""
        if run.record:
            self.core.do(self.core.media.stop_record, run.record)

    def _play(self, call: Call, command: ivr.Play) -> None:
        run = call.flow
        assert run is not None
        if run.waiting is not None:
            run.waiting.cancel()
            run.waiting = None
        if not command.prompts:
            self.core.after.append(lambda: self.step(call, ivr.PlayDone(command.token)))
            return
        run.retried = False
        run.token = command.token
        run.playback = self._sound(call, command.prompts)
        self.core.by_playback[run.playback] = call

    def _stop_play(self, call: Call, command: ivr.StopPlay) -> None:
        run = call.flow
        if run is not None and run.playback:
            self.core.by_playback.pop(run.playback, None)
            self.core.do(self.core.media.stop_play, run.playback)
            run.playback = ""

    def play_ended(self, call: Call, playback: str, failed: bool) -> None:
        """A sound for the flow, or a farewell, is over."""
        run = call.flow
        if call.rates:
            self.engine.rating.said(call, playback)
            return
        if run is None:
            if call.announcing == playback:
                self.engine.end(call, "centre", "farewell")
            return
        if run.playback != playback:
            return
        if failed and not run.retried:
            self.core.alarm("prompt_missing")
            self.core.fact("flow.error", call, node=run.node, reason="sound_failed")
            run.retried = True
            call.plays += 1
            run.playback = f"{call.id}-p{call.plays}"
            self.core.by_playback[run.playback] = call
            self.core.do(self.core.media.play, call.channel, run.playback, [BEEP])
            return
        run.playback = ""
        if run.pending is not None:
            command, run.pending = run.pending, None
            self._start_recording(call, run, command)
        else:
            self.step(call, ivr.PlayDone(run.token))

    # keys
    # ---------------------------------------------------------------------------------------------------------------
    def key(self, call: Call, digit: str) -> None:
        if call.rates:
            self.engine.rating.key(call, digit)
        if call.flow is None:
            return
        run = call.flow
        if run.waiting is not None and run.state.stage == "collecting":
            run.waiting.cancel()
            run.waiting = None
        self.step(call, ivr.Key(digit))

    def _collect(self, call: Call, command: ivr.Collect) -> None:
        run = call.flow
        assert run is not None
        if run.waiting is not None:
            run.waiting.cancel()
        seconds = command.timeout or self.core.lookup.snapshot.digit_seconds
        run.waiting = self.core.later(seconds, self._timeout, call, run, command.token)

    def _timeout(self, call: Call, run: FlowRun, token: int) -> None:
        if call.ended or call.flow is not run:
            return
        run.waiting = None
        self.step(call, ivr.Timeout(token))

    # branches
    # -----------------------------------------------------------------------------------------------------------
    def _set_language(self, call: Call, command: ivr.SetLanguage) -> None:
        call.language = command.language
        self.core.touch(call)

    def _ask_hours(self, call: Call, command: ivr.AskHours) -> None:
        name = command.line
        line = self.core.lookup.line_by_name(name, call.store) if name else self.core.lookup.lines.get(call.line)
        status = self.status(line) if line is not None else "open"
        if line is None:
            self.core.fact("flow.error", call, node=call.flow.node if call.flow else "", reason="unknown_line")
        self.core.after.append(lambda: self.step(call, ivr.HoursAre(status)))

    def _enter_line(self, call: Call, command: ivr.EnterLine) -> None:
        line = self.core.lookup.line_by_name(command.line, call.store)
        run = call.flow
        if line is None or run is None:
            self.core.fact("flow.error", call, node=run.node if run else "", reason="unknown_line")
            self.farewell(call, "error.technical", "unknown_line")
            return
        call.line, call.store = line.id, line.store
        call.language = run.state.language
        self.core.touch(call)
        visits = run.state.visits
        self.core.after.append(lambda: None if call.ended else self.start(call, line, visits))

    def _chose(self, call: Call, command: ivr.Chose) -> None:
        call.path.append(dict(command.title))

    def _note(self, call: Call, command: ivr.Note) -> None:
        self.core.fact(command.kind, call, **dict(command.data))

    # queue, voice message, forward
    # --------------------------------------------------------------------------------------
    def _enter_queue(self, call: Call, command: ivr.EnterQueue) -> None:
        queue = self.core.lookup.queue_by_code(command.queue, call.store)
        if queue is None:
            self.core.fact("flow.error", call, node=call.flow.node if call.flow else "", reason="unknown_queue")
            self.core.alarm("flow_broken")
            self.core.after.append(lambda: self.step(call, ivr.QueueTimeout()))
            return
        self.engine.queueing.enter(call, queue, command.max_wait, command.priority, command.wait_when_empty)

    def _leave_queue(self, call: Call, command: ivr.LeaveQueue) -> None:
        self.engine.queueing.leave(call, command.reason)

    def _record(self, call: Call, command: ivr.Record) -> None:
        run = call.flow
        assert run is not None
        if not self.engine.recorder.room():
            self.core.fact("flow.error", call, node=command.node, reason="disk_full")
            self.core.after.append(lambda: self.step(call, ivr.RecordDone(0.0, ok=False)))
            return
        run.pending = command
        run.retried = False
        run.playback = self._sound(call, ("beep",))
        self.core.by_playback[run.playback] = call

    def _start_recording(self, call: Call, run: FlowRun, command: ivr.Record) -> None:
        """The beep is over: from now on every word is kept."""
        call.plays += 1
        run.record = f"{call.id}-{call.plays}"
        run.record_kind = command.kind
        self.core.by_record[run.record] = call
        self.core.fact("voicemail.started", call, node=command.node, message=command.kind)
        seconds, silence = int(command.max_seconds), int(command.silence_seconds)
        self.core.do(self.core.media.record, call.channel, run.record, seconds, silence)

    def record_ended(self, call: Call, name: str, seconds: float, failed: bool) -> None:
        """A voice message is on disk, also when the caller hung up while he spoke."""
        run = call.flow
        if run is None or run.record != name:
            return
        run.record = ""
        if not failed and seconds >= 1.0:
            self.core.fact(
                "voicemail.recorded",
                call,
                path=self.engine.recorder.message_path(name),
                seconds=round(seconds, 2),
                node=run.node,
                message=run.record_kind,
            )
        if failed:
            self.core.alarm("recording_failed")
        if not call.ended:
            self.step(call, ivr.RecordDone(seconds, ok=not failed))

    def _forward(self, call: Call, command: ivr.Forward) -> None:
        self.engine.outside.forward(call, command.number, command.ring_seconds)

    def _ask_number(self, call: Call, command: ivr.AskNumber) -> None:
        number = callbacks.accepted(call.from_number)
        self.core.after.append(lambda: self.step(call, ivr.NumberIs(number)))

    def _promise(self, call: Call, command: ivr.Promise) -> None:
        queue = self.core.lookup.queue_by_code(command.queue, call.store)
        prompts = self.engine.callbacks.promise(call, queue, command.number, command.priority)
        answer = ivr.Promised(prompts is not None, prompts or ())
        self.core.after.append(lambda: self.step(call, answer))

    def _identify(self, call: Call, command: ivr.Identify) -> None:
        run = call.flow

        def answer(result: str) -> None:
            if call.flow is run:  # else he was led elsewhere meanwhile
                self.step(call, ivr.Identified(result))

        self.engine.recognising.identify(call, command.digits, answer)

    def offers(self, call: Call) -> tuple[str, ...]:
        """What is said of the keys that lead out of the queue he waits in."""
        run = call.flow
        built = self.core.lookup.flows.get(run.flow) if run else None
        node = built.flow.nodes.get(run.node) if run and built else None
        return tuple(getattr(node, "offers", ()))

    def _ring_duty(self, call: Call, command: ivr.RingDuty) -> None:
        self.engine.duty.ring(call, command.line, command.ring_seconds)

    def _hang_up(self, call: Call, command: ivr.Hangup) -> None:
        self.engine.end(call, "centre", "flow")

    # after a restart
    # ----------------------------------------------------------------------------------------------------
    def resume(self, call: Call) -> None:
        """Go on where the caller stood when the switch died."""
        if call.phase is Phase.FLOW and call.rates:
            self.engine.rating.ask(call)
        elif call.phase is Phase.FLOW:
            self.step(call, ivr.Resumed())
