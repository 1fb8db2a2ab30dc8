"""Twins, in memory, of everything the switch needs of the world: unit tests and try-outs run on them, shipped.

``Clock`` is virtual: nothing happens until ``advance``. ``Media`` writes down orders and lets a test play the world's
part.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dealerline.domain.conversation import Ear
from dealerline.domain.facts import Fact, check
from dealerline.switch.directory import Snapshot
from dealerline.switch.media import Inventory, Leg, LiveChannel
from dealerline.switch.ports import Known


@dataclass(slots=True)
class _Timer:
    what: Callable[[], None] | None

    def cancel(self) -> None:
        self.what = None


class Clock:
    """Virtual time."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _Timer]] = []

    def now(self) -> float:
        return self._now

    def later(self, seconds: float, what: Callable[[], None]) -> _Timer:
        timer = _Timer(what)
        heapq.heappush(self._timers, (self._now + seconds, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass; everything due happens in order, each at its own moment."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            at, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, at)
            if timer.what is not None:
                timer.what()
        self._now = end

    def jump(self, seconds: float) -> None:
        """So long nothing runs, as in a process that was stopped: what fell due meanwhile happens once, and late."""
        self._now += seconds
        self.advance(0)


class Directory:
    """Configuration that a test sets."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._changed: list[Callable[[Snapshot], None]] = []

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def subscribe(self, changed: Callable[[Snapshot], None]) -> None:
        self._changed.append(changed)

    def set(self, snapshot: Snapshot) -> None:
        """A new configuration is there."""
        self._snapshot = snapshot
        for changed in self._changed:
            changed(snapshot)


class Callers:
    """What the records know, by number and by keyed digits. ``slow``: answers wait in ``answers`` for ``deliver``."""

    def __init__(
        self,
        known: Mapping[str, Known] | None = None,
        slow: bool = False,
        keyed: Mapping[str, Known | str] | None = None,
    ) -> None:
        self.known = dict(known or {})
        self.keyed = dict(keyed or {})  # who it is, or why nobody: several, unanswered
        self.asked: list[tuple[str, int]] = []
        self.slow = slow
        self.answers: list[Callable[[], None]] = []

    def ask(self, number: str, store: int, answer: Callable[[Known | None], None]) -> None:
        self.asked.append((number, store))
        if self.slow:
            self.answers.append(lambda: answer(self.known.get(number)))
        else:
            answer(self.known.get(number))

    def identify(self, digits: str, store: int, answer: Callable[[str, Known | None], None]) -> None:
        self.asked.append((digits, store))
        found = self.keyed.get(digits, "not_found")
        words, known = (found, None) if isinstance(found, str) else ("found", found)
        if known is not None and known.among:
            words = "several"
        if self.slow:
            self.answers.append(lambda: answer(words, known))
        else:
            answer(words, known)

    def deliver(self) -> None:
        """Every answer that is due comes now."""
        due, self.answers = self.answers, []
        for answer in due:
            answer()


class Journal:
    """Facts in a list, each checked against the vocabulary."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def write(self, fact: Fact) -> None:
        check(fact)
        self.facts.append(fact)

    def write_many(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self.write(fact)

    def kinds(self, call: str | None = None) -> list[str]:
        """The kinds written, in order, of one call or of all."""
        return [f.kind for f in self.facts if call is None or f.call == call]


class Keeper:
    """Keeps JSON."""

    def __init__(self) -> None:
        self.text = "null"

    def load(self) -> Any:
        return json.loads(self.text)

    def save(self, value: Any) -> None:
        self.text = json.dumps(value)


class Desk:
    """A page that keeps what it was told."""

    def __init__(self, person: int) -> None:
        self.person = person
        self.sent: list[dict[str, Any]] = []
        self.closed = False

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True

    def last(self, kind: str) -> dict[str, Any] | None:
        """The newest message of that type."""
        return next((m for m in reversed(self.sent) if m["type"] == kind), None)


@dataclass(slots=True)
class Media:
    """Orders as tuples in ``orders``, and a small world: which channels live, which bridge holds them."""

    orders: list[tuple[Any, ...]] = field(default_factory=list)
    channels: dict[str, LiveChannel] = field(default_factory=dict)
    bridges: dict[str, set[str]] = field(default_factory=dict)
    destroyed: set[str] = field(default_factory=set)  # Asterisk makes no other of that name for a while
    legs: dict[str, Leg] = field(default_factory=dict)
    playing: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # playback -> channel, sounds
    music_on: set[str] = field(default_factory=set)
    muted: set[str] = field(default_factory=set)
    monitored: dict[str, tuple[str, str]] = field(default_factory=dict)
    tracked: dict[str, str] = field(default_factory=dict)  # path -> channel
    ears: dict[str, tuple[Ear, tuple[str, ...]]] = field(default_factory=dict)  # channel -> what it is, args
    volumes: dict[str, int] = field(default_factory=dict)  # ear -> its loudness, unless it is as it is
    mouths: dict[str, str] = field(default_factory=dict)  # channel -> to whom it speaks
    recording: dict[str, str] = field(default_factory=dict)  # name -> channel
    online: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)  # channels from which no sound comes any more
    packets: int = 0
    away: bool = False
    leaving: set[str] = field(default_factory=set)  # channels that were told to hang up and take their time
    slow: bool = False  # answers to ``inventory`` wait in ``answers`` until the test calls them
    answers: list[Callable[[], None]] = field(default_factory=list)

    def arrive(self, channel: str, args: tuple[str, ...], from_number: str = "") -> None:
        """A channel is there, as if a caller had come (the test gives the event to the engine)."""
        self.channels[channel] = LiveChannel(channel, f"PJSIP/{channel}", "Ring", args, from_number)

    def lose(self, channel: str) -> None:
        """The channel hung up by itself."""
        self.channels.pop(channel, None)
        self.legs.pop(channel, None)
        self.ears.pop(channel, None)
        self.mouths.pop(channel, None)
        self.volumes.pop(channel, None)
        self.music_on.discard(channel)
        self.muted.discard(channel)
        self.monitored.pop(channel, None)
        self.tracked = {path: c for path, c in self.tracked.items() if c != channel}
        for ear in [e for e, (made, _) in self.ears.items() if made.on == channel]:
            self.lose(ear)
        for mouth in [m for m, party in self.mouths.items() if party == channel]:
            self.lose(mouth)
        for members in self.bridges.values():
            members.discard(channel)

    def _not_playing(self, channels: Sequence[str]) -> None:
        """Asterisk waits with a move for the end of what is played to that channel, and with all orders after it: a
        tone has none.
        """
        stuck = {channel for channel, _ in self.playing.values()} & set(channels) & set(self.channels)
        if stuck:
            raise AssertionError(f"moved while something is played to them: {sorted(stuck)}")

    def answer(self, channel: str) -> None:
        self.orders.append(("answer", channel))
        if channel in self.channels:
            old = self.channels[channel]
            self.channels[channel] = LiveChannel(old.id, old.name, "Up", old.args, old.from_number, 0.0, old.variables)

    def play(self, channel: str, playback: str, sounds: Sequence[str]) -> None:
        self.orders.append(("play", channel, playback, tuple(sounds)))
        self.playing[playback] = (channel, tuple(sounds))

    def stop_play(self, playback: str) -> None:
        self.orders.append(("stop_play", playback))
        self.playing.pop(playback, None)

    def music(self, channel: str, music_class: str) -> None:
        self.orders.append(("music", channel, music_class))
        self.music_on.add(channel)

    def stop_music(self, channel: str) -> None:
        self.orders.append(("stop_music", channel))
        self.music_on.discard(channel)

    def ring(self, leg: Leg) -> None:
        self.orders.append(("ring", leg.channel, leg.endpoint))
        self.legs[leg.channel] = leg
        self.channels[leg.channel] = LiveChannel(
            leg.channel, leg.endpoint, "Ringing", leg.args, leg.number, 0.0, dict(leg.variables)
        )

    def hang_up(self, channel: str, cause: int = 16) -> None:
        self.orders.append(("hang_up", channel, cause))
        self.lose(channel)

    def make_bridge(self, bridge: str) -> None:
        self.orders.append(("make_bridge", bridge))
        if bridge not in self.destroyed:
            self.bridges.setdefault(bridge, set())

    def join(self, bridge: str, channels: Sequence[str]) -> None:
        self.orders.append(("join", bridge, tuple(channels)))
        self._not_playing(channels)
        if bridge not in self.bridges:
            return
        for members in self.bridges.values():
            members.difference_update(channels)
        self.bridges[bridge].update(c for c in channels if c in self.channels)

    def leave(self, bridge: str, channel: str) -> None:
        self.orders.append(("leave", bridge, channel))
        self._not_playing([channel])
        self.bridges.get(bridge, set()).discard(channel)

    def drop_bridge(self, bridge: str) -> None:
        self.orders.append(("drop_bridge", bridge))
        if self.bridges.pop(bridge, None) is not None:
            self.destroyed.add(bridge)

    def mute(self, channel: str, on: bool) -> None:
        self.orders.append(("mute", channel, on))
        (self.muted.add if on else self.muted.discard)(channel)

    def volume(self, channel: str, level: int) -> None:
        self.orders.append(("volume", channel, level))
        if channel in self.channels:
            self.volumes[channel] = level

    def ear(self, channel: str, ear: Ear, args: Sequence[str]) -> None:
        self.orders.append(("ear", channel, ear))
        if ear.on in self.channels:
            self.ears[channel] = (ear, tuple(args))
            self.channels[channel] = LiveChannel(channel, f"Snoop/{ear.on}", "Up", tuple(args))

    def mouth(self, channel: str, party: str, args: Sequence[str]) -> None:
        self.orders.append(("mouth", channel, party))
        if party in self.channels:
            self.mouths[channel] = party
            self.channels[channel] = LiveChannel(channel, f"Snoop/{party}", "Up", tuple(args))

    def keys(self, channel: str, digits: str) -> None:
        self.orders.append(("keys", channel, digits))

    def record(self, channel: str, name: str, max_seconds: int, silence_seconds: int) -> None:
        self.orders.append(("record", channel, name, max_seconds, silence_seconds))
        self.recording[name] = channel

    def stop_record(self, name: str) -> None:
        self.orders.append(("stop_record", name))

    def remember(self, channel: str, values: Mapping[str, str]) -> None:
        self.orders.append(("remember", channel, dict(values)))
        if channel in self.channels:
            old = self.channels[channel]
            self.channels[channel] = LiveChannel(
                old.id, old.name, old.state, old.args, old.from_number, 0.0, {**old.variables, **values}
            )

    def monitor(self, channel: str, agent_path: str, customer_path: str) -> None:
        self.orders.append(("monitor", channel, agent_path, customer_path))
        self.monitored[channel] = (agent_path, customer_path)

    def track(self, channel: str, path: str) -> None:
        self.orders.append(("track", channel, path))
        self.tracked[path] = channel

    def stop_monitor(self, channel: str, path: str) -> None:
        self.orders.append(("stop_monitor", channel, path))
        if self.monitored.get(channel, ("",))[0] == path:
            del self.monitored[channel]
        self.tracked.pop(path, None)

    def received(self, channel: str, done: Callable[[int | None], None]) -> None:
        if channel in self.channels and channel not in self.silent:
            self.packets += 50
        done(self.packets if channel in self.channels else None)

    def echo(self, channel: str) -> None:
        self.orders.append(("echo", channel))

    def inventory(self, done: Callable[[Inventory | None], None]) -> None:
        if self.away:
            done(None)
            return
        bridges = {b: frozenset(m) for b, m in self.bridges.items()}
        found = Inventory(dict(self.channels), bridges, frozenset(self.online), frozenset(self.leaving))
        if self.slow:
            self.answers.append(lambda: done(found))
        else:
            done(found)

    def did(self, *order: Any) -> bool:
        """Whether an order beginning with these values was given."""
        return any(given[: len(order)] == order for given in self.orders)
