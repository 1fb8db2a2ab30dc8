"""A desk without a page: the client's side of docs/reference/desk-protocol.md, for robot agents and for tests."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp

TICKET_SECONDS = 60
PING_SECONDS = 10.0
ANSWER_SECONDS = 5.0
LOGGED = 10_000  # messages remembered


class DeskError(RuntimeError):
    """The switch said no, or is not there. ``code`` is the switch's, or ``away``; ``text`` its words (zh, en)."""

    def __init__(self, code: str, text: dict[str, str] | None = None) -> None:
        super().__init__(f"{code} {(text or {}).get('en', '')}".strip())
        self.code, self.text = code, text or {}


def ticket(person: int, login: str, secret: str, now: float) -> str:
    """What ``POST /api/desk/ticket`` would give; ``secret`` is ``secrets/desk``, ``now`` epoch seconds."""
    body = base64.urlsafe_b64encode(
        json.dumps({"person": person, "login": login, "exp": now + TICKET_SECONDS}).encode()).decode()
    return f"{body}.{hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()}"


class Desk:
    """One socket. ``agent``, ``calls``, ``queues``, ``board`` hold what the switch said last; ``log`` every message."""

    def __init__(self, port: int, person: int, secret: str, *, device: str = "phone", watch: bool = False,
                 on_message: Callable[[dict[str, Any]], None] = lambda message: None) -> None:
        self.person = person
        self.device, self.watch = device, watch
        self.agent: dict[str, Any] = {}
        self.calls: dict[str, dict[str, Any]] = {}
        self.queues: dict[str, Any] = {}
        self.board: dict[str, Any] = {}
        self.welcome: dict[str, Any] = {}
        self.alarms: dict[str, dict[str, Any]] = {}
        self.signed_out = ""
        self.log: deque[dict[str, Any]] = deque(maxlen=LOGGED)
        self._url = f"http://127.0.0.1:{port}/desk"
        self._secret, self._on_message = secret, on_message
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def state(self) -> str:
        """The agent's state as the switch last told it; "" before any."""
        return str(self.agent.get("state", ""))

    @property
    def connected(self) -> bool:
        return self._socket is not None and not self._socket.closed

    async def open(self) -> Desk:
        """Connect and say hello; returns once welcomed. Raises DeskError."""
        self._session = aiohttp.ClientSession()
        try:
            self._socket = await self._session.ws_connect(self._url, max_msg_size=0)
        except (aiohttp.ClientError, OSError) as error:
            await self.close()
            raise DeskError("away", {"en": f"nothing answers at {self._url}: {error}"}) from error
        self._tasks = [asyncio.create_task(self._read(self._socket)), asyncio.create_task(self._ping())]
        hello = {"type": "hello", "ticket": ticket(self.person, f"desk-{self.person}", self._secret, time.time()),
                 "tab": str(uuid.uuid4()), "device": self.device, "watch": self.watch, "id": "hello"}
        await self._socket.send_json(hello)
        await self.until(self._greeted, ANSWER_SECONDS)
        if not self.welcome:
            error_message = next((m for m in self.log if m["type"] == "error"), {})
            await self.close()
            raise DeskError(str(error_message.get("code", "away")), error_message.get("text"))
        return self

    def _greeted(self) -> bool:
        """Whether hello has been answered in any way."""
        return bool(self.log or self.signed_out) or not self.connected

    async def close(self) -> None:
        """Hang the socket up, as a closed tab does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._socket.close(), 2)
        if self._session is not None:
            await self._session.close()

    async def send(self, kind: str, **fields: Any) -> dict[str, Any]:
        """One command; the switch's ``ok`` message. Raises DeskError when it says no or does not answer."""
        if self._socket is None or self._socket.closed:
            raise DeskError("away")
        name = str(next(self._ids))
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[name] = future
        try:
            await self._socket.send_json({"type": kind, "id": name, **fields})
            answer = await asyncio.wait_for(future, ANSWER_SECONDS)
        except (TimeoutError, ConnectionError) as error:
            raise DeskError("away", {"en": f"no answer to {kind}"}) from error
        finally:
            self._answers.pop(name, None)
        if answer["type"] == "error":
            raise DeskError(str(answer.get("code", "error")), answer.get("text"))
        return answer

    async def ready(self) -> None:
        """Phone in order, and ready for calls."""
        await self.send("phone", registered=True, microphone="ok")
        await self.send("state", state="ready")

    async def until(self, holds: Callable[[], bool], seconds: float = 10.0) -> bool:
        """Wait for messages until ``holds()``; True when it does, False when the time is over."""
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return holds()
        return True

    def call(self, phase: str = "") -> dict[str, Any] | None:
        """The newest call (in that phase)."""
        views = [view for view in self.calls.values() if not phase or view["phase"] == phase]
        return views[-1] if views else None

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._take(frame.json())
        finally:
            self._changed.set()

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        self.log.append(message)
        if kind in ("ok", "error"):
            future = self._answers.get(str(message.get("id", "")))
            if future is not None and not future.done():
                future.set_result(message)
        elif kind == "welcome":
            self.welcome, self.agent = message, message.get("agent") or {}
            self.calls = {view["id"]: view for view in message.get("calls", [])}
        elif kind == "agent":
            self.agent = message
        elif kind == "call":
            self._call(message)
        elif kind == "call_gone":
            self.calls.pop(message["call"], None)
        elif kind == "queues":
            self.queues = message["waiting"]
        elif kind == "board":
            self.board = message
        elif kind == "board_changes":
            self._board(message)
        elif kind == "alarm":
            self.alarms[message["code"]] = message
        elif kind == "signed_out":
            self.signed_out = message["cause"]
        self._changed.set()
        self._on_message(message)

    def _board(self, message: dict[str, Any]) -> None:
        """Rows that changed take the place of what was known; what is gone is gone."""
        board = {**self.board, "now": message["now"]}
        for part in ("queues", "people", "lines"):
            rows = {row["id"]: row for row in board.get(part, [])} | {row["id"]: row for row in message.get(part, [])}
            board[part] = [row for key, row in rows.items() if key not in message.get("gone", {}).get(part, [])]
        self.board = board

    def _call(self, view: dict[str, Any]) -> None:
        known = self.calls.get(view["id"])
        if known is None or view.get("rev", 0) >= known.get("rev", 0):
            self.calls[view["id"]] = view

    async def _ping(self) -> None:
        while self.connected:
            await asyncio.sleep(PING_SECONDS)
            with contextlib.suppress(DeskError, ConnectionError):
                if self._socket is not None:
                    await self._socket.send_json({"type": "ping"})
