"""What is there in Asterisk: channels, bridges, endpoints, and what our channels remember.

The rule of the file: it only asks. What a channel remembers is asked through the manager, for the reason told at
``AriMedia.remember``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime

from dealerline.switch.ari import AmiError, Ari, AriError, Manager, models
from dealerline.switch.media import Inventory, LiveChannel

APPLICATION = "dealerline"
VARIABLES = ("DL_CALL", "DL_ROLE", "DL_AGENT", "DL_TAB", "DL_STATE")
MANAGER_SECONDS = 10.0  # how long it may take to be there after ARI
LEAVING_SECONDS = 60.0  # a channel that takes longer to go after its hang-up does not go by itself


def _ours(channel: models.Channel) -> bool:
    return channel.dialplan.app_name == "Stasis" or channel.id.count("-") >= 5


class Stock:
    """Asks one Asterisk."""

    def __init__(self, ari: Ari, manager: Manager) -> None:
        self._ari, self._manager = ari, manager

    async def endpoints(self) -> list[models.Endpoint]:
        """All SIP accounts. An Asterisk that has none yet, and is not ours, does not know the technology."""
        try:
            return await self._ari.endpoints.list_by_tech("PJSIP")
        except AriError as error:
            if error.status != 404:
                raise
            return []

    async def whole(self) -> Inventory:
        """Everything, with what our channels remember: for a switch that comes (back)."""
        channels, bridges, endpoints = await asyncio.gather(
            self._ari.channels.list_all(), self._ari.bridges.list_all(), self.endpoints()
        )
        ours = [c for c in channels if _ours(c)]
        values = await asyncio.gather(*(self._remembered(c.id) for c in ours))
        return Inventory(
            {c.id: self._live(c, v) for c, v in zip(ours, values, strict=True)},
            {b.id: frozenset(b.channels) for b in bridges if b.id.startswith("dl-")},
            frozenset(e.resource for e in endpoints if e.state == "online"),
        )

    async def now(self, leaving: Mapping[str, float]) -> Inventory:
        """What lives just now. ``leaving``: channels that hang up, and since when."""
        await self._ari.caught_up()  # what was ordered before is done, as far as Asterisk does it at once
        channels, bridges = await asyncio.gather(
            self._ari.aside(list[models.Channel], "/channels"), self._ari.aside(list[models.Bridge], "/bridges")
        )
        await self._ari.caught_up()  # and what had happened until then has been told
        late = time.monotonic() - LEAVING_SECONDS
        return Inventory(
            {c.id: LiveChannel(c.id, c.name, c.state) for c in channels if _ours(c)},
            {b.id: frozenset(b.channels) for b in bridges if b.id.startswith("dl-")},
            leaving=frozenset(channel for channel, since in leaving.items() if since > late),
        )

    async def _remembered(self, channel: str) -> dict[str, str]:
        """Our variables of a channel; none when it is gone. By the manager, for the reason told at ``remember``."""
        await self._manager.ready(MANAGER_SECONDS)
        found = {name: await self._variable(channel, name) for name in VARIABLES}
        for name, value in found.items():
            count, bar, text = value.partition("|")
            if bar and count.isdigit():
                pieces = [await self._variable(channel, f"{name}_{n}") for n in range(1, int(count))]
                found[name] = text + "".join(pieces)
        return found

    async def _variable(self, channel: str, name: str) -> str:
        try:
            return (await self._manager.action("Getvar", Channel=channel, Variable=name)).get("Value", "")
        except AmiError:
            return ""

    @staticmethod
    def _live(channel: models.Channel, values: Mapping[str, str]) -> LiveChannel:
        data = channel.dialplan.app_data.split(",")
        args = tuple(data[1:]) if data[0] == APPLICATION else ()
        try:
            created = datetime.fromisoformat(channel.creationtime).timestamp()
        except ValueError:
            created = 0.0
        return LiveChannel(
            channel.id,
            channel.name,
            channel.state,
            args,
            channel.caller.number,
            created,
            {k: v for k, v in values.items() if v},
        )
