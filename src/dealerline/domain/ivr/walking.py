"""A caller inside a flow: what entering a node does, and what a key does there.

``Run`` is one step under way. Its methods and the functions of this file change its state and add commands, nothing
else; which of them an event brings about, and whether it may, stands in ``interpreter``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dealerline.domain.ivr import calling_back, identifying, model
from dealerline.domain.ivr.model import Flow, Node
from dealerline.domain.ivr.values import (
    AskHours,
    Chose,
    Collect,
    Command,
    EnterLine,
    EnterQueue,
    Forward,
    Hangup,
    Note,
    Play,
    RingDuty,
    SetLanguage,
    State,
    StopPlay,
)

BACK_STEPS = 6
CHOICES_KEPT = 12
LAST_STEPS = 20  # nodes more that may be entered after the limit, on the way to a person


class Run:
    """One step under way: a copy of the state that is thrown away if anything raises, and the commands so far."""

    def __init__(self, flow: Flow, state: State, now: float) -> None:
        self.flow, self.state, self.now = flow, state, now
        self.commands: list[Command] = []

    @property
    def node(self) -> Node:
        return self.flow.nodes[self.state.node]

    def set(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)

    def say(self, *commands: Command) -> None:
        self.commands.extend(commands)

    def note(self, kind: str, /, **data: Any) -> None:
        self.commands.append(Note(kind, data))

    def play(self, prompts: tuple[str, ...], stage: str = "playing", interruptible: bool = True) -> None:
        token = self.state.token + 1
        self.set(stage=stage, token=token)
        self.say(Play(prompts, self.state.language, interruptible, token))
        self.note("flow.prompt", prompts=list(prompts), language=self.state.language)

    def stop(self) -> None:
        """Cut what plays short; its PlayDone will be old."""
        self.say(StopPlay(self.state.token))
        self.set(token=self.state.token + 1)

    def collect(self, timeout: float) -> None:
        token = self.state.token + 1
        self.set(stage="collecting", token=token)
        self.say(Collect(timeout, token))

    def end(self, reason: str, hangup: bool = True) -> None:
        self.set(stage="ended", typed="")
        self.note("flow.ended", reason=reason)
        if hangup:
            self.say(Hangup())

    def enter(self, name: str) -> None:
        """Go to a node ("": the end), unless the caller has seen too many."""
        visits = self.state.visits + 1
        if not name:
            self.end("done")
        elif visits == self.flow.max_visits + 1 and self.flow.person:
            self.note("flow.error", node=name, reason="too_many_steps")
            self.set(visits=visits, typed="", back=())
            self.arrive(self.flow.person)
        elif visits > self.flow.max_visits + (LAST_STEPS if self.flow.person else 0):
            self.note("flow.error", node=name, reason="too_many_steps")
            self.set(node=name, typed="")
            self.play(("error.technical",), "closing", interruptible=False)
        else:
            self.set(visits=visits)
            self.arrive(name)

    def arrive(self, name: str) -> None:
        self.set(node=name, tries=0)
        node = self.node
        self.note("flow.node", node=name, kind=kind_of(node))
        ENTER[type(node)](self, node)


_KINDS = {
    model.PlayNode: "play",
    model.AnnouncementNode: "announcement",
    model.LanguageNode: "language",
    model.MenuNode: "menu",
    model.QueueNode: "queue",
    model.VoicemailNode: "voicemail",
    model.CallbackNode: "callback",
    model.IdentifyNode: "identify",
    model.ForwardNode: "forward",
    model.DutyNode: "duty",
    model.HoursNode: "hours",
    model.GotoNode: "goto",
    model.HangupNode: "hangup",
}


def kind_of(node: Node) -> str:
    """The node's type as it is written in a flow."""
    return _KINDS[type(node)]


# --- what entering a node does ---


def _enter_play(run: Run, node: model.PlayNode) -> None:
    if run.state.typed and node.interruptible:
        run.enter(node.next)  # he types ahead and knows his way
    else:
        run.play(node.prompts, interruptible=node.interruptible)


def _enter_announcement(run: Run, node: model.AnnouncementNode) -> None:
    wall = datetime.fromtimestamp(run.now, ZoneInfo(run.state.timezone)).replace(tzinfo=None)
    prompts: list[str] = []
    for item in node.items:
        if (item.start is None or item.start <= wall) and (item.end is None or wall < item.end):
            prompts.extend(item.prompts)
    if not prompts or (run.state.typed and node.interruptible):
        run.enter(node.next)
    else:
        run.play(tuple(prompts), interruptible=node.interruptible)


def _enter_menu(run: Run, node: model.MenuNode | model.LanguageNode) -> None:
    if isinstance(node, model.LanguageNode) and run.state.asked and not run.state.chosen:
        run.enter(node.next)
    elif run.state.typed:
        digit, rest = run.state.typed[0], run.state.typed[1:]
        run.set(typed=rest)
        choose(run, digit)
    else:
        run.play(node.prompts)


