"""How tests ask for something at a page, and what the page was told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dealerline.switch.desks import Session
from dealerline.switch.media import Media
from dealerline.switch.model import Call
from tests.unit.switch.world import World

INSURER = "13900000002"


def bring(world: World, session: Session, call: Call, how: str, **target: Any) -> dict[str, Any]:
    return world.ask(session, "bring", call=call.id, how=how, target=target)


def ok(answer: dict[str, Any]) -> None:
    assert answer["type"] == "ok", answer


def code(answer: dict[str, Any]) -> str:
    return str(answer.get("code", "ok"))


def started(world: World) -> tuple[Session, Session, Call]:
    """Alice talks with a customer; Dora, of no queue, is ready."""
    alice, dora = world.sign_in(1), world.sign_in(5)
    return alice, dora, world.talk()


def last(session: Session, kind: str = "call") -> dict[str, Any]:
    message = session.desk.last(kind)  # type: ignore[attr-defined]
    assert message is not None
    return dict(message)


def kill(world: World) -> tuple[World, Call]:
    new = world.killed()
    return new, next(iter(new.core.calls.values()))


class HalfWay:
    """A media engine to which only so many orders still come: the switch is killed while it gives them."""

    def __init__(self, media: Media, orders: int) -> None:
        self._media, self._left = media, orders

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: self._give(name, *args, **kwargs)

    def _give(self, name: str, *args: Any, **kwargs: Any) -> None:
        self._left -= 1
        if self._left >= 0:
            getattr(self._media, name)(*args, **kwargs)
