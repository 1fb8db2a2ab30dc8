"""What a simulated person does on the telephone, as data: a list of steps, checked before anybody is rung.

A step is an object with one key (and its own options):

- ``{"wait": 1.5}``: seconds
- ``{"key": "12#"}``
- ``{"say": "a text, or a key of assets/callers", "language": "en"}``
- ``{"tone": 400, "seconds": 2}``: hertz; without ``seconds`` he hums it for ever, while later steps go on
- ``{"await": "quiet", "seconds": 10}``: see AWAITED; after so many seconds he goes on all the same
- ``{"loop": [steps]}``: until the call ends
- ``{"ring": true}``, ``{"answer": true}``, ``{"beep": true}``, ``{"fax": "called"}`` or ``"calling"``
- ``{"hold": true}``, ``{"hold": false}``: a desk phone's HOLD key (re-INVITE)
- ``{"refer": "802"}``: its TRANSFER key (REFER)
- ``{"hangup": true}`` or ``{"hangup": 17}``: a Q.850 cause
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

KEYS = frozenset("0123456789*#ABCDw")  # w: half a second's pause
LANGUAGES = ("zh", "en")
AWAITED = {
    "sound": "somebody or something is heard",
    "quiet": "what was heard has stopped for 0.6 s",
    "greeting": "the centre plays its first prompt",
    "menu": "the centre asks for a key",
    "queue": "the call waits in a queue",
    "offered": "an agent's phone rings for it",
    "talking": "it talks with an agent",
    "voicemail": "the centre records a message",
}
HANG_UP_AT = ("ringing", "greeting", "menu", "queue", "offered", "talking", "voicemail")
LONGEST = 7200.0  # seconds; no step lasts longer


class BadScript(ValueError):
    """A step cannot be done; the text says which one and what is wanted."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``seconds`` is 0 where it has no meaning or no end."""

    kind: str
    text: str = ""  # keys, words, what is awaited
    number: float = 0.0  # hertz, or a hang-up cause
    seconds: float = 0.0
    language: str = ""
    steps: tuple[Step, ...] = ()


def parse(raw: Any, where: str = "steps") -> tuple[Step, ...]:
    """The steps of a JSON list. Raises BadScript with the place of the first fault, as ``steps[2].key``."""
    if not isinstance(raw, list):
        raise BadScript(f"{where}: wanted a list of steps")
    return tuple(_step(item, f"{where}[{index}]") for index, item in enumerate(raw))


def _step(raw: Any, where: str) -> Step:
    if not isinstance(raw, Mapping):
        raise BadScript(f"{where}: wanted an object such as {{\"wait\": 1}}")
    kinds = [kind for kind in _PARSERS if kind in raw]
    if len(kinds) != 1:
        raise BadScript(f"{where}: wanted exactly one of {', '.join(_PARSERS)}")
    kind = kinds[0]
    extra = set(raw) - {kind, "seconds", "language"}
    if extra:
        raise BadScript(f"{where}: {', '.join(sorted(map(str, extra)))} is not known here")
    return _PARSERS[kind](raw, f"{where}.{kind}")


def _number(raw: Any, where: str, low: float, high: float) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw) or not low <= raw <= high:
        raise BadScript(f"{where}: wanted a number from {low:g} to {high:g}")
    return float(raw)


def _seconds(raw: Mapping[str, Any], where: str, default: float) -> float:
    return _number(raw["seconds"], where + ".seconds", 0, LONGEST) if "seconds" in raw else default


def _wait(raw: Mapping[str, Any], where: str) -> Step:
    return Step("wait", seconds=_number(raw["wait"], where, 0, LONGEST))


def _key(raw: Mapping[str, Any], where: str) -> Step:
    keys = str(raw["key"])
    if not keys or len(keys) > 64 or not set(keys) <= KEYS:
        raise BadScript(f"{where}: wanted 1 to 64 keys out of 0-9 * # A-D, not {keys[:70]!r}")
    return Step("key", text=keys)


def _say(raw: Mapping[str, Any], where: str) -> Step:
    words, language = raw["say"], raw.get("language", "")
    if not isinstance(words, str) or not words.strip() or len(words) > 500:
        raise BadScript(f"{where}: wanted 1 to 500 characters to say")
    if language not in ("", *LANGUAGES):
        raise BadScript(f"{where}.language: wanted zh or en")
    return Step("say", text=words.strip(), language=language)


def _tone(raw: Mapping[str, Any], where: str) -> Step:
    return Step("tone", number=_number(raw["tone"], where, 20, 3900), seconds=_seconds(raw, where, 0))


def _await(raw: Mapping[str, Any], where: str) -> Step:
    if raw["await"] not in AWAITED:
        raise BadScript(f"{where}: wanted one of {', '.join(AWAITED)}")
    return Step("await", text=raw["await"], seconds=_seconds(raw, where, 60))


def _hangup(raw: Mapping[str, Any], where: str) -> Step:
    cause = raw["hangup"]
    return Step("hangup", number=16 if cause is True else _number(cause, where, 1, 127))


