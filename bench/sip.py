"""A measuring instrument: small SIP phones and callers in one event loop, with the time of every message.

The same instrument sits at both ends of the product and of the peer, so that what is compared is only what is between.
It speaks just the SIP that Asterisk needs over UDP on loopback (RFC 3261 sections 8, 12, 13, 15, 22); its sound comes
from ``bench.rtp``. It is no softphone: use it for nothing but measuring.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.rtp import Media

CRLF = "\r\n"
_PARAM = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass
class Message:
    """A parsed SIP message; ``head`` maps lower-case names to their values in order."""

    start: str
    head: dict[str, list[str]]
    body: str

    @property
    def method(self) -> str:
        """The request's method, or of a response the method it answers."""
        if self.start.startswith("SIP/2.0"):
            return self.get("cseq").split()[-1]
        return self.start.split()[0]

    @property
    def status(self) -> int:
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    def get(self, name: str) -> str:
        values = self.head.get(name)
        return values[0] if values else ""


def parse(data: bytes) -> Message | None:
    """The message in a datagram; None for a keep-alive."""
    text = data.decode("utf-8", "replace")
    head, _, body = text.partition(CRLF + CRLF)
    lines = head.split(CRLF)
    if not lines[0].strip():
        return None
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields.setdefault(
            {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}.get(
                name.strip().lower(), name.strip().lower()
            ),
            [],
        ).append(value.strip())
    return Message(lines[0], fields, body)


@dataclass
class Leg:
    """One dialogue. Times are ``time.monotonic()`` seconds; 0.0 means not yet."""

    call_id: str
    local: str
    remote: str
    target: str
    cseq: int = 1
    invited: float = 0.0
    answered: float = 0.0
    ended: float = 0.0
    ended_by: str = ""  # "us" or "them"
    failed: int = 0
    bye_sent: float = 0.0
    invite: Message | None = None
    rtp: socket.socket | None = None
    stream: int = 0
    branch: str = ""  # of our own INVITE
    done: asyncio.Event = field(default_factory=asyncio.Event)
    up: asyncio.Event = field(default_factory=asyncio.Event)


