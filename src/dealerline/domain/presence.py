"""What an agent is doing, and what may change it.

The rules of the file:

- ``TABLE`` says all: (state, kind of event) -> what he becomes. An event without an entry raises IllegalChange and
  changes nothing.
- Every state has one cause, kept in ``cause``; ``since`` is when he entered it and does not move while he stays.
- A wish made during a call (busy after this call, go home) is kept in ``wish`` and granted when the call and its
  after-call work are over. Who asks for nothing becomes ready again.
- ``until`` is when the state has a limit: the end of ringing, of after-call work, of a break with minutes. The domain
  sets it, the switch's timer sends the event. A break past its limit ends nothing: it is the board's alarm. A call in
  the middle of a break does not lengthen it.
- ``away`` is nobody's wish: he was ready, and is believed not to be at his desk (``why``: AWAY). It ends by itself when
  he is there again, or by a wish of his.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

STATES = ("offline", "ready", "reserved", "ringing", "talking", "wrap", "busy", "away", "outbound", "supervising")
ON_CALL = frozenset({"reserved", "ringing", "talking", "outbound", "supervising"})
AWAY = ("asleep", "idle", "locked")  # his page is not heard of; nobody touched it; his screen is locked
OWN_REASONS = frozenset({"no_answer", "refused", "device_lost", "microphone"})  # the switch's, no wish


class IllegalChange(ValueError):
    """An event that cannot happen in the agent's state. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an agent wants to be when he is free. ``minutes``: how long a break may last, 0: no limit; ``until``: when
    a break that went on before ends.
    """

    state: str
    reason: str = ""
    minutes: float = 0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """``call``: the call he is reserved for or on, kept through after-call work. Times are epoch seconds."""

    id: int
    state: str = "offline"
    reason: str = ""
    cause: str = ""
    since: float = 0.0
    until: float | None = None
    wish: Wish | None = None
    call: str = ""


# --- events ---


@dataclass(frozen=True, slots=True)
class WantsReady:
    pass


@dataclass(frozen=True, slots=True)
class WantsBusy:
    reason: str
    minutes: float = 0


@dataclass(frozen=True, slots=True)
class WantsOffline:
    """He presses offline, or his page is signed out."""

    cause: str = "wish"


@dataclass(frozen=True, slots=True)
class Reserve:
    """Routing chose him for a call; his phone does not ring yet."""

    call: str


@dataclass(frozen=True, slots=True)
class Summon:
    """A colleague wants him on a call; his phone does not ring yet. Afterwards he is what he was."""

    call: str


@dataclass(frozen=True, slots=True)
class Supervise:
    """A lead goes to somebody's call. Afterwards he is what he was."""

    call: str


@dataclass(frozen=True, slots=True)
class Rejoin:
    """He comes back to a call that he had left; his phone does not ring yet. Afterwards he is what he was."""

    call: str


@dataclass(frozen=True, slots=True)
class Ring:
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """The offer is over through no fault of his: the caller is gone, or the call was never rung."""

    cause: str = "caller_gone"


@dataclass(frozen=True, slots=True)
class Fail:
    """The offer is over through him or his device. ``reason``: no_answer, refused, device_lost or microphone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    pass


@dataclass(frozen=True, slots=True)
class Dial:
    """He rings somebody himself."""

    call: str


@dataclass(frozen=True, slots=True)
class Turns:
    """From one of his calls to another, or to a number he rings meanwhile."""

    call: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The talk is over. ``wrap_until``: after-call work until then; None: none."""

    wrap_until: float | None = None
    cause: str = "call_ended"


@dataclass(frozen=True, slots=True)
class WrapMore:
    until: float


@dataclass(frozen=True, slots=True)
class WrapDone:
    """By the agent (``done``) or by its timer (``timeout``)."""

    cause: str = "done"


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """His phone cannot be reached, or his microphone is gone, while no call of his is up."""

    reason: str = "device_lost"


@dataclass(frozen=True, slots=True)
class GoesAway:
    """He is not at his desk, as far as can be told. ``why``: one of AWAY."""

    why: str


@dataclass(frozen=True, slots=True)
class Returns:
    """He is at his desk again."""


@dataclass(frozen=True, slots=True)
class TalkLost:
    """He was gone from a call for too long; the caller is queued again."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The switch was restarted and finds him on a call (``talking``, ``outbound``, ``supervising`` or ``wrap``)."""

    state: str
    call: str
    since: float
    until: float | None = None


# --- what events do ---

Act = Callable[[Agent, Any, float], Agent]


