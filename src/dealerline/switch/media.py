"""The media engine as the switch wants to speak to it: short orders out, small events in.

The rule of the file: an order is sent and not waited for. Orders reach the media engine in the order they were given;
one that fails comes back as a ``Failed`` event. So every step of a call is a plain function of an event, nothing
waits in the middle of a step, and a hang-up can come at any moment without meeting half a step. ``ari_media.py`` does
this with Asterisk, ``memory.py`` has the twin for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dealerline.domain.conversation import Ear


@dataclass(frozen=True, slots=True)
class Arrived:
    """A channel came into our hands: a call from outside, one a desk phone makes, or an answered one that we rang.

    ``args`` is ("in", number, endpoint), ("desk", extension, endpoint), or what was given to ``originate``.
    """

    channel: str
    args: tuple[str, ...]
    name: str = ""
    from_number: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Ringing:
    channel: str


@dataclass(frozen=True, slots=True)
class Digit:
    channel: str
    digit: str


@dataclass(frozen=True, slots=True)
class Held:
    """A telephone put its side on hold by itself (``on``), or took it back."""

    channel: str
    on: bool


@dataclass(frozen=True, slots=True)
class Referred:
    """A telephone transferred by itself: to ``number``, or to a call of its own when that is empty. In its place are
    now ``helpers``, channels that the media engine made; it is itself in no bridge any more, and about to hang up.
    """

    channel: str
    number: str
    helpers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlayEnded:
    playback: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RecordEnded:
    name: str
    seconds: float
    failed: bool = False
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A channel is no more. ``cause`` is the Q.850 number: 16 normal, 17 busy, 19 no answer, 20 absent, 21 rejected."""

    channel: str
    cause: int = 16
    text: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """An endpoint (``agent-7``, ``phone-3``, ``carrier-1``) can be reached, or no longer."""

    endpoint: str
    online: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """An order could not be done. ``subject`` is the channel, bridge, playback or recording it was about."""

    order: str
    subject: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection to the media engine is gone; calls may go on there without us."""


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel as the media engine has it now, with our variables. ``state``: Up, Ring, Ringing, Down..."""

    id: str
    name: str
    state: str
    args: tuple[str, ...] = ()
    from_number: str = ""
    created: float = 0.0
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything of ours that lives in the media engine: channels, bridges (id -> channels), reachable endpoints, and
    which of the channels are hanging up just now.
    """

    channels: Mapping[str, LiveChannel]
    bridges: Mapping[str, frozenset[str]]
    online: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Back:
    """The connection is there (again), and this is what lives there now. ``restarted``: it lost all calls meanwhile."""

    found: Inventory
    restarted: bool = False


Event = Arrived | Ringing | Digit | Held | Referred | PlayEnded | RecordEnded | Gone | Device | Failed | Lost | Back


@dataclass(frozen=True, slots=True)
class Leg:
    """A channel to be made: whom to ring, what the phone shows, how long, and the variables that survive us."""

    channel: str
    endpoint: str
    name: str
    number: str
    seconds: int
    args: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


class Media(Protocol):
    """Orders to the media engine. None blocks, none raises; trouble comes as ``Failed``."""

    def answer(self, channel: str) -> None: ...
    def play(self, channel: str, playback: str, sounds: Sequence[str]) -> None: ...
    def stop_play(self, playback: str) -> None: ...
    def music(self, channel: str, music_class: str) -> None: ...
    def stop_music(self, channel: str) -> None: ...
    def ring(self, leg: Leg) -> None: ...
    def hang_up(self, channel: str, cause: int = 16) -> None: ...
    def make_bridge(self, bridge: str) -> None: ...
    def join(self, bridge: str, channels: Sequence[str]) -> None: ...
    def leave(self, bridge: str, channel: str) -> None: ...
    def drop_bridge(self, bridge: str) -> None: ...
    def mute(self, channel: str, on: bool) -> None:
        """Nobody hears this channel, while on."""
        ...

    def volume(self, channel: str, level: int) -> None:
        """How loud an ear is: 0 as it is, -2 half as loud, -4 a quarter."""
        ...

    def ear(self, channel: str, ear: Ear, args: Sequence[str]) -> None:
        """Make a channel that is this ear; it arrives with ``args``. It ends with the party it is on."""
        ...

    def mouth(self, channel: str, party: str, args: Sequence[str]) -> None:
        """Make a channel that speaks to that party alone, over all else it hears; it arrives with ``args``."""
        ...

    def keys(self, channel: str, digits: str) -> None: ...
    def record(self, channel: str, name: str, max_seconds: int, silence_seconds: int) -> None:
        """Record what this channel says, to ``voicemail/<name>.wav`` in the recordings folder; # ends it."""
        ...

    def stop_record(self, name: str) -> None: ...
    def remember(self, channel: str, values: Mapping[str, str]) -> None:
        """Variables on the channel, so that they outlive the switch."""
        ...

    def monitor(self, channel: str, agent_path: str, customer_path: str) -> None:
        """Record the conversation on an agent's channel: what he says to one file, what he hears to the other."""
        ...

    def track(self, channel: str, path: str) -> None:
        """Record what this channel says, and nothing else, to a file of its own."""
        ...

    def stop_monitor(self, channel: str, path: str) -> None:
        """End the recorder on that channel that writes to ``path``."""
        ...

    def received(self, channel: str, done: Callable[[int | None], None]) -> None:
        """Ask how many sound packets came in on a channel; ``done`` gets None when it cannot be said."""
        ...

    def echo(self, channel: str) -> None:
        """Let whoever is on this channel hear himself."""
        ...

    def inventory(self, done: Callable[[Inventory | None], None]) -> None:
        """Ask what lives; ``done`` is called with it (names and bridges only), or with None when it cannot be had.

        What it says was so after every order given before; when ``done`` is called, every event about what had happened
        until then has been told.
        """
        ...
