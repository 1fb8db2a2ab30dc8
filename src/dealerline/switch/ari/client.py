"""The ARI client: one WebSocket for events and requests, and the only place that knows ARI's JSON.

The rules of the file:

- A request goes out within the very call, in the order in which it was called for, and never waits for the answer to
  another; answers find their futures by number. Losing the socket fails every open request with AriLost: nobody waits
  for ever.
- What is long (``aside``) does not go by the socket, where every request behind it would wait for it.
- Events reach ``on_event`` one after the other, in Asterisk's order, by plain calls in the event loop. A handler that
  raises is logged and counted; the next event comes all the same. Kinds of events we do not know are passed over.
- After each (re)connection ``on_back`` runs first, to look at what is there (list channels and bridges); events that
  arrive meanwhile are held and follow in order when it is done.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import logging
from asyncio import Future
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, Union
from urllib.parse import urlencode

import aiohttp
import msgspec

from dealerline.switch.ari import models, operations
from dealerline.switch.ari.errors import AriError, AriLost, AriTimeout
from dealerline.switch.ari.group import Query
from dealerline.switch.ari.models import Event, RESTResponse

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between attempts to connect
CLOSE_SECONDS = 0.5  # a socket that is stuck does not say good-bye
HEARTBEAT = 10.0  # a hung Asterisk is noticed within one and a half of these
REQUEST_SECONDS = 5.0
NO_SUCH_SOURCE = 422  # the answer to a subscription
YIELD_AFTER = 64  # events in a row before other tasks get a turn
OWN = ("RESTResponse", "ChannelUserevent")  # what this client lives by: answers are filtered, too; see ``caught_up``

T = TypeVar("T")


class _Kind(msgspec.Struct):
    type: str = ""


class _Refusal(msgspec.Struct):
    message: str = ""
    error: str = ""


_AnyEvent: Any = Union[models.EVENTS]  # noqa: UP007 - a union of a tuple
_decode = msgspec.json.Decoder(_AnyEvent).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_refusal = msgspec.json.Decoder(_Refusal).decode
_encode = msgspec.json.Encoder().encode
_decoders: dict[Any, Callable[[str], Any]] = {}


def _decode_body(kind: Any, body: str) -> Any:
    if kind is None:
        return None
    decode = _decoders.get(kind)
    if decode is None:
        decode = _decoders[kind] = msgspec.json.Decoder(kind).decode
    return decode(body)


def _plain(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list | tuple) else str(value)


class _Pending(msgspec.Struct):
    future: Future[Any]
    kind: Any
    deadline: float
    what: str


class Ari:
    """A connection to one Asterisk that keeps itself up. Operations: ``ari.channels.answer(id)`` and so on; each
    returns a
    future at once (see ``operations``).

    url: ``http://host:port`` of Asterisk's HTTP server. application: the Stasis application's name.
    on_event: called with every event. on_back: awaited after each connection. on_lost: called when the socket is gone.
    subscriptions: event sources besides our own channels, such as ``endpoint:PJSIP``. wanted: the kinds of events
    that ``on_event`` is for, by ARI's names; Asterisk does not even send the others. None: all.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        application: str,
        *,
        on_event: Callable[[Event], None],
        on_back: Callable[[], Awaitable[None]] | None = None,
        on_lost: Callable[[], None] | None = None,
        subscriptions: Sequence[str] = (),
        wanted: Sequence[str] = (),
        timeout: float = REQUEST_SECONDS,
    ) -> None:
        self._url, self._user, self._password, self.application = url.rstrip("/"), user, password, application
        self._on_event, self._on_back, self._on_lost = on_event, on_back, on_lost
        self._subscriptions, self._wanted, self._timeout = tuple(subscriptions), tuple(wanted), timeout
        self._numbers = itertools.count(1)
        self._pending: OrderedDict[str, _Pending] = OrderedDict()
        self._answered = 0.0
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._held: list[Event] | None = None
        self._up = asyncio.Event()
        self._unknown: set[str] = set()
        self._heard: set[str] = set()  # those of our subscriptions that Asterisk has accepted
        self.events = 0
        self.event_errors = 0
        self.last_error = ""
        self.channels = operations.Channels(self.request)
        self.bridges = operations.Bridges(self.request)
        self.playbacks = operations.Playbacks(self.request)
        self.recordings = operations.Recordings(self.request)
        self.endpoints = operations.Endpoints(self.request)
        self.asterisk = operations.Asterisk(self.request)
        self.applications = operations.Applications(self.request)
        self._marks: dict[str, Future[None]] = {}
        self._ask_for_mark = operations.Events(self.request).user_event

    # life ---------------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the socket is up and ``on_back`` has run."""
        return self._up.is_set()

    def start(self) -> None:
        """Connect and stay connected, in the background. Once."""
        if self._task is None:
            self._task = asyncio.create_task(self._live(), name="ari")

    async def ready(self, seconds: float | None = None) -> None:
        """Wait until connected. Raises AriLost with the last reason when ``seconds`` are over."""
        try:
            await asyncio.wait_for(self._up.wait(), seconds)
        except TimeoutError:
            raise AriLost(self.last_error or "Asterisk cannot be reached") from None

    async def close(self) -> None:
        """Let go of the socket; open requests fail with AriLost. ``on_lost`` is not called."""
        task, self._task = self._task, None
        if task is not None:
            self._on_lost = None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _live(self) -> None:
        pause = FIRST_PAUSE
        async with aiohttp.ClientSession(headers={"Authorization": self._authorization()}) as session:
            self._session = session
            while True:
                try:
                    query = urlencode({"app": self.application, "subscribeAll": "false"})
                    async with session.ws_connect(
                        f"{self._url}/ari/events?{query}",
                        heartbeat=HEARTBEAT,
                        max_msg_size=0,
                        compress=0,
                        timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                    ) as socket:
                        pause = FIRST_PAUSE
                        await self._connected(socket)
                except (aiohttp.ClientError, OSError, TimeoutError, AriError) as error:
                    told, self.last_error = self.last_error, self._reason(error)
                    if self.last_error != told:  # once, however often it is tried
                        log.warning("%s", self.last_error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()

    def _reason(self, error: Exception) -> str:
        if isinstance(error, aiohttp.WSServerHandshakeError) and error.status == 401:
            return "Asterisk refuses our user name or password (ari.conf)"
        return f"Asterisk at {self._url} cannot be reached: {error}"

    async def _connected(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._held = socket, []
        tasks = [
            asyncio.create_task(self._read(socket), name="ari read"),
            asyncio.create_task(self._watch(), name="ari watch"),
        ]
        greeting = asyncio.create_task(self._greet(), name="ari greet")
        try:
            done, _ = await asyncio.wait([*tasks, greeting], return_when=asyncio.FIRST_COMPLETED)
            if greeting in done and not greeting.exception():
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            was_up = self._up.is_set()
            self._socket = None
            self._up.clear()
            for task in (*tasks, greeting):
                task.cancel()
            await asyncio.gather(*tasks, greeting, return_exceptions=True)
            self._fail_pending()
            if was_up and self._on_lost is not None:
                self._on_lost()

    async def _greet(self) -> None:
        """Say what we want to hear, look at what is there, then let the held events through."""
        kinds = (*self._wanted, *OWN) if self._wanted else ()
        wanted = {"allowed": [{"type": kind} for kind in kinds]}
        self._heard.clear()
        await asyncio.gather(self.applications.filter(self.application, filter=wanted), self.hear())
        if self._on_back is not None:
            await self._on_back()
        held, self._held = self._held or [], None
        for event in held:
            self._dispatch(event)
        self._up.set()

    async def hear(self) -> None:
        """Subscribe to those of our event sources that are there by now.

        Asterisk knows of ``endpoint:PJSIP`` only from its first SIP account on, and one that is not ours may have none
        but those that are pushed: whoever has pushed some calls this again. Raises AriError.
        """
        for source in self._subscriptions:
            if source not in self._heard:
                try:
                    await self.applications.subscribe(self.application, event_source=source)
                except AriError as error:
                    if error.status != NO_SUCH_SOURCE:
                        raise
                else:
                    self._heard.add(source)

    # reading ------------------------------------------------------------------------------------------------------

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for n in itertools.count(1):
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise AriLost(f"the socket to Asterisk was closed ({socket.close_code})")
            self._received(message.data)
            if n % YIELD_AFTER == 0:
                await asyncio.sleep(0)

    def _received(self, text: str) -> None:
        try:
            event: Event = _decode(text)
        except msgspec.DecodeError as error:
            self._odd(text, error)
            return
        if type(event) is RESTResponse:
            self._answer(event)
        elif type(event) is models.ChannelUserevent and event.eventname in self._marks:
            self._marks.pop(event.eventname).set_result(None)
        elif self._held is not None:
            self._held.append(event)
        else:
            self._dispatch(event)

    def _dispatch(self, event: Event) -> None:
        self.events += 1
        try:
            self._on_event(event)
        except Exception:
            self.event_errors += 1
            log.exception("a handler of %s failed", type(event).__name__)

    def _odd(self, text: str, error: Exception) -> None:
        """An event of a kind we do not know, or not of the form the swagger says: no reason to stop. Says its kind
        once.
        """
        try:
            kind = _decode_kind(text).type
        except msgspec.DecodeError:
            kind = "not JSON"
        if kind not in self._unknown:
            self._unknown.add(kind)
            log.warning("passed over an event of kind %r: %s", kind, error)

    # requests -----------------------------------------------------------------------------------------------------

    def request(
        self, kind: Any, method: str, path: str, query: Query | None = None, body: Mapping[str, Any] | None = None
    ) -> Future[Any]:
        """Send a request now; the future brings the answer as ``kind`` (None: nothing), or an AriError."""
        loop = asyncio.get_running_loop()
        future: Future[Any] = loop.create_future()
        if self._socket is None:
            future.set_exception(AriLost(self.last_error or "Asterisk cannot be reached"))
            return future
        number = str(next(self._numbers))
        message: dict[str, Any] = {
            "type": "RESTRequest",
            "transaction_id": number,
            "request_id": number,
            "method": method,
            "uri": path[1:],
        }
        if query:
            given = [{"name": k, "value": _plain(v)} for k, v in query.items() if v is not None]
            if given:
                message["query_strings"] = given
        if body:
            content = {k: v for k, v in body.items() if v is not None}
            if content:
                message["content_type"] = "application/json"
                message["message_body"] = _encode(content).decode()
        self._pending[number] = _Pending(future, kind, loop.time() + self._timeout, f"{method} {path}")
        _send_now(self._socket, _encode(message))
        return future

    async def caught_up(self) -> None:
        """Wait until every event that Asterisk had published when this was called has been through ``on_event``.

        Answers and events do not keep an order among each other: events come through a queue of the application's
        own, which grows long on a busy machine. So we send ourselves an event through that queue and wait for it.
        Raises AriError.
        """
        name = f"caught-up-{next(self._numbers)}"
        mark = self._marks[name] = asyncio.get_running_loop().create_future()
        try:
            await self._ask_for_mark(name, application=self.application)
            await asyncio.wait_for(mark, self._timeout)
        except TimeoutError:
            raise AriTimeout(f"events are more than {self._timeout:g} s late") from None
        finally:
            self._marks.pop(name, None)

    async def aside(self, kind: Any, path: str) -> Any:
        """The answer to a GET, as ``kind``, by a connection of its own: for lists, which Asterisk makes for as long as
        five phones take to ring. It keeps no order with requests and events. Raises AriError.
        """
        if self._socket is None or self._session is None:
            raise AriLost(self.last_error or "Asterisk cannot be reached")
        seconds = aiohttp.ClientTimeout(total=self._timeout)
        try:
            async with self._session.get(f"{self._url}/ari{path}", timeout=seconds) as answer:
                body = await answer.text()
                if answer.status != 200:
                    raise AriError(answer.status, f"GET {path}: {answer.reason}")
                return _decode_body(kind, body)
        except TimeoutError:
            raise AriTimeout(f"GET {path}: no answer within {self._timeout:g} s") from None
        except aiohttp.ClientError as error:
            raise AriLost(f"GET {path}: {error}") from None
        except msgspec.DecodeError as error:
            raise AriError(200, f"GET {path}: an answer that is not as the swagger says: {error}") from None

    def _answer(self, response: RESTResponse) -> None:
        self._answered = asyncio.get_running_loop().time()
        pending = self._pending.pop(response.request_id, None)
        if pending is None or pending.future.done():
            return
        if 200 <= response.status_code < 300:
            try:
                pending.future.set_result(_decode_body(pending.kind, response.message_body))
            except msgspec.DecodeError as error:
                text = f"{pending.what}: an answer that is not as the swagger says: {error}"
                pending.future.set_exception(AriError(response.status_code, text))
            return
        try:
            refusal = _decode_refusal(response.message_body)
            reason = refusal.message or refusal.error or response.reason_phrase
        except msgspec.DecodeError:
            reason = response.message_body or response.reason_phrase
        pending.future.set_exception(AriError(response.status_code, f"{pending.what}: {reason}"))

    async def _watch(self) -> None:
        """All requests have the same time, so the oldest are the first: one look a second is enough.

        Asterisk does the requests of a socket one after the other: one that it never ends holds up all behind it,
        though events go on coming. A new socket is not held up. Raises AriLost when that seems to be so.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, self._timeout / 4))
            while self._pending:
                number, pending = next(iter(self._pending.items()))
                if pending.deadline > loop.time():
                    break
                del self._pending[number]
                if not pending.future.done():
                    text = f"{pending.what}: no answer within {self._timeout:g} s"
                    pending.future.set_exception(AriTimeout(text))
                if self._answered < pending.deadline - self._timeout:
                    raise AriLost(f"the socket to Asterisk is stuck since {pending.what}")

    def _fail_pending(self) -> None:
        pending, self._pending = self._pending, OrderedDict()
        for one in pending.values():
            if not one.future.done():
                one.future.set_exception(AriLost())


def _send_now(socket: aiohttp.ClientWebSocketResponse, frame: bytes) -> None:
    """Give a frame to the socket without waiting for a turn of the event loop: a phone rings by it.

    aiohttp hands an uncompressed frame to the transport in the first stretch of its coroutine; what may come after is
    a wait for room, which we need not share: what is on its way is bounded by the seconds a request may take.
    """
    sending = socket.send_frame(frame, aiohttp.WSMsgType.TEXT)
    try:
        sending.send(None)
    except StopIteration:
        return
    except ConnectionError:  # the reader hears of it too, and fails every open request
        return
    sending.close()


def quietly(future: Future[Any], *statuses: int) -> None:
    """Do not wait for ``future``. A refusal with one of ``statuses`` (404 when none are given), or a lost socket, is
    as good as
    done; any other failure is logged."""
    accepted = statuses or (404,)

    def finished(done: Future[Any]) -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None or isinstance(error, AriLost) or (isinstance(error, AriError) and error.status in accepted):
            return
        log.warning("a request nobody waits for failed: %s", error)

    future.add_done_callback(finished)