def _become(agent: Agent, state: str, cause: str, now: float, **more: Any) -> Agent:
    since = agent.since if agent.state == state and agent.reason == more.get("reason", "") else now
    fresh = {"reason": "", "until": None, "wish": agent.wish, "call": agent.call, **more}
    return replace(agent, state=state, cause=cause, since=since, **fresh)


def _grant(agent: Agent, cause: str, now: float) -> Agent:
    """Free again: the wish made meanwhile, else ready."""
    wish = agent.wish or Wish("ready")
    until = now + wish.minutes * 60 if wish.state == "busy" and wish.minutes else wish.until
    return _become(agent, wish.state, cause, now, reason=wish.reason, until=until, wish=None, call="")


def _to_ready(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "ready", "wish", now, wish=None, call="")


def _to_busy(agent: Agent, event: Any, now: float) -> Agent:
    until = now + event.minutes * 60 if event.minutes else None
    return _become(agent, "busy", "wish", now, reason=event.reason, until=until, wish=None, call="")


def _to_offline(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "offline", event.cause, now, wish=None, call="")


def _stay(agent: Agent, event: Any, now: float) -> Agent:
    return agent


def _later_ready(agent: Agent, event: Any, now: float) -> Agent:
    return replace(agent, wish=None)


def _later_busy(agent: Agent, event: Any, now: float) -> Agent:
    return replace(agent, wish=Wish("busy", event.reason, event.minutes))


def _later_offline(agent: Agent, event: Any, now: float) -> Agent:
    return replace(agent, wish=Wish("offline"))


def _later_lost(agent: Agent, event: Any, now: float) -> Agent:
    if agent.wish and agent.wish.state == "offline":
        return agent
    return replace(agent, wish=Wish("busy", event.reason))


def _reserve(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "reserved", "offer", now, call=event.call)


def _ring(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "ringing", "offer", now, until=event.until)


def _release(agent: Agent, event: Any, now: float) -> Agent:
    return _grant(agent, event.cause, now)


def _fail(agent: Agent, event: Any, now: float) -> Agent:
    if agent.wish and agent.wish.state == "offline":
        return _grant(agent, event.reason, now)
    return _become(agent, "busy", event.reason, now, reason=event.reason, wish=None, call="")


def _talk_lost(agent: Agent, event: Any, now: float) -> Agent:
    return _fail(agent, Fail("device_lost"), now)


def _answer(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "talking", "answered", now)


def _turns(agent: Agent, event: Any, now: float) -> Agent:
    return replace(agent, call=event.call)


def _dial(agent: Agent, event: Any, now: float) -> Agent:
    """Afterwards he is what he was: ready, or busy with the same reason."""
    was = Wish("busy", agent.reason, until=agent.until) if agent.state == "busy" else None
    return _become(agent, "outbound", "dialled", now, wish=was, call=event.call)


def _was(agent: Agent) -> Wish | None:
    """What to be again afterwards."""
    if agent.state == "busy":
        return Wish("busy", agent.reason, until=agent.until)
    return Wish("offline") if agent.state == "offline" else agent.wish


def _summon(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "reserved", "summoned", now, wish=_was(agent), call=event.call)


def _supervise(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "supervising", "supervises", now, wish=_was(agent), call=event.call)


def _ended(agent: Agent, event: Any, now: float) -> Agent:
    if event.wrap_until is None or event.wrap_until <= now:
        return _grant(agent, event.cause, now)
    return _become(agent, "wrap", event.cause, now, until=event.wrap_until)


def _wrap_more(agent: Agent, event: Any, now: float) -> Agent:
    return replace(agent, until=max(event.until, agent.until or 0.0))


def _wrap_done(agent: Agent, event: Any, now: float) -> Agent:
    return _grant(agent, event.cause, now)


def _lost(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "busy", event.reason, now, reason=event.reason, wish=None, call="")


def _goes_away(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "away", event.why, now, reason=event.why, wish=None, call="")


def _returns(agent: Agent, event: Any, now: float) -> Agent:
    return _become(agent, "ready", "returned", now, wish=None, call="")


def _resume(agent: Agent, event: Any, now: float) -> Agent:
    fresh = _become(agent, event.state, "resumed", now, call=event.call, until=event.until)
    return replace(fresh, since=event.since)


@dataclass(frozen=True, slots=True)
class Change:
    """What an event does, and the states it may lead to."""

    act: Act
    to: tuple[str, ...]


_FREE = ("ready", "busy", "offline")
_WISHES: dict[type[Any], Act] = {
    WantsReady: _later_ready,
    WantsBusy: _later_busy,
    WantsOffline: _later_offline,
}


def _rows(state: str) -> dict[tuple[str, type[Any]], Change]:
    """While something is going on, wishes wait."""
    return {(state, event): Change(act, (state,)) for event, act in _WISHES.items()}


