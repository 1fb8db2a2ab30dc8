"""Walks a caller through a flow: ``step(flow, state, event, now) -> (state, commands)``.

The rules of the file:

- Nothing is done here; commands are values and the switch acts. Nothing is read here; ``now`` is passed in.
- What may happen when is ``TABLE``: (stage, kind of event) -> rule. An event without a rule raises IllegalEvent and
  changes nothing.
- Play and Collect carry a token; PlayDone and Timeout bring it back. An old token is an echo of something that a key
  has already cut short, and changes nothing.
- The state is small and JSON, so that it lives in a channel variable and a restarted switch goes on with ``Resumed``.
- A caller is never left in silence or in a circle: each node entered is counted, and past the flow's limit the call
  goes to the flow's person, then ends with words.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dealerline.domain.ivr import model
from dealerline.domain.ivr.model import Flow, Node, Title
from dealerline.domain.ivr.values import (
    STAGES,
    AskHours,
    CallerGone,
    Chose,
    Collect,
    Command,
    EnterLine,
    EnterQueue,
    Event,
    Forward,
    ForwardDone,
    Hangup,
    HoursAre,
    IllegalEvent,
    Key,
    LeaveQueue,
    Note,
    Play,
    PlayDone,
    QueueAnswered,
    QueueEmpty,
    QueueReturned,
    QueueTimeout,
    Record,
    RecordDone,
    Resumed,
    SetLanguage,
    Started,
    State,
    StopPlay,
    Timeout,
)

TYPED_AHEAD = 16
BACK_STEPS = 6
CHOICES_KEPT = 12
LAST_STEPS = 20  # nodes more that may be entered after the limit, on the way to a person
LEAST_MESSAGE_SECONDS = 1.0


def begin(flow: Flow, *, language: str = "", timezone: str = "Asia/Shanghai", visits: int = 0) -> State:
    """A caller about to enter ``flow``. ``visits``: nodes seen in the flow he comes from, after EnterLine.

    Who comes from another flow was asked for his language there; he is not asked again before his first choice here.
    """
    return State(language=language or flow.language, timezone=timezone, visits=visits, asked=visits > 0)


def path_titles(flow: Flow, state: State) -> list[Title]:
    """The caller's menu choices in words, in their order."""
    titles: list[Title] = []
    for name, key in state.chosen:
        title = model.chosen(flow, name, key)
        if title is not None:
            titles.append(title)
    return titles


# --- walking ---


class _Run:
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
    model.ForwardNode: "forward",
    model.HoursNode: "hours",
    model.GotoNode: "goto",
    model.HangupNode: "hangup",
}


def kind_of(node: Node) -> str:
    """The node's type as it is written in a flow."""
    return _KINDS[type(node)]


# --- what entering a node does ---


def _enter_play(run: _Run, node: model.PlayNode) -> None:
    if run.state.typed and node.interruptible:
        run.enter(node.next)  # he types ahead and knows his way
    else:
        run.play(node.prompts, interruptible=node.interruptible)


def _enter_announcement(run: _Run, node: model.AnnouncementNode) -> None:
    wall = datetime.fromtimestamp(run.now, ZoneInfo(run.state.timezone)).replace(tzinfo=None)
    prompts: list[str] = []
    for item in node.items:
        if (item.start is None or item.start <= wall) and (item.end is None or wall < item.end):
            prompts.extend(item.prompts)
    if not prompts or (run.state.typed and node.interruptible):
        run.enter(node.next)
    else:
        run.play(tuple(prompts), interruptible=node.interruptible)


def _enter_menu(run: _Run, node: model.MenuNode | model.LanguageNode) -> None:
    if isinstance(node, model.LanguageNode) and run.state.asked and not run.state.chosen:
        run.enter(node.next)
    elif run.state.typed:
        digit, rest = run.state.typed[0], run.state.typed[1:]
        run.set(typed=rest)
        _choose(run, digit)
    else:
        run.play(node.prompts)


def _enter_queue(run: _Run, node: model.QueueNode) -> None:
    run.set(typed="")
    if node.prompts:
        run.play(node.prompts)
    else:
        _join_queue(run, node)


def _join_queue(run: _Run, node: model.QueueNode) -> None:
    run.set(stage="queued")
    empty = node.on_empty == model.WAIT
    run.say(EnterQueue(node.queue, node.max_wait, node.priority, tuple(node.leave), empty))


def _enter_voicemail(run: _Run, node: model.VoicemailNode) -> None:
    run.set(typed="")
    run.play(node.prompts)


def _enter_forward(run: _Run, node: model.ForwardNode) -> None:
    run.set(typed="")
    if node.prompts:
        run.play(node.prompts, interruptible=False)
    else:
        _forward(run, node)


def _forward(run: _Run, node: model.ForwardNode) -> None:
    run.set(stage="forwarding")
    run.say(Forward(node.number, node.ring_seconds))