def _enter_queue(run: Run, node: model.QueueNode) -> None:
    run.set(typed="", queue=node.name)
    if node.prompts:
        run.play(node.prompts)
    else:
        join_queue(run, node)


def join_queue(run: Run, node: model.QueueNode) -> None:
    run.set(stage="queued")
    empty = node.on_empty == model.WAIT
    run.say(EnterQueue(node.queue, node.max_wait, node.priority, tuple(node.leave), empty))


def _enter_voicemail(run: Run, node: model.VoicemailNode) -> None:
    run.set(typed="")
    run.play(node.prompts)


def _enter_forward(run: Run, node: model.ForwardNode | model.DutyNode) -> None:
    run.set(typed="")
    if node.prompts:
        run.play(node.prompts, interruptible=False)
    else:
        forward(run, node)


def forward(run: Run, node: model.ForwardNode | model.DutyNode) -> None:
    run.set(stage="forwarding")
    if isinstance(node, model.DutyNode):
        run.say(RingDuty(node.line, node.ring_seconds))
    else:
        run.say(Forward(node.number, node.ring_seconds))


def _enter_hours(run: Run, node: model.HoursNode) -> None:
    run.set(stage="hours")
    run.say(AskHours(node.line))


def _enter_goto(run: Run, node: model.GotoNode) -> None:
    if node.line:
        run.end("line", hangup=False)
        run.say(EnterLine(node.line))
    else:
        run.enter(node.to)


def _enter_hangup(run: Run, node: model.HangupNode) -> None:
    run.set(typed="")
    if node.prompts:
        run.play(node.prompts, "closing", interruptible=False)
    else:
        run.end("hangup")


ENTER: dict[type[Any], Callable[[Run, Any], None]] = {
    model.PlayNode: _enter_play,
    model.AnnouncementNode: _enter_announcement,
    model.LanguageNode: _enter_menu,
    model.MenuNode: _enter_menu,
    model.QueueNode: _enter_queue,
    model.VoicemailNode: _enter_voicemail,
    model.CallbackNode: calling_back.enter,
    model.IdentifyNode: identifying.enter,
    model.ForwardNode: _enter_forward,
    model.DutyNode: _enter_forward,
    model.HoursNode: _enter_hours,
    model.GotoNode: _enter_goto,
    model.HangupNode: _enter_hangup,
}

# --- keys ---


def choose(run: Run, digit: str) -> None:
    """A key at a menu or language node."""
    node = run.node
    run.note("flow.key", digits=digit, node=node.name)
    if isinstance(node, model.LanguageNode):
        if digit in node.keys:
            run.set(language=node.keys[digit])
            run.say(SetLanguage(node.keys[digit]))
            run.note("flow.language", language=node.keys[digit])
            run.enter(node.next)
        else:
            try_again(run, digit)
        return
    assert isinstance(node, model.MenuNode)
    choice = node.keys.get(digit)
    if choice is not None:
        _take(run, node, digit, choice.to)
    elif digit == node.repeat:
        run.enter(node.name)
    elif digit == node.back:
        *before, target = (*run.state.back, "") if not run.state.back else run.state.back
        run.set(back=tuple(before))
        run.enter(target or node.name)
    elif digit == model.PERSON_KEY and run.flow.person:
        _take(run, node, digit, run.flow.person)
    else:
        try_again(run, digit)


def _take(run: Run, node: model.MenuNode, digit: str, to: str) -> None:
    run.say(Chose(node.name, digit, model.chosen(run.flow, node.name, digit) or {}))
    run.set(
        back=(*run.state.back, node.name)[-BACK_STEPS:],
        chosen=(*run.state.chosen, (node.name, digit))[-CHOICES_KEPT:],
    )
    run.enter(to)


def try_again(run: Run, digit: str) -> None:
    """Silence (digit "") or a key without a meaning."""
    node = run.node
    assert isinstance(node, model.MenuNode | model.LanguageNode)
    tries = run.state.tries + 1
    run.set(tries=tries, typed="")
    if digit:
        run.note("flow.wrong_key", node=node.name, digits=digit)
    else:
        run.note("flow.timeout", node=node.name)
    if tries >= node.tries:
        if isinstance(node, model.LanguageNode):
            run.enter(node.next)
        else:
            ways = (node.on_wrong, node.on_timeout) if digit else (node.on_timeout, node.on_wrong)
            run.enter(ways[0] or ways[1] or run.flow.person)
        return
    hint = node.wrong_prompt if digit else getattr(node, "timeout_prompt", "")
    run.play((hint, *node.prompts) if hint else node.prompts)