TABLE: dict[tuple[str, type[Any]], Change] = {
    ("offline", WantsReady): Change(_to_ready, ("ready",)),
    ("offline", WantsBusy): Change(_to_busy, ("busy",)),
    ("offline", WantsOffline): Change(_stay, ("offline",)),
    ("offline", DeviceLost): Change(_stay, ("offline",)),
    ("ready", WantsReady): Change(_stay, ("ready",)),
    ("ready", WantsBusy): Change(_to_busy, ("busy",)),
    ("ready", WantsOffline): Change(_to_offline, ("offline",)),
    ("ready", Reserve): Change(_reserve, ("reserved",)),
    ("ready", Dial): Change(_dial, ("outbound",)),
    **{(state, Summon): Change(_summon, ("reserved",)) for state in ("ready", "busy", "wrap")},
    **{(state, Rejoin): Change(_summon, ("reserved",)) for state in ("offline", "ready", "busy", "away", "wrap")},
    **{(state, Supervise): Change(_supervise, ("supervising",)) for state in ("offline", "ready", "busy", "away")},
    **_rows("supervising"),
    ("supervising", Answer): Change(_answer, ("talking",)),  # he takes the call over
    ("supervising", Ended): Change(_ended, ("wrap", *_FREE)),
    ("supervising", Release): Change(_release, _FREE),
    ("supervising", DeviceLost): Change(_later_lost, ("supervising",)),
    ("ready", DeviceLost): Change(_lost, ("busy",)),
    ("busy", WantsReady): Change(_to_ready, ("ready",)),
    ("busy", WantsBusy): Change(_to_busy, ("busy",)),
    ("busy", WantsOffline): Change(_to_offline, ("offline",)),
    ("busy", Dial): Change(_dial, ("outbound",)),
    ("busy", DeviceLost): Change(_stay, ("busy",)),
    ("ready", GoesAway): Change(_goes_away, ("away",)),
    ("away", GoesAway): Change(_goes_away, ("away",)),  # for another reason
    ("away", Returns): Change(_returns, ("ready",)),
    ("away", WantsReady): Change(_to_ready, ("ready",)),
    ("away", WantsBusy): Change(_to_busy, ("busy",)),
    ("away", WantsOffline): Change(_to_offline, ("offline",)),
    ("away", Dial): Change(_dial, ("outbound",)),
    ("away", DeviceLost): Change(_lost, ("busy",)),
    **_rows("reserved"),
    ("reserved", Ring): Change(_ring, ("ringing",)),
    ("reserved", Answer): Change(_answer, ("talking",)),  # a desk phone may answer before it says that it rings
    ("reserved", Release): Change(_release, _FREE),
    ("reserved", Fail): Change(_fail, ("busy", "offline")),
    ("reserved", DeviceLost): Change(_later_lost, ("reserved",)),  # the offer's own end says what becomes of it
    **_rows("ringing"),
    ("ringing", Answer): Change(_answer, ("talking",)),
    ("ringing", Release): Change(_release, _FREE),
    ("ringing", Fail): Change(_fail, ("busy", "offline")),
    ("ringing", DeviceLost): Change(_later_lost, ("ringing",)),
    **_rows("talking"),
    ("talking", Turns): Change(_turns, ("talking",)),
    ("talking", Ended): Change(_ended, ("wrap", *_FREE)),
    ("talking", TalkLost): Change(_talk_lost, ("busy", "offline")),
    # the conversation decides: TalkLost when he does not come back
    ("talking", DeviceLost): Change(_stay, ("talking",)),
    **_rows("outbound"),
    ("outbound", Answer): Change(_answer, ("talking",)),
    ("outbound", Ended): Change(_ended, ("wrap", *_FREE)),
    ("outbound", Release): Change(_release, _FREE),
    ("outbound", Fail): Change(_fail, ("busy", "offline")),
    ("outbound", DeviceLost): Change(_later_lost, ("outbound",)),
    **_rows("wrap"),
    ("wrap", WrapMore): Change(_wrap_more, ("wrap",)),
    ("wrap", WrapDone): Change(_wrap_done, _FREE),
    ("wrap", DeviceLost): Change(_later_lost, ("wrap",)),
    **{
        (state, Resume): Change(_resume, ("talking", "outbound", "wrap", "supervising"))
        for state in ("offline", "ready", "busy", "away")
    },
}


def step(agent: Agent, event: Any, now: float) -> Agent:
    """The agent after ``event`` at ``now`` (epoch seconds). Raises IllegalChange when it cannot happen in his state."""
    change = TABLE.get((agent.state, type(event)))
    if change is None:
        raise IllegalChange(f"{type(event).__name__} cannot happen to an agent who is {agent.state}")
    return change.act(agent, event, now)
