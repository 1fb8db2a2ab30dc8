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
from dataclasses import dataclass
from typing import Any

from dealerline.domain.ivr import calling_back, identifying, model
from dealerline.domain.ivr.model import Flow, Title
from dealerline.domain.ivr.values import (
    STAGES,
    CallerGone,
    Command,
    Event,
    ForwardDone,
    HoursAre,
    Identified,
    IllegalEvent,
    Key,
    LeaveQueue,
    NumberIs,
    PlayDone,
    Promised,
    QueueAnswered,
    QueueCallback,
    QueueEmpty,
    QueueMessage,
    QueueReturned,
    QueueTimeout,
    Record,
    RecordDone,
    Resumed,
    Started,
    State,
    Timeout,
)
from dealerline.domain.ivr.walking import Run, choose, forward, join_queue, try_again

TYPED_AHEAD = 16
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


# --- rules ---


def _start(run: Run, event: Event) -> None:
    run.enter(run.flow.start)


def _played(run: Run, event: Event) -> None:
    node = run.node
    if isinstance(node, model.PlayNode | model.AnnouncementNode):
        run.enter(node.next)
    elif isinstance(node, model.MenuNode | model.LanguageNode | model.IdentifyNode):
        run.collect(node.timeout)
    elif isinstance(node, model.QueueNode):
        join_queue(run, node)
    elif isinstance(node, model.VoicemailNode):
        run.set(stage="recording")
        run.say(Record(node.kind, node.max_seconds, node.silence_seconds, node.name))
    elif isinstance(node, model.ForwardNode | model.DutyNode):
        forward(run, node)
    elif isinstance(node, model.CallbackNode):
        if run.state.part == "failed":
            run.enter(node.on_fail)
        else:
            run.collect(node.timeout)


def _key_while_playing(run: Run, event: Event) -> None:
    assert isinstance(event, Key)
    node = run.node
    if isinstance(node, model.MenuNode | model.LanguageNode):
        run.stop()
        choose(run, event.digit)
    elif isinstance(node, model.PlayNode | model.AnnouncementNode):
        run.set(typed=(run.state.typed + event.digit)[:TYPED_AHEAD])
        if node.interruptible:
            run.stop()
            run.enter(node.next)
    elif isinstance(node, model.VoicemailNode):
        run.stop()
        _played(run, event)
    elif isinstance(node, model.CallbackNode):
        if run.state.part != "failed":
            run.stop()
            calling_back.key(run, node, event.digit)
    elif isinstance(node, model.IdentifyNode):
        run.stop()
        identifying.key(run, node, event.digit)
    elif isinstance(node, model.QueueNode) and event.digit in node.leave:
        run.stop()
        run.note("flow.key", digits=event.digit, node=node.name)
        run.enter(node.leave[event.digit])


def _key_at_menu(run: Run, event: Event) -> None:
    assert isinstance(event, Key)
    run.set(token=run.state.token + 1)  # the timer of Collect is old now
    node = run.node
    if isinstance(node, model.CallbackNode):
        calling_back.key(run, node, event.digit)
    elif isinstance(node, model.IdentifyNode):
        identifying.key(run, node, event.digit)
    else:
        choose(run, event.digit)


def _key_in_queue(run: Run, event: Event) -> None:
    assert isinstance(event, Key)
    node = run.node
    if isinstance(node, model.QueueNode) and event.digit in node.leave:
        run.note("flow.key", digits=event.digit, node=node.name)
        run.say(LeaveQueue("key"))
        run.enter(node.leave[event.digit])


def _key_kept(run: Run, event: Event) -> None:
    assert isinstance(event, Key)
    run.set(typed=(run.state.typed + event.digit)[:TYPED_AHEAD])


def _ignored(run: Run, event: Event) -> None:
    return


def _timeout(run: Run, event: Event) -> None:
    node = run.node
    if isinstance(node, model.CallbackNode):
        calling_back.silence(run, node)
    elif isinstance(node, model.IdentifyNode):
        identifying.silence(run, node)
    else:
        try_again(run, "")


def _number(run: Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, NumberIs) and isinstance(node, model.CallbackNode)
    calling_back.number_is(run, node, event.number)


def _promised(run: Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, Promised) and isinstance(node, model.CallbackNode)
    calling_back.promised(run, node, event.ok, event.prompts)


def _identified(run: Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, Identified) and isinstance(node, model.IdentifyNode)
    identifying.identified(run, node, event.result)


def _hours(run: Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, HoursAre) and isinstance(node, model.HoursNode)
    ways = {"open": node.open, "holiday": node.holiday or node.closed}
    run.enter(ways.get(event.status, node.closed))


