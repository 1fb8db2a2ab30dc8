"""A world whose flow has a key for being called back, and what is done and asked there."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from dealerline.switch.directory import FlowVersion, PromptAudio
from dealerline.switch.media import Arrived
from dealerline.switch.model import Call
from tests.unit.switch.world import BYE, FLOWS, KEYS, LEAVE, SALES, World, flow

MOBILE = "13812345678"
TOLD = (
    "queue.callback", "callback.number", "callback.confirm", "callback.enter", "callback.bad_number",
    "callback.promised", "callback.failed", "callback.soon", "callback.within.long", "callback.opening",
    *(f"callback.within.{n}" for n in (5, 10, 15, 20, 30, 60)), *(f"digit.{n}" for n in range(10)),
    "time.today", "time.tomorrow", *(f"time.hour.{n}" for n in range(24)), "time.minute.0", "time.minute.30",
)  # fmt: skip
LINE = {"type": "queue", "queue": "sales", "on_timeout": "message", "on_empty": "wait", "leave": {"1": "call_me"},
        "offers": "queue.callback"}  # fmt: skip
CALL_ME = {"type": "callback", "next": "bye", "on_fail": "message", "timeout": 5}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def with_callbacks(**changes: Any) -> dict[str, Any]:
    """What a world needs for the flow with a key for being called back."""
    own: FlowVersion = flow(1, line=LINE, call_me=CALL_ME, message=LEAVE, bye=BYE)
    return {
        "flows": tuple(own if f.id == 1 else f for f in FLOWS),
        "prompts": tuple(PromptAudio(k, "zh", 0, f"/p/zh/{k}") for k in (*KEYS, *TOLD)),
        **changes,
    }


def wants(world: World, caller: str = MOBILE, keys: str = "11") -> Call:
    """A caller who waits, and keys that; his call goes on."""
    call = world.ring(SALES, caller)
    world.clock.advance(1)
    for key in keys:
        world.key(call, key)
    return call


def promised(world: World, caller: str = MOBILE, keys: str = "11") -> str:
    """He has his promise and has hung up; its id."""
    call = wants(world, caller, keys)
    assert world.hears(call).startswith("callback.promised"), world.hears(call)
    world.hang_up(call)
    return str(told(world)[-1]["callback"])


def busy(world: World) -> Any:
    """Somebody who is signed in and takes no calls."""
    session = world.sign_in(1, ready=False)
    world.ask(session, "state", state="busy", reason="break")
    return session


def told(world: World) -> list[dict[str, Any]]:
    return [f.data for f in world.journal.facts if f.kind == "callback.promised"]


def facts(world: World, kind: str) -> list[dict[str, Any]]:
    return [f.data for f in world.journal.facts if f.kind == f"callback.{kind}"]


def state(world: World, promise: str) -> str:
    found = world.engine.callbacks.open.get(promise)
    return found.state.value if found else "over"


def dialled(world: World) -> str:
    """The channel that rings outside, or nothing."""
    return next((c for c in world.media.legs if c.endswith("-c") and world.media.channels[c].state == "Ringing"), "")


def cancel(world: World, promise: str) -> bool:
    """One of ours takes it back."""
    return bool(world.core.ask(lambda: {"done": world.engine.callbacks.cancel(promise, 4)})["done"])


def picks_up(world: World) -> Call:
    """The customer takes the call-back."""
    channel = dialled(world)
    world.media.answer(channel)
    world.engine.handle(Arrived(channel, world.media.legs[channel].args, channel))
    return world.core.by_channel[channel][0]