def _enter_hours(run: _Run, node: model.HoursNode) -> None:
    run.set(stage="hours")
    run.say(AskHours(node.line))


def _enter_goto(run: _Run, node: model.GotoNode) -> None:
    if node.line:
        run.end("line", hangup=False)
        run.say(EnterLine(node.line))
    else:
        run.enter(node.to)


def _enter_hangup(run: _Run, node: model.HangupNode) -> None:
    run.set(typed="")
    if node.prompts:
        run.play(node.prompts, "closing", interruptible=False)
    else:
        run.end("hangup")


ENTER: dict[type[Any], Callable[[_Run, Any], None]] = {
    model.PlayNode: _enter_play,
    model.AnnouncementNode: _enter_announcement,
    model.LanguageNode: _enter_menu,
    model.MenuNode: _enter_menu,
    model.QueueNode: _enter_queue,
    model.VoicemailNode: _enter_voicemail,
    model.ForwardNode: _enter_forward,
    model.HoursNode: _enter_hours,
    model.GotoNode: _enter_goto,
    model.HangupNode: _enter_hangup,
}

# --- keys ---


def _choose(run: _Run, digit: str) -> None:
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
            _try_again(run, digit)
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
        _try_again(run, digit)


def _take(run: _Run, node: model.MenuNode, digit: str, to: str) -> None:
    run.say(Chose(node.name, digit, model.chosen(run.flow, node.name, digit) or {}))
    run.set(
        back=(*run.state.back, node.name)[-BACK_STEPS:],
        chosen=(*run.state.chosen, (node.name, digit))[-CHOICES_KEPT:],
    )
    run.enter(to)


def _try_again(run: _Run, digit: str) -> None:
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


# --- rules ---


def _start(run: _Run, event: Event) -> None:
    run.enter(run.flow.start)


def _played(run: _Run, event: Event) -> None:
    node = run.node
    if isinstance(node, model.PlayNode | model.AnnouncementNode):
        run.enter(node.next)
    elif isinstance(node, model.MenuNode | model.LanguageNode):
        run.collect(node.timeout)
    elif isinstance(node, model.QueueNode):
        _join_queue(run, node)
    elif isinstance(node, model.VoicemailNode):
        run.set(stage="recording")
        run.say(Record(node.kind, node.max_seconds, node.silence_seconds, node.name))
    elif isinstance(node, model.ForwardNode):
        _forward(run, node)


def _key_while_playing(run: _Run, event: Event) -> None:
    assert isinstance(event, Key)
    node = run.node
    if isinstance(node, model.MenuNode | model.LanguageNode):
        run.stop()
        _choose(run, event.digit)
    elif isinstance(node, model.PlayNode | model.AnnouncementNode):
        run.set(typed=(run.state.typed + event.digit)[:TYPED_AHEAD])
        if node.interruptible:
            run.stop()
            run.enter(node.next)
    elif isinstance(node, model.VoicemailNode):
        run.stop()
        _played(run, event)
    elif isinstance(node, model.QueueNode) and event.digit in node.leave:
        run.stop()
        run.note("flow.key", digits=event.digit, node=node.name)
        run.enter(node.leave[event.digit])


def _key_at_menu(run: _Run, event: Event) -> None:
    assert isinstance(event, Key)
    run.set(token=run.state.token + 1)  # the timer of Collect is old now
    _choose(run, event.digit)


def _key_in_queue(run: _Run, event: Event) -> None:
    assert isinstance(event, Key)
    node = run.node
    if isinstance(node, model.QueueNode) and event.digit in node.leave:
        run.note("flow.key", digits=event.digit, node=node.name)
        run.say(LeaveQueue("key"))
        run.enter(node.leave[event.digit])


def _key_kept(run: _Run, event: Event) -> None:
    assert isinstance(event, Key)
    run.set(typed=(run.state.typed + event.digit)[:TYPED_AHEAD])


def _ignored(run: _Run, event: Event) -> None:
    return


def _timeout(run: _Run, event: Event) -> None:
    _try_again(run, "")


def _hours(run: _Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, HoursAre) and isinstance(node, model.HoursNode)
    ways = {"open": node.open, "holiday": node.holiday or node.closed}
    run.enter(ways.get(event.status, node.closed))


def _waited_out(run: _Run, event: Event) -> None:
    node = run.node
    assert isinstance(node, model.QueueNode)
    run.say(LeaveQueue("timeout"))
    run.enter(node.on_timeout)


def _nobody_there(run: _Run, event: Event) -> None:
    node = run.node
    assert isinstance(node, model.QueueNode)
    if node.on_empty != model.WAIT:
        run.say(LeaveQueue("closed"))
        run.enter(node.on_empty or node.on_timeout)


def _answered(run: _Run, event: Event) -> None:
    run.set(stage="talking")


def _returned(run: _Run, event: Event) -> None:
    run.set(stage="queued")