def _waited_out(run: Run, event: Event) -> None:
    node = run.node
    assert isinstance(node, model.QueueNode)
    run.say(LeaveQueue("timeout"))
    run.enter(node.on_timeout)


def _called_back(run: Run, event: Event) -> None:
    """Where one of his keys would lead to it; else as if he had waited long enough."""
    node = run.node
    assert isinstance(node, model.QueueNode)
    to = next((t for t in node.leave.values() if isinstance(run.flow.nodes.get(t), model.CallbackNode)), "")
    run.say(LeaveQueue("overflow" if to else "timeout"))
    run.enter(to or node.on_timeout)


def _leaves_message(run: Run, event: Event) -> None:
    """To the message of his flow that is the fewest steps away; without any, as if he had waited long enough."""
    node = run.node
    assert isinstance(node, model.QueueNode)
    to = model.nearest(run.flow, node, model.VoicemailNode)
    run.say(LeaveQueue("overflow" if to else "timeout"))
    run.enter(to or node.on_timeout)


def _nobody_there(run: Run, event: Event) -> None:
    node = run.node
    assert isinstance(node, model.QueueNode)
    if node.on_empty != model.WAIT:
        run.say(LeaveQueue("closed"))
        run.enter(node.on_empty or node.on_timeout)


def _answered(run: Run, event: Event) -> None:
    run.set(stage="talking")


def _returned(run: Run, event: Event) -> None:
    run.set(stage="queued")


def _recorded(run: Run, event: Event) -> None:
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


def _closed(run: Run, event: Event) -> None:
    node = run.node
    run.enter(node.next if isinstance(node, model.VoicemailNode | model.CallbackNode) else "")


def _forwarded(run: Run, event: Event) -> None:
    node = run.node
    assert isinstance(event, ForwardDone) and isinstance(node, model.ForwardNode | model.DutyNode)
    if event.result == "ended":
        run.end("forwarded")
    else:
        run.enter(node.on_fail)


def _gone(run: Run, event: Event) -> None:
    run.end("caller_gone", hangup=False)


#: Where a node begins anew after a restart: what it waited for is gone.
AGAIN = ("playing", "collecting", "hours", "recording", "closing", "forwarding", "asking", "promising", "identifying")


def _resume(run: Run, event: Event) -> None:
    """What was playing or timed is gone with the old switch: begin that node again. A queue or a talk goes on."""
    stage, node = run.state.stage, run.flow.nodes[run.state.node]
    if stage == "closing" and isinstance(node, model.CallbackNode):  # he has his promise
        run.set(token=run.state.token + 1)
        run.enter(node.next)
    elif stage in AGAIN:
        run.set(token=run.state.token + 1)
        run.enter(run.state.node)


#: Where a caller may be when one or more nodes were entered.
ANY_STAGE = frozenset({*AGAIN, "queued", "ended"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What an event does, and the stages in which it may leave the caller."""

    act: Callable[[Run, Event], None]
    to: frozenset[str]


def _rule(act: Callable[[Run, Event], None], to: Set[str]) -> Rule:
    return Rule(act, frozenset(to))


TABLE: dict[tuple[str, type[Any]], Rule] = {
    ("new", Started): _rule(_start, ANY_STAGE),
    ("playing", PlayDone): _rule(_played, ANY_STAGE),
    ("playing", Key): _rule(_key_while_playing, ANY_STAGE),
    ("collecting", Key): _rule(_key_at_menu, ANY_STAGE),
    ("collecting", Timeout): _rule(_timeout, ANY_STAGE),
    ("hours", HoursAre): _rule(_hours, ANY_STAGE),
    ("hours", Key): _rule(_key_kept, {"hours"}),
    ("asking", NumberIs): _rule(_number, {"playing"}),
    ("asking", Key): _rule(_ignored, {"asking"}),
    ("promising", Promised): _rule(_promised, {"playing", "closing"}),
    ("promising", Key): _rule(_ignored, {"promising"}),
    ("identifying", Identified): _rule(_identified, ANY_STAGE),
    ("identifying", Key): _rule(_ignored, {"identifying"}),
    ("queued", Key): _rule(_key_in_queue, ANY_STAGE),
    ("queued", QueueTimeout): _rule(_waited_out, ANY_STAGE),
    ("queued", QueueCallback): _rule(_called_back, ANY_STAGE),
    ("queued", QueueMessage): _rule(_leaves_message, ANY_STAGE),
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
    run = Run(flow, state, now)
    rule.act(run, event)
    return run.state, tuple(run.commands)
