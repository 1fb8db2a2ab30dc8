"""A small ARI client for the outside world: REST over HTTP, events over one WebSocket that comes back by itself.

The centre has its own client (typed, pipelined); this one stays apart so that a fault there cannot hide in both.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import aiohttp

log = logging.getLogger("simulator.ari")
RETRY_SECONDS = 0.3
REQUEST_SECONDS = 10.0


class AriError(RuntimeError):
    """Asterisk refused or could not be reached. ``status`` is HTTP's, 0 when there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status


class Ari:
    """``on_event`` gets each event's JSON, in order; ``on_state``: True when events flow, False when they stop."""

    def __init__(self, url: str, app: str, password: str, on_event: Callable[[dict[str, Any]], None],
                 on_state: Callable[[bool], None] = lambda up: None) -> None:
        self._url, self._app, self._on_event, self._on_state = url, app, on_event, on_state
        self._headers = {"Authorization": aiohttp.encode_basic_auth(app, password)}
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    async def start(self) -> None:
        """Begin connecting; returns at once. ``connected`` tells when events flow."""
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(REQUEST_SECONDS))
        self._task = asyncio.create_task(self._listen(self._session), name="simulator-ari")

    async def stop(self) -> None:
        """Close the socket and forget everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """One request; the answer's JSON or None. Raises AriError."""
        if self._session is None:
            raise AriError(0, "the client was not started")
        params = {name: str(value) for name, value in query.items()}
        try:
            async with self._session.request(method, f"{self._url}/{path}", params=params, json=body) as answer:
                text = await answer.text()
                if answer.status >= 400:
                    raise AriError(answer.status, text or str(answer.reason))
                return json.loads(text) if text else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AriError(0, f"no answer from the outside world's Asterisk: {error}") from error

    async def put_object(self, kind: str, name: str, fields: dict[str, str]) -> None:
        """Create or replace a pjsip object that lives in memory."""
        wanted = [{"attribute": key, "value": value} for key, value in fields.items()]
        await self.call("PUT", f"asterisk/config/dynamic/res_pjsip/{kind}/{name}", {"fields": wanted})

    async def drop_object(self, kind: str, name: str) -> None:
        """Remove such an object; one that is not there is fine."""
        try:
            await self.call("DELETE", f"asterisk/config/dynamic/res_pjsip/{kind}/{name}")
        except AriError as error:
            if error.status != 404:
                raise

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        while True:
            try:
                query = {"app": self._app, "subscribeAll": "true"}
                async with session.ws_connect(f"{self._url}/events", params=query, heartbeat=10) as socket:
                    self.connected.set()
                    self._on_state(True)
                    async for message in socket:
                        if message.type is aiohttp.WSMsgType.TEXT:
                            self._deliver(message.json())
            except (aiohttp.ClientError, TimeoutError, OSError):
                log.debug("the outside world's Asterisk is away")
            finally:
                if self.connected.is_set():
                    self.connected.clear()
                    self._on_state(False)
            await asyncio.sleep(RETRY_SECONDS)

    def _deliver(self, event: dict[str, Any]) -> None:
        try:
            self._on_event(event)
        except Exception:  # one bad event must not deafen the whole world
            log.exception("event %s was not handled", event.get("type"))
