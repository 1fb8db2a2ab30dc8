"""What a waiting caller hears: music, and in between his place and the expected time.

The rule of the file: a caller hears music, or words, at every moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import routing
from dealerline.switch.core import Core
from dealerline.switch.model import Call, Phase

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

WAITS = ((60, "1"), (120, "2"), (180, "3"), (300, "5"), (600, "10"), (900, "15"), (1200, "20"), (1800, "30"))
FIRST_ANNOUNCEMENT = 6.0
POSITIONS = 20


def wait_prompt(seconds: float) -> str:
    """The prompt that tells an expected wait: the next of 1, 2, 3, 5, 10, 15, 20, 30 minutes."""
    return "queue.wait." + next((name for bound, name in WAITS if seconds <= bound), "long")


class WaitingSounds:
    """Music and announcements of the queues."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self.router = routing.Router(self._open)

    def _open(self, hours: int, now: float) -> bool:
        """Whether opening hours that a rule names are open."""
        return self.core.lookup.open(hours, now)

    def music(self, call: Call) -> None:
        """Music for the customer, from now on."""
        if call.music or call.announcing or call.stands:
            return
        queue = self.core.lookup.queues.get(call.queue)
        store = self.core.lookup.stores.get(call.store)
        call.music = True
        self.core.do(
            self.core.media.music, call.channel, (queue.music if queue else "") or (store.music if store else "")
        )

    def stop_music(self, call: Call) -> None:
        """No music and no announcement any more."""
        if call.announcing:
            self.core.by_playback.pop(call.announcing, None)
            self.core.do(self.core.media.stop_play, call.announcing)
            call.announcing = ""
        if call.music:
            call.music = False
            self.core.do(self.core.media.stop_music, call.channel)

    def say(self, call: Call, prompts: tuple[str, ...]) -> None:
        """Say something in between, then music again."""
        self.stop_music(call)
        call.announcing = self.engine.flows.announce(call, prompts)
        self.engine.remember(call)

    def _announce(self, call: Call) -> None:
        queue = self.core.lookup.queues.get(call.queue)
        call.announce_timer = None
        if call.ended or queue is None or call.phase not in (Phase.QUEUED, Phase.OFFERED):
            return
        call.announce_timer = self.core.later(queue.announce_seconds, self._announce, call)
        position = self.router.position(call.id)
        if call.phase is not Phase.QUEUED or position is None or call.announcing:
            return
        wait = self.router.expected_wait(call.id, self.core.now)
        prompts = [f"queue.position.{position}" if position <= POSITIONS else "queue.position.many"]
        if wait is not None:
            prompts.append(wait_prompt(wait))
        prompts += ["queue.thanks", *self.engine.flows.offers(call)]
        self.core.fact(
            "queue.announced", call, queue=call.queue, position=position, wait=None if wait is None else round(wait)
        )
        self.say(call, tuple(prompts))

    def announced(self, call: Call, playback: str) -> None:
        """An announcement is over: music again, unless somebody answered meanwhile."""
        if call.announcing == playback:
            call.announcing = ""
            if call.phase in (Phase.QUEUED, Phase.OFFERED, Phase.RECONNECTING):
                self.music(call)