def _recorded(run: _Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, RecordDone) and isinstance(node, model.VoicemailNode)
    tries = run.state.tries + 1
    if not event.ok:
        run.note("flow.error", node=node.name, reason="not_recorded")
        if node.on_fail:
            run.enter(node.on_fail)
        else:
            run.play(("error.technical",), "closing", interruptible=False)
    elif event.seconds < LEAST_MESSAGE_SECONDS and tries < 2:
        run.note("flow.timeout", node=node.name)
        run.set(tries=tries)
        run.play(node.prompts)  # said nothing: invite once more
    elif node.done:
        run.play(node.done, "closing", interruptible=False)
    else:
        run.enter(node.next)


def _closed(run: _Run, event: Event) -> None:
    node = run.node
    run.enter(node.next if isinstance(node, model.VoicemailNode) else "")


def _forwarded(run: _Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, ForwardDone) and isinstance(node, model.ForwardNode)
    if event.result == "ended":
        run.end("forwarded")
    else:
        run.enter(node.on_fail)


def _gone(run: _Run, event: Event) -> None:
    run.end("caller_gone", hangup=False)


def _resume(run: _Run, event: Event) -> None:
    """What was playing or timed is gone with the old switch: begin that node again. A queue or a talk goes on."""
    stage = run.state.stage
    if stage in ("playing", "collecting", "hours", "recording", "closing", "forwarding"):
        run.set(token=run.state.token + 1)
        run.enter(run.state.node)


#: Where a caller may be when one or more nodes were entered.
ANY_STAGE = frozenset({"playing", "collecting", "hours", "queued", "closing", "ended", "recording", "forwarding"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What an event does, and the stages in which it may leave the caller."""

    act: Callable[[_Run, Event], None]
    to: frozenset[str]


def _rule(act: Callable[[_Run, Event], None], to: Set[str]) -> Rule:
    return Rule(act, frozenset(to))


TABLE: dict[tuple[str, type[Any]], Rule] = {
    ("new", Started): _rule(_start, ANY_STAGE),
    ("playing", PlayDone): _rule(_played, ANY_STAGE),
    ("playing", Key): _rule(_key_while_playing, ANY_STAGE),
    ("collecting", Key): _rule(_key_at_menu, ANY_STAGE),
    ("collecting", Timeout): _rule(_timeout, ANY_STAGE),
    ("hours", HoursAre): _rule(_hours, ANY_STAGE),
    ("hours", Key): _rule(_key_kept, {"hours"}),
    ("queued", Key): _rule(_key_in_queue, ANY_STAGE),
    ("queued", QueueTimeout): _rule(_waited_out, ANY_STAGE),
    ("queued", QueueEmpty): _rule(_nobody_there, ANY_STAGE),
    ("queued", QueueAnswered): _rule(_answered, {"talking"}),
    ("talking", QueueReturned): _rule(_returned, {"queued"}),
    ("talking", Key): _rule(_ignored, {"talking"}),
    ("recording", RecordDone): _rule(_recorded, ANY_STAGE),
    ("recording", Key): _rule(_ignored, {"recording"}),
    ("closing", PlayDone): _rule(_closed, ANY_STAGE),
    ("closing", Key): _rule(_ignored, {"closing"}),
    ("forwarding", ForwardDone): _rule(_forwarded, ANY_STAGE),
    ("forwarding", Key): _rule(_ignored, {"forwarding"}),
    **{(stage, CallerGone): _rule(_gone, {"ended"}) for stage in STAGES if stage != "ended"},
    **{(stage, Resumed): _rule(_resume, ANY_STAGE | {stage}) for stage in STAGES if stage not in ("new", "ended")},
    # echoes that come after the end, or late, are harmless in every stage
    **{(stage, PlayDone): _rule(_ignored, {stage}) for stage in STAGES if stage not in ("playing", "closing")},
    **{(stage, Timeout): _rule(_ignored, {stage}) for stage in STAGES if stage != "collecting"},
    ("ended", Key): _rule(_ignored, {"ended"}),
    ("ended", CallerGone): _rule(_ignored, {"ended"}),
}


def step(flow: Flow, state: State, event: Event, now: float) -> tuple[State, tuple[Command, ...]]:
    """The caller's next state and what is to be done. ``now``: seconds since the epoch. Raises IllegalEvent."""
    rule = TABLE.get((state.stage, type(event)))
    if rule is None:
        raise IllegalEvent(f"{type(event).__name__} cannot happen while {state.stage} at node {state.node!r}")
    if isinstance(event, PlayDone | Timeout) and event.token != state.token:
        return state, ()
    if isinstance(event, Key) and (len(event.digit) != 1 or event.digit not in model.KEYS):
        raise IllegalEvent(f"{event.digit!r} is not a telephone key")
    run = _Run(flow, state, now)
    rule.act(run, event)
    return run.state, tuple(run.commands)