def _loop(raw: Mapping[str, Any], where: str) -> Step:
    steps = parse(raw["loop"], where)
    if not any(_takes_time(step) for step in steps):
        raise BadScript(f"{where}: a loop needs a step that takes time")
    return Step("loop", steps=steps)


def _takes_time(step: Step) -> bool:
    return step.kind in ("say", "key", "beep", "hangup") or step.seconds > 0 or step.kind == "loop"


def _fax(raw: Mapping[str, Any], where: str) -> Step:
    if raw["fax"] not in ("called", "calling"):
        raise BadScript(f"{where}: wanted called (2100 Hz) or calling (1100 Hz)")
    return Step("fax", text=raw["fax"])


def _hold(raw: Mapping[str, Any], where: str) -> Step:
    if not isinstance(raw["hold"], bool):
        raise BadScript(f"{where}: wanted true or false")
    return Step("hold", number=float(raw["hold"]))


def _refer(raw: Mapping[str, Any], where: str) -> Step:
    number = str(raw["refer"])
    if not 1 <= len(number) <= 32 or not set(number) <= set("+0123456789*#"):
        raise BadScript(f"{where}: wanted a number, not {number[:40]!r}")
    return Step("refer", text=number)


def _plain(kind: str) -> Callable[[Mapping[str, Any], str], Step]:
    def make(raw: Mapping[str, Any], where: str) -> Step:
        if raw[kind] is not True:
            raise BadScript(f"{where}: wanted true")
        return Step(kind)
    return make


_PARSERS: dict[str, Callable[[Mapping[str, Any], str], Step]] = {
    "wait": _wait, "key": _key, "say": _say, "tone": _tone, "await": _await, "hangup": _hangup, "loop": _loop,
    "fax": _fax, "hold": _hold, "refer": _refer,
    "ring": _plain("ring"), "answer": _plain("answer"), "beep": _plain("beep"),
}

STEP_KINDS = tuple(_PARSERS)
PAUSE = 1.5  # seconds a person takes to press a key, or to go on speaking


def caller_steps(keys: str, say: list[str], tone: float, stay: float) -> list[dict[str, Any]]:
    """What a caller does when only told his keys and words: a key every 1.5 s, waits for a person, speaks, listens.

    stay: seconds he talks before he hangs up; 0: he stays until the centre hangs up. With ``tone`` (hertz) he hums that
    all the time instead of being silent between words.
    """
    steps: list[dict[str, Any]] = [{"tone": tone}] if tone else []
    for key in keys:
        steps += [{"wait": PAUSE}, {"key": key}]
    steps.append({"await": "talking", "seconds": 900})
    speech: list[dict[str, Any]] = [{"wait": PAUSE}]
    for words in say:
        speech += [{"say": words}, {"await": "quiet", "seconds": 4}, {"wait": PAUSE}]
    steps += speech if say else []
    if stay:
        return [*steps, {"wait": stay}, {"hangup": True}]
    return [*steps, {"loop": [*speech, {"wait": 8}]}] if say else [*steps, {"loop": [{"wait": 60}]}]


# Outside numbers: the last digit says who answers. Their words are keys of assets/callers.
CALLED: dict[str, list[dict[str, Any]]] = {
    "busy": [{"ring": True}, {"wait": 0.5}, {"hangup": 17}],
    "no_answer": [{"ring": True}, {"wait": 90}, {"hangup": 19}],
    "rejected": [{"ring": True}, {"wait": 2}, {"hangup": 21}],
    "machine": [{"ring": True}, {"wait": 4}, {"answer": True}, {"wait": 0.5},
                {"say": "called.machine"}, {"beep": True},
                {"await": "sound", "seconds": 10}, {"await": "quiet", "seconds": 60}, {"wait": 3}, {"hangup": True}],
    "fax": [{"ring": True}, {"wait": 2}, {"answer": True}, {"wait": 0.5}, {"fax": "called"}, {"wait": 30},
            {"hangup": True}],
    "short": [{"ring": True}, {"wait": 1.5}, {"answer": True}, {"wait": 0.3}, {"say": "called.hello"},
              {"wait": 5}, {"hangup": True}],
    "unallocated": [{"hangup": 1}],
    "talks": [{"ring": True}, {"wait": 2}, {"answer": True}, {"wait": 0.4}, {"say": "called.hello"},
              {"loop": [{"await": "sound", "seconds": 5}, {"await": "quiet", "seconds": 20}, {"wait": 0.7},
                        {"say": "called.fine"}, {"wait": 3}]}],
}
CALLED["confirms"] = [*CALLED["talks"][:4], {"await": "sound", "seconds": 5}, {"wait": PAUSE}, {"key": "1"},
                      *CALLED["talks"][4:]]
LAST_DIGIT = {"0": "talks", "1": "talks", "2": "confirms", "3": "busy", "4": "no_answer", "5": "rejected",
              "6": "machine", "7": "fax", "8": "short", "9": "unallocated"}


def called_behaviour(number: str) -> str:
    """Which of CALLED the outside number behaves as, by its last digit."""
    return LAST_DIGIT.get(number[-1:], "unallocated")
