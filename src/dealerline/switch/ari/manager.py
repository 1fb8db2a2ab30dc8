"""The manager client (AMI): starts and stops recorders, nothing else. Events are off.

The rules of the file: actions go out one behind the other without waiting; answers find their futures by ActionID;
losing the socket fails every open action with AmiError(lost=True), and the client connects again by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from asyncio import Future
from collections.abc import Callable
from typing import Any

from dealerline.switch.ari.errors import AmiError

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
ACTION_SECONDS = 5.0
PING_SECONDS = 10.0

RECORDER = "DL_RECORDER"  # the channel variable that holds the newest recorder's id

Answer = dict[str, str]


def _field(name: str, value: str) -> str:
    if "\r" in value or "\n" in value:
        raise ValueError(f"{name} must be one line")
    return f"{name}: {value}\r\n"


class Manager:
    """A connection to Asterisk's manager that keeps itself up."""

    def __init__(
        self, host: str, port: int, user: str, password: str, *, on_change: Callable[[bool], None] | None = None
    ) -> None:
        self._host, self._port, self._user, self._password = host, port, user, password
        self._on_change = on_change
        self._numbers = itertools.count(1)
        self._pending: dict[str, Future[Answer]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self.last_error = ""

    @property
    def connected(self) -> bool:
        """Whether we are signed in."""
        return self._up.is_set()

    def start(self) -> None:
        """Connect and stay connected, in the background. Once."""
        if self._task is None:
            self._task = asyncio.create_task(self._live(), name="manager")

    async def ready(self, seconds: float | None = None) -> None:
        """Wait until signed in. Raises AmiError with the last reason when ``seconds`` are over."""
        try:
            await asyncio.wait_for(self._up.wait(), seconds)
        except TimeoutError:
            raise AmiError(self.last_error or "the manager cannot be reached", lost=True) from None

    async def close(self) -> None:
        """Let go of the socket; open actions fail."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # actions ------------------------------------------------------------------------------------------------------

    def action(self, name: str, **fields: str) -> Future[Answer]:
        """Send an action now. The future brings the answer's fields, or AmiError. Raises ValueError for a value with
        line ends.
        """
        future: Future[Answer] = asyncio.get_running_loop().create_future()
        if not self._up.is_set():
            future.set_exception(AmiError(self.last_error or "the manager cannot be reached", lost=True))
            return future
        return self._send(future, name, fields)

    def _send(self, future: Future[Answer], name: str, fields: dict[str, str]) -> Future[Answer]:
        assert self._writer is not None
        number = str(next(self._numbers))
        text = _field("Action", name) + _field("ActionID", number)
        text += "".join(_field(key, value) for key, value in fields.items())
        self._pending[number] = future
        self._writer.write(f"{text}\r\n".encode())
        timer = asyncio.get_running_loop().call_later(ACTION_SECONDS, self._expire, number, name)
        future.add_done_callback(lambda _: timer.cancel())
        return future

    def _expire(self, number: str, name: str) -> None:
        future = self._pending.pop(number, None)
        if future is not None and not future.done():
            future.set_exception(AmiError(f"{name}: no answer within {ACTION_SECONDS:g} s", lost=True))

    async def record(self, channel: str, received: str, transmitted: str) -> str:
        """Record ``channel`` (its id or name) into two files, absolute paths with their ending: what it says (received
        from it)
        and what it hears. Returns the recorder's id for ``stop``. Raises AmiError, also when the channel is gone."""
        for path in (received, transmitted):
            if not path.startswith("/") or any(c in path for c in "(),\r\n"):
                raise ValueError(f"not a path a recorder takes: {path!r}")
        options = f"r({received})t({transmitted})i({RECORDER})"  # without i() the answer does not name the recorder
        answer = await self.action("MixMonitor", Channel=channel, File="", Options=options)
        return answer.get("MixMonitorID", "")

    async def stop(self, channel: str, recorder: str = "") -> None:
        """Stop that recorder of ``channel``, or all of them. Raises AmiError, also when there is none any more."""
        fields = {"MixMonitorID": recorder} if recorder else {}
        await self.action("StopMixMonitor", Channel=channel, **fields)

    async def ping(self) -> None:
        """Raises AmiError when the manager does not answer."""
        await self.action("Ping")

    # life ---------------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                reader, self._writer = await asyncio.open_connection(self._host, self._port)
                try:
                    await self._talk(reader)
                finally:
                    self._lost()
            except (OSError, asyncio.IncompleteReadError, AmiError, ValueError) as error:
                self.last_error = f"the manager at {self._host}:{self._port} cannot be reached: {error}"
            if self._signed_in:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    _signed_in = False

    async def _talk(self, reader: asyncio.StreamReader) -> None:
        self._signed_in = False
        await reader.readuntil(b"\r\n")  # the banner
        reading = asyncio.create_task(self._read(reader), name="manager read")
        try:
            login: Future[Answer] = asyncio.get_running_loop().create_future()
            self._send(login, "Login", {"Username": self._user, "Secret": self._password, "Events": "off"})
            either: list[Future[Any]] = [login, reading]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not login.done():
                reading.result()
            login.result()
            self._signed_in = True
            self._up.set()
            if self._on_change is not None:
                self._on_change(True)
            await self._beat(reading)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _beat(self, reading: asyncio.Task[None]) -> None:
        """Ping now and then, so that a hung Asterisk is noticed."""
        while not reading.done():
            await asyncio.wait([reading], timeout=PING_SECONDS)
            if not reading.done():
                await self.ping()
        reading.result()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            block = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
            fields = dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
            future = self._pending.pop(fields.get("ActionID", ""), None)
            if future is None or future.done():
                continue
            if fields.get("Response") == "Success":
                future.set_result(fields)
            else:
                future.set_exception(AmiError(fields.get("Message", "refused")))

    def _lost(self) -> None:
        was_up = self._up.is_set()
        self._up.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(AmiError("the manager's socket was lost", lost=True))
        if was_up and self._on_change is not None:
            self._on_change(False)
