"""A real Asterisk for the tests of ARI, a wire that can be cut, and a SIP client of a few lines."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import secrets
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from dealerline import settings as settings_module
from dealerline.runtime.asterisk import Asterisk
from dealerline.settings import Settings
from dealerline.switch.ari import Ari, Manager
from dealerline.switch.ari.models import Event
from tests.helpers import until_async


async def until(true: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """``until_async`` with the words first."""
    return await until_async(true, seconds, what)


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """An Asterisk with the product's own configuration, in its own folder and on free ports."""

    def __init__(self, folder: Path) -> None:
        rtp = free_port(socket.SOCK_DGRAM) // 2 * 2
        self.settings = Settings(
            data=folder,
            cache=settings_module.load().cache,
            asterisk_http_port=free_port(),
            ami_port=free_port(),
            sip_port=free_port(socket.SOCK_DGRAM),
            rtp_start=min(rtp, 60000),
            rtp_end=min(rtp, 60000) + 100,
        )
        self.settings.secrets.mkdir(parents=True)
        for name in ("ari", "ami", "sip"):
            (self.settings.secrets / name).write_text(secrets.token_hex(16))
        self.asterisk = Asterisk(self.settings, folder / "asterisk")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.asterisk_http_port}"

    def start(self) -> None:
        self.asterisk.write_config()
        log = (self.settings.data / "asterisk.log").open("ab")
        self.process = subprocess.Popen(self.asterisk.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
            self.process = None

    def ari(self, **options: Any) -> Ari:
        events: Callable[[Event], None] = options.pop("on_event", lambda event: None)
        name = options.pop("application", "dealerline")
        url = options.pop("url", self.url)
        secret = options.pop("password", self.settings.secret("ari"))
        return Ari(url, "dealerline", secret, name, on_event=events, **options)

    def manager(self, port: int = 0, password: str = "", **options: Any) -> Manager:
        word = password or self.settings.secret("ami")
        return Manager("127.0.0.1", port or self.settings.ami_port, "dealerline", word, **options)


class Wire:
    """A TCP connection to ``port`` that can be cut, or made to swallow what Asterisk says."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.swallows = False
        self.port = 0

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, back}
        for source, target, answers in ((reader, back, False), (there, writer, True)):
            task = asyncio.create_task(self._pump(source, target, answers))
            self._tasks.add(task)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if not (answers and self.swallows):
                    target.write(data)
        target.close()


class SipBrowser:
    """A browser's registration: SIP over WebSocket with digest authentication (RFC 7118, RFC 8760's MD5)."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._url, self.user, self._password = f"ws://127.0.0.1:{port}/ws", user, password
        self._call, self._number = uuid.uuid4().hex, 0
        self._session: aiohttp.ClientSession | None = None
        self.socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> SipBrowser:
        self._session = aiohttp.ClientSession()
        self.socket = await self._session.ws_connect(self._url, protocols=("sip",))
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._session is not None
        self._reader.cancel()
        await self._session.close()

    async def _read(self) -> None:
        """Asterisk asks now and then (OPTIONS) whether the browser is there."""
        assert self.socket is not None
        async for message in self.socket:
            text = str(message.data)
            if text.startswith("SIP/2.0"):
                self._answers.put_nowait(text)
            elif text.startswith("OPTIONS"):
                same = re.findall(r"(?mi)^(?:Via|From|To|Call-ID|CSeq):.*$", text)
                lines = "\r\n".join(line.strip() for line in same)
                await self.socket.send_str(f"SIP/2.0 200 OK\r\n{lines}\r\nContent-Length: 0\r\n\r\n")

    async def register(self) -> int:
        """The status that ends the registration: 200, or 401 when the password is wrong."""
        status, answer = await self._send("")
        if status != 401:
            return status
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', re.findall(r"(?mi)^WWW-Authenticate: Digest (.*)$", answer)[0]))
        nonce, realm, cnonce = fields["nonce"], fields["realm"], "0a1b2c3d"

        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        uri = "sip:dealerline"
        secret, what = md5(f"{self.user}:{realm}:{self._password}"), md5(f"REGISTER:{uri}")
        response = md5(f"{secret}:{nonce}:00000001:{cnonce}:auth:{what}")
        opaque = f', opaque="{fields["opaque"]}"' if "opaque" in fields else ""
        line = (
            f'Authorization: Digest username="{self.user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, cnonce="{cnonce}", qop=auth, nc=00000001{opaque}\r\n'
        )
        status, _ = await self._send(line)
        return status

    async def _send(self, extra: str) -> tuple[int, str]:
        assert self.socket is not None
        self._number += 1
        who = f"sip:{self.user}@dealerline"
        await self.socket.send_str(
            f"REGISTER sip:dealerline SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK{uuid.uuid4().hex}\r\n"
            f"Max-Forwards: 70\r\nFrom: <{who}>;tag=t{self._call[:8]}\r\nTo: <{who}>\r\nCall-ID: {self._call}\r\n"
            f"CSeq: {self._number} REGISTER\r\nContact: <sip:{self.user}@x.invalid;transport=ws>;expires=300\r\n"
            f"{extra}Content-Length: 0\r\n\r\n"
        )
        answer = await asyncio.wait_for(self._answers.get(), 5)
        return int(answer.split()[1]), answer
