"""A browser that answered has to agree on its keys first (ICE, DTLS): until then no sound goes either way.

So its answer is told only when the first packet of it has come, which takes a tenth of a second, or, on a busy
machine, half of one; so long the customer goes on hearing music instead of nothing. One that sends no sound at all is
told of after ``AT_MOST``: the rest of the switch finds out what ails it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from dealerline.switch.ari import AriError, models

log = logging.getLogger(__name__)

LOOK = 0.03  # seconds between two looks; a packet of sound comes every 0.02
AT_MOST = 0.8
BROWSER = "PJSIP/agent-"  # how the names of browsers' channels begin


class Channels(Protocol):
    """The part of ARI that counts packets."""

    def rtpstatistics(self, channel_id: str) -> asyncio.Future[models.RTPstat]: ...


class FirstSound:
    """Answers that wait for their first packet. ``told`` gets each once, unless its channel ends before."""

    def __init__(self, channels: Channels, told: Callable[[models.StasisStart], None]) -> None:
        self._channels = channels
        self._told = told
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def wait(self, event: models.StasisStart) -> None:
        """Tell of this answer when sound comes."""
        channel = event.channel.id
        task = asyncio.get_running_loop().create_task(self._wait(event), name=f"first sound {channel}")
        self._waiting[channel] = task
        task.add_done_callback(lambda done: self._waiting.pop(channel) if self._waiting.get(channel) is done else None)

    def gone(self, channel: str) -> None:
        """That channel ends: there is no answer to tell of."""
        task = self._waiting.pop(channel, None)
        if task is not None:
            task.cancel()

    def clear(self) -> None:
        """Asterisk is out of sight: what it tells when it is back counts."""
        for channel in list(self._waiting):
            self.gone(channel)

    async def _wait(self, event: models.StasisStart) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + AT_MOST
        while loop.time() < end:
            try:
                if (await self._channels.rtpstatistics(event.channel.id)).rxcount:
                    break
            except AriError:  # it has no RTP (yet), or is gone: then that is told by its end
                pass
            except Exception:  # a fault of ours must not keep a customer from an agent who has answered
                log.exception("packets of %s could not be counted", event.channel.id)
                break
            await asyncio.sleep(LOOK)
        self._told(event)