class Agent(asyncio.DatagramProtocol):
    """A user agent on one UDP port: places calls, takes calls, registers.

    on_invite(leg) is called at each new INVITE; answers after ``ring`` seconds, hangs up after ``talk`` (None: never).
    ``spread``: by which part a talk may be shorter or longer, the same in each run. ``speaks``: whether it sends sound;
    it is sent sound in any case.
    """

    def __init__(
        self,
        server: tuple[str, int],
        user: str,
        password: str = "",
        *,
        media: Media | None = None,
        ring: float = 0.0,
        talk: float | None = None,
        spread: float = 0.0,
        speaks: bool = True,
    ) -> None:
        self.server, self.user, self.password = server, user, password
        self.media, self.ring, self.talk, self.speaks = media, ring, talk, speaks
        self._random, self._spread = random.Random(user), spread
        self.legs: dict[str, Leg] = {}
        self.history: list[Leg] = []
        self.on_invite: Callable[[Leg], None] = lambda leg: None
        self.on_end: Callable[[Leg], None] = lambda leg: None
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    async def open(self) -> Agent:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.port = sock.getsockname()[1]
        return self

    def close(self) -> None:
        for leg in list(self.legs.values()):
            self._finish(leg, "us")
        if self._transport:
            self._transport.close()

    # sending ----------------------------------------------------------------------------------------------------------
    def _send(self, text: str) -> None:
        assert self._transport
        self._transport.sendto(text.encode(), self.server)

    def _contact(self) -> str:
        return f"<sip:{self.user}@127.0.0.1:{self.port}>"

    def _request(self, method: str, target: str, leg: Leg, body: str = "", extra: str = "") -> tuple[str, str]:
        branch = leg.branch if method == "CANCEL" else "z9hG4bK" + secrets.token_hex(8)
        cseq = leg.cseq if method in ("ACK", "CANCEL") else leg.cseq + 1
        if method not in ("ACK", "CANCEL"):
            leg.cseq = cseq
        kind = "Content-Type: application/sdp" + CRLF if body else ""
        text = (
            f"{method} {target} SIP/2.0{CRLF}Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch={branch}{CRLF}"
            f"Max-Forwards: 70{CRLF}From: {leg.local}{CRLF}To: {leg.remote}{CRLF}Call-ID: {leg.call_id}{CRLF}"
            f"CSeq: {cseq} {method}{CRLF}Contact: {self._contact()}{CRLF}{extra}{kind}"
            f"Content-Length: {len(body)}{CRLF}{CRLF}{body}"
        )
        return branch, text

    async def _exchange(
        self, method: str, target: str, leg: Leg, body: str = "", extra: str = "", timeout: float = 32
    ) -> Message:
        """Send and wait for the final answer, repeating as UDP wants (timer T1 = 0.5 s)."""
        branch, text = self._request(method, target, leg, body, extra)
        if method == "INVITE":
            leg.branch = branch
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[branch] = answer
        wait, spent = 0.5, 0.0
        try:
            while True:
                self._send(text)
                try:
                    return await asyncio.wait_for(asyncio.shield(answer), wait if method != "INVITE" else timeout)
                except TimeoutError:
                    spent += wait if method != "INVITE" else timeout
                    wait = min(wait * 2, 4)
                    if spent >= timeout:
                        raise
        finally:
            self._answers.pop(branch, None)

    def _sdp(self, leg: Leg) -> str:
        if leg.rtp is None and self.media:
            leg.rtp = self.media.socket()
        port = leg.rtp.getsockname()[1] if leg.rtp else 9
        return CRLF.join(
            [
                "v=0",
                "o=- 1 1 IN IP4 127.0.0.1",
                "s=-",
                "c=IN IP4 127.0.0.1",
                "t=0 0",
                f"m=audio {port} RTP/AVP 8 101",
                "a=rtpmap:8 PCMA/8000",
                "a=rtpmap:101 telephone-event/8000",
                "a=ptime:20",
                "a=sendrecv",
                "",
            ]
        )

    def _media_up(self, leg: Leg, sdp: str) -> None:
        port = re.search(r"m=audio (\d+)", sdp)
        host = re.search(r"c=IN IP4 (\S+)", sdp)
        if self.media and self.speaks and leg.rtp and port and host and not leg.stream:
            leg.stream = self.media.start(leg.rtp, (host.group(1), int(port.group(1))))

    # what a caller does ---
    async def register(self, expires: int = 3600) -> None:
        """Register this contact. Raises RuntimeError when refused."""
        leg = self._new_leg(f"sip:{self.user}@{self.server[0]}")
        uri = f"sip:{self.server[0]}:{self.server[1]}"
        extra = f"Expires: {expires}{CRLF}"
        answer = await self._exchange("REGISTER", uri, leg, extra=extra)
        if answer.status == 401:
            p = {k: a or b for k, a, b in _PARAM.findall(answer.get("www-authenticate"))}
            digest = lambda s: hashlib.md5(s.encode()).hexdigest()  # noqa: E731 - RFC 2617 asks for MD5
            a1 = digest(f"{self.user}:{p['realm']}:{self.password}")
            cnonce = secrets.token_hex(4)
            response = digest(f"{a1}:{p['nonce']}:00000001:{cnonce}:auth:" + digest(f"REGISTER:{uri}"))
            extra += (
                f'Authorization: Digest username="{self.user}", realm="{p["realm"]}", nonce="{p["nonce"]}", '
                f'uri="{uri}", '
                f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="{cnonce}"'
                + (f', opaque="{p["opaque"]}"' if "opaque" in p else "")
                + CRLF
            )
            answer = await self._exchange("REGISTER", uri, leg, extra=extra)
        if answer.status != 200:
            raise RuntimeError(f"{self.user} was not registered: {answer.start}")

    def _new_leg(self, remote: str) -> Leg:
        return Leg(
            secrets.token_hex(12), f"<sip:{self.user}@127.0.0.1>;tag={secrets.token_hex(5)}", f"<{remote}>", remote
        )

    async def call(self, number: str) -> Leg:
        """Ring ``number``; returns when answered (``leg.answered``) or refused (``leg.failed``)."""
        target = f"sip:{number}@{self.server[0]}:{self.server[1]}"
        leg = self._new_leg(target)
        self.legs[leg.call_id] = leg
        self.history.append(leg)
        leg.invited = time.monotonic()
        try:
            answer = await self._exchange("INVITE", target, leg, self._sdp(leg))
        except TimeoutError:
            leg.failed = 408
            self._finish(leg, "us")
            return leg
        leg.remote = answer.get("to")
        if answer.status >= 300:
            leg.failed = answer.status
            self._send(self._request("ACK", target, leg)[1])
            self._finish(leg, "them")
            return leg
        leg.answered = time.monotonic()
        leg.target = re.sub(r"^.*<([^>]+)>.*$", r"\1", answer.get("contact"))
        self._send(self._request("ACK", leg.target, leg)[1])
        self._media_up(leg, answer.body)
        leg.up.set()
        return leg

    def cancel(self, leg: Leg) -> None:
        """Give up while it rings; the call then fails with 487. Once it is answered nothing happens."""
        if leg.branch and not leg.answered and not leg.ended:
            self._send(self._request("CANCEL", leg.target, leg)[1])

    async def hang_up(self, leg: Leg) -> None:
        if leg.ended:
            return
        leg.bye_sent = time.monotonic()
        task = self._exchange("BYE", leg.target, leg, timeout=8)
        self._finish(leg, "us")
        try:
            await task
        except TimeoutError:
            leg.failed = 408

    def _finish(self, leg: Leg, by: str) -> None:
        if leg.ended:
            return
        leg.ended, leg.ended_by = time.monotonic(), by
        if leg.stream and self.media:
            self.media.stop(leg.stream)
        if leg.rtp:
            leg.rtp.close()
        self.legs.pop(leg.call_id, None)
        leg.done.set()
        self.on_end(leg)

    # what comes in ---
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        now = time.monotonic()
        message = parse(data)
        if message is None:
            return
        if message.status:
            if message.status >= 200:
                branch = re.search(r"branch=([^;\s]+)", message.get("via"))
                waiting = self._answers.get(branch.group(1)) if branch else None
                if waiting and not waiting.done():
                    waiting.set_result(message)
            return
        method, leg = message.method, self.legs.get(message.get("call-id"))
        if method == "INVITE" and leg is None:
            self._invited(message, now)
        elif method == "INVITE" and leg is not None:
            if leg.answered:  # re-INVITE
                self._respond(message, 200, "OK", leg, self._sdp(leg))
        elif method == "ACK":
            if leg and leg.answered and not leg.up.is_set():
                leg.up.set()
                if self.talk is not None:
                    talk = self.talk * self._random.uniform(1 - self._spread, 1 + self._spread)
                    asyncio.get_running_loop().call_later(talk, lambda: asyncio.ensure_future(self.hang_up(leg)))
        elif method == "CANCEL":
            self._respond(message, 200, "OK", leg)
            if leg and leg.invite and not leg.answered:
                self._respond(leg.invite, 487, "Request Terminated", leg)
                self._finish(leg, "them")
        elif method == "BYE":
            self._respond(message, 200, "OK", leg)
            if leg:
                self._finish(leg, "them")
        else:
            self._respond(message, 200, "OK", leg)

    def _invited(self, message: Message, now: float) -> None:
        leg = Leg(
            message.get("call-id"),
            message.get("to") + f";tag={secrets.token_hex(5)}",
            message.get("from"),
            re.sub(r"^.*<([^>]+)>.*$", r"\1", message.get("contact")),
            invited=now,
            invite=message,
        )
        self.legs[leg.call_id] = leg
        self.history.append(leg)
        self._respond(message, 180, "Ringing", leg)
        self.on_invite(leg)
        if self.ring >= 0:
            asyncio.get_running_loop().call_later(self.ring, self.answer, leg)

    def answer(self, leg: Leg) -> None:
        if leg.ended or leg.answered or leg.invite is None:
            return
        leg.answered = time.monotonic()
        self._respond(leg.invite, 200, "OK", leg, self._sdp(leg))
        self._media_up(leg, leg.invite.body)

    def refuse(self, leg: Leg, status: int = 486) -> None:
        """Do not take that call."""
        if not leg.ended and not leg.answered and leg.invite is not None:
            self._respond(leg.invite, status, "Busy Here", leg)
            self._finish(leg, "us")

    def _respond(self, request: Message, status: int, reason: str, leg: Leg | None, body: str = "") -> None:
        to = leg.local if leg and leg.invite is not None else request.get("to")
        vias = "".join(f"Via: {v}{CRLF}" for v in request.head.get("via", []))
        kind = "Content-Type: application/sdp" + CRLF if body else ""
        self._send(
            f"SIP/2.0 {status} {reason}{CRLF}{vias}From: {request.get('from')}{CRLF}To: {to}{CRLF}"
            f"Call-ID: {request.get('call-id')}{CRLF}CSeq: {request.get('cseq')}{CRLF}Contact: {self._contact()}{CRLF}"
            f"{kind}Content-Length: {len(body)}{CRLF}{CRLF}{body}"
        )
