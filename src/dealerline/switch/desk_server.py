"""The switch's HTTP door: the desk's WebSocket, health, metrics, and what the web process asks.

Rules of the file. A slow or hostile page harms only itself: messages to it queue up to a bound, then it is cut off;
messages from it are bounded in size and rate; what cannot be read is answered, not obeyed. ``/internal`` wants the
internal secret.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from dealerline.switch import texts, tickets
from dealerline.switch.desks import Desks, Session
from dealerline.switch.model import Refused
from dealerline.switch.ports import Shared

log = logging.getLogger(__name__)

QUEUE = 1000
MESSAGE_BYTES = 16 * 1024
HELLO_SECONDS = 10.0
SILENT_SECONDS = 30.0
PER_SECOND = 60  # messages a page may send, on average over ten seconds
encode = msgspec.json.Encoder().encode


def encoded(message: dict[str, Any]) -> bytes:
    """As JSON; of a message that many pages get, made once."""
    if not isinstance(message, Shared):
        return encode(message)
    if message.data is None:
        message.data = encode(message)
    return message.data


class SocketDesk:
    """One page's connection as the engine sees it: a queue that never blocks."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.person = 0
        self._socket = socket
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)

    def send(self, message: dict[str, Any]) -> None:
        try:
            self._queue.put_nowait(encoded(message))
        except asyncio.QueueFull:
            log.warning("a page of person %s does not read; it is cut off", self.person)
            self.close()

    def close(self) -> None:
        while self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def write(self) -> None:
        """Send what is queued, until closed."""
        while True:
            data = await self._queue.get()
            if data is None:
                break
            await self._socket.send_str(data.decode())
        await self._socket.close(code=WSCloseCode.GOING_AWAY)


class DeskServer:
    """``/desk``, ``/health``, ``/metrics``, ``/internal/...``"""

    def __init__(self, desks: Desks, internal_secret: str, ready: Callable[[], bool]) -> None:
        self._desks = desks
        self._secret = internal_secret
        self._ready = ready
        self._sockets: set[web.WebSocketResponse] = set()
        self.actions: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {}

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_get("/desk", self._desk)
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/internal/live", self._live)
        app.router.add_get("/internal/calls/{id}", self._call)
        app.router.add_post("/internal/{action}", self._action)
        app.on_shutdown.append(self._shutdown)
        return app

    async def _shutdown(self, app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart")

    # desk
    # ---------------------------------------------------------------------------------------------------------------
    async def _desk(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=15.0, max_msg_size=MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        desk = SocketDesk(socket)
        writer = asyncio.create_task(desk.write(), name="desk write")
        try:
            await self._talk(socket, desk, writer)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._sockets.discard(socket)
            self._desks.gone(desk)
            desk.close()
            try:
                await asyncio.wait_for(writer, 2.0)
            except (TimeoutError, ConnectionError):
                writer.cancel()
        return socket

    async def _talk(self, socket: web.WebSocketResponse, desk: SocketDesk, writer: asyncio.Task[None]) -> None:
        first = await asyncio.wait_for(socket.receive(), HELLO_SECONDS)
        session = self._hello(desk, first)
        if session is None:
            return
        allowance, last = PER_SECOND * 10.0, time.monotonic()
        while not writer.done():
            message = await asyncio.wait_for(socket.receive(), SILENT_SECONDS)
            if message.type is not WSMsgType.TEXT:
                return
            now = time.monotonic()
            allowance = min(PER_SECOND * 10.0, allowance + (now - last) * PER_SECOND) - 1
            last = now
            if allowance < 0:
                log.warning("a page of person %s sends too much; it is cut off", desk.person)
                return
            data = _decode(message)
            if data is None:
                desk.send({"type": "error", "id": None, "code": "bad_message", "text": texts.error("bad_message")})
                continue
            desk.send(self._desks.command(session, data))

    def _hello(self, desk: SocketDesk, message: WSMessage) -> Session | None:
        data = _decode(message) if message.type is WSMsgType.TEXT else None
        identifier = data.get("id") if data else None
        try:
            if data is None or data.get("type") != "hello":
                raise Refused("hello_first")
            return self._desks.hello(desk, data)
        except (Refused, tickets.BadTicket) as error:
            desk.send({"type": "error", "id": identifier, "code": error.code, "text": texts.error(error.code)})
            return None

    # the rest
    # -----------------------------------------------------------------------------------------------------------
    async def _health(self, request: web.Request) -> web.Response:
        ready = self._ready()
        core = self._desks.core
        return web.json_response(
            {
                "ok": ready,
                "media": core.media_here,
                "directory": core.lookup.snapshot.version,
                "calls": len(core.calls),
                "repairs": core.metrics.repairs,
                "errors": core.metrics.errors,
            },
            status=200 if ready else 503,
        )

    async def _metrics(self, request: web.Request) -> web.Response:
        core = self._desks.core
        router = self._desks.engine.queueing.router
        gauges = {
            "calls": float(len(core.calls)),
            "desks": float(len(self._desks.sessions)),
            "media_here": float(core.media_here),
            "waiting": float(sum(router.waiting(q) for q in core.lookup.queues)),
            "alarms": float(sum(core.alarms.values())),
        }
        return web.Response(text=core.metrics.text(gauges), content_type="text/plain")

    def _trusted(self, request: web.Request) -> bool:
        return hmac.compare_digest(request.headers.get("X-Dealerline-Internal", "").encode(), self._secret.encode())

    async def _live(self, request: web.Request) -> web.Response:
        if not self._trusted(request):
            raise web.HTTPForbidden
        return web.json_response(self._desks.views.live())

    async def _call(self, request: web.Request) -> web.Response:
        """Who is on the other side of a live call, unmasked: for the pop of an agent who may not see the number."""
        if not self._trusted(request):
            raise web.HTTPForbidden
        call = self._desks.core.calls.get(request.match_info["id"])
        if call is None:
            raise web.HTTPNotFound
        number = call.from_number if call.direction == "in" else call.to_number
        return web.json_response({"number": number, "store": call.store, "line": call.line})

    async def _action(self, request: web.Request) -> web.Response:
        if not self._trusted(request):
            raise web.HTTPForbidden
        action = self.actions.get(request.match_info["action"])
        if action is None:
            raise web.HTTPNotFound
        try:
            data = msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any])
            return web.json_response(await action(data))
        except (msgspec.MsgspecError, ValueError, TypeError):
            return web.json_response({"code": "bad_message", "text": texts.error("bad_message")}, status=400)
        except Refused as error:
            return web.json_response({"code": error.code, "text": texts.error(error.code)}, status=409)


def _decode(message: WSMessage) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(message.data, type=dict[str, Any])
    except (msgspec.MsgspecError, TypeError):
        return None
