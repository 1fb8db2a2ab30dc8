"""Desk phones of the centre, played here: registered like any phone on a desk, doing what they are told when rung."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Collection, Sequence
from typing import Any

from dealerline.settings import Settings
from simulator.ari import Ari, AriError
from simulator.asterisk import derived_password, outside_asterisk
from simulator.script import Step, parse

log = logging.getLogger("simulator.phones")
REGISTER_SECONDS = 8.0
CONTACT = "desk-"  # before a phone's SIP user, the number by which the centre rings it here
_REGISTERED = re.compile(r"^\s*(\S+?)/sip:\S+\s.*\sRegistered", re.MULTILINE)

ANSWERS: list[dict[str, Any]] = [{"ring": True}, {"wait": 0.3}, {"answer": True}, {"loop": [{"wait": 60}]}]


class Phones:
    """``plug`` a phone in, ``unplug`` it. ``steps`` is what the world asks when a phone rings."""

    def __init__(self, settings: Settings, ari: Ari) -> None:
        self._settings, self._ari = settings, ari
        self._plugged: dict[str, tuple[Step, ...]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def steps(self, phone: str) -> tuple[Step, ...] | None:
        """What the phone does when it rings; None when it is not plugged in."""
        return self._plugged.get(phone)

    async def plug(self, behaviour: dict[str, Sequence[Step]], wait: bool = True) -> bool:
        """Register phones (SIP user -> steps); with ``wait`` True once the centre has accepted all of them in time."""
        for phone, steps in behaviour.items():
            await self._register(phone)
            self._plugged[phone] = tuple(steps)
        return await self._accepted(set(behaviour)) if wait else True

    def teach(self, phone: str, steps: Any) -> None:
        """From now on it does this (JSON steps) when it rings. Raises BadScript."""
        self._plugged[phone] = parse(steps)

    async def unplug(self, phones: Collection[str]) -> None:
        """Pull the plugs; Asterisk says good-bye to the centre for each."""
        for phone in phones:
            self._plugged.pop(phone, None)
            with contextlib.suppress(AriError):
                for kind in ("registration", "endpoint", "aor", "auth"):
                    await self._ari.drop_object(kind, phone)

    async def lift(self, phone: str) -> None:
        """Somebody takes a plugged-in phone off its hook to dial: ``PJSIP/<number>@<phone>`` dials as it."""
        await self._ari.put_object("aor", phone, {"contact": f"sip:127.0.0.1:{self._settings.sip_port}"})
        await self._ari.put_object("endpoint", phone, {
            "aors": phone, "outbound_auth": phone, "from_user": phone, "transport": "udp", "context": "from-centre",
            "allow": "!all,alaw,ulaw", "direct_media": "no", "rtp_symmetric": "yes", "dtmf_mode": "rfc4733",
            "moh_passthrough": "yes"})

    def again(self) -> None:
        """The outside world's Asterisk was restarted and has forgotten them: register all again."""
        for phone in self._plugged:
            task = asyncio.create_task(self._try(phone))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _try(self, phone: str) -> None:
        with contextlib.suppress(AriError):
            await self._register(phone)

    async def _register(self, phone: str) -> None:
        centre = f"127.0.0.1:{self._settings.sip_port}"
        await self._ari.put_object("auth", phone, {
            "auth_type": "digest", "username": phone, "password": derived_password(self._settings, "sip", phone)})
        # It never gives up: the centre may not know the phone yet, or be away.
        await self._ari.put_object("registration", phone, {
            "server_uri": f"sip:{centre}", "client_uri": f"sip:{phone}@{centre}", "contact_user": CONTACT + phone,
            "outbound_auth": phone, "transport": "udp", "expiration": "60", "retry_interval": "1",
            "forbidden_retry_interval": "1", "fatal_retry_interval": "1", "max_retries": "100000",
            "auth_rejection_permanent": "no", "max_random_initial_delay": "0"})

    async def _accepted(self, phones: set[str]) -> bool:
        asterisk = outside_asterisk(self._settings)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + REGISTER_SECONDS
        while loop.time() < deadline:
            with contextlib.suppress(RuntimeError, OSError):
                answer = await loop.run_in_executor(None, asterisk.console, "pjsip show registrations")
                if phones <= set(_REGISTERED.findall(answer)):
                    return True
            await asyncio.sleep(0.2)
        log.warning("the centre has not accepted every desk phone yet")
        return False
