"""One telephone call by hand: SIP over UDP with digest, G.711 A-law over RTP. For the doctor's test call.

Small on purpose: no registration, no retransmission beyond the INVITE, one call at a time. The other side is our own
Asterisk on the same machine; what is proved is that its SIP port, its RTP ports and its audio really work, both ways.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
import secrets
import select
import socket
import struct
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RATE = 8000  # samples a second
FRAME = 160  # samples a packet, 20 ms
_ALAW = 8  # RTP payload type


class CallError(RuntimeError):
    """The call did not come about; the text says at which step."""


# sound ----------------------------------------------------------------------------------------------------------------
def tone(hertz: float, seconds: float) -> NDArray[np.float64]:
    """A sine at a quarter of full scale, values -1 to 1."""
    return 0.25 * np.sin(2 * math.pi * hertz * np.arange(int(RATE * seconds)) / RATE)


def level(sound: NDArray[np.float64], hertz: float) -> float:
    """How loud one frequency is in a sound: dB of full scale; -120 in silence."""
    if len(sound) < FRAME:
        return -120.0
    turned = np.exp(-2j * math.pi * hertz * np.arange(len(sound)) / RATE)
    amplitude = 2 * abs(np.dot(sound, turned)) / len(sound)
    return max(-120.0, 20 * math.log10(max(amplitude, 1e-6)))


def to_alaw(sound: NDArray[np.float64]) -> bytes:
    """G.711 A-law (ITU-T G.711, table 1a), even bits inverted."""
    pcm = np.clip(sound * 32767, -32768, 32767).astype(np.int32)
    sign = np.where(pcm >= 0, 0x80, 0)
    size = np.where(pcm >= 0, pcm, -pcm - 1) >> 3
    segment = np.zeros_like(size)
    for bound in (0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800):
        segment += size >= bound
    mantissa = np.where(segment < 2, size >> 1, size >> np.maximum(segment, 1)) & 0x0F
    code: NDArray[np.uint8] = ((sign | segment << 4 | mantissa) ^ 0x55).astype(np.uint8)
    return code.tobytes()


def from_alaw(data: bytes) -> NDArray[np.float64]:
    code = np.frombuffer(data, dtype=np.uint8).astype(np.int32) ^ 0x55
    segment, mantissa = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(segment == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, size, -size) / 32768.0


# call -----------------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Answer:
    """A SIP response, as far as we read it."""

    status: int
    reason: str
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class Caller:
    """A caller at ``127.0.0.1`` who may sign in as ``user``."""

    server: tuple[str, int]
    user: str
    password: str
    timeout: float = 5.0
    _sip: socket.socket = field(init=False)
    _rtp: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for endpoint in (self._sip, self._rtp):
            endpoint.bind(("127.0.0.1", 0))

    def close(self) -> None:
        self._sip.close()
        self._rtp.close()

    def echo(self, number: str, hertz: float, seconds: float) -> NDArray[np.float64]:
        """Call a number, send a tone, hang up; what was heard meanwhile. Raises CallError."""
        call = _Call(number, self.user, self.server, self._sip.getsockname(), secrets.token_hex(8))
        answer = self._invite(call)
        try:
            return self._talk(_media(answer), tone(hertz, seconds))
        finally:
            self._sip.sendto(call.request("BYE", call.cseq + 1, to=answer.headers.get("to", "")), self.server)
            self._receive(call, "BYE")

    def _invite(self, call: _Call) -> Answer:
        sdp = call.offer(self._rtp.getsockname()[1])
        answer = self._once(call, sdp, "")
        if answer.status in (401, 407):
            answer = self._once(call, sdp, _authorization(answer, self.user, self.password, call.uri))
        if answer.status != 200:
            raise CallError(f"the call was refused: {answer.status} {answer.reason}")
        return answer

    def _once(self, call: _Call, sdp: str, authorization: str) -> Answer:
        """One INVITE, its final answer, its ACK."""
        call.cseq += 1
        packet = call.request("INVITE", call.cseq, body=sdp, authorization=authorization)
        self._sip.sendto(packet, self.server)
        answer = self._receive(call, "INVITE", again=packet)
        if answer is None:
            raise CallError(f"no answer to the INVITE from {self.server[0]}:{self.server[1]}")
        self._sip.sendto(call.request("ACK", call.cseq, to=answer.headers.get("to", "")), self.server)
        return answer

    def _receive(self, call: _Call, method: str, again: bytes = b"") -> Answer | None:
        """The final response to the present request; the request is repeated once a second until something comes."""
        end = time.monotonic() + self.timeout
        heard = False
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._sip], [], [], min(1.0, left))[0]:
                if again and not heard:
                    self._sip.sendto(again, self.server)
                continue
            try:
                answer = _parse(self._sip.recv(65535).decode("utf-8", "replace"))
            except (ValueError, ConnectionRefusedError):
                continue
            if answer and answer.headers.get("call-id") == call.identity and method in answer.headers.get("cseq", ""):
                heard = True
                if answer.status >= 200:
                    return answer
        return None

    def _talk(self, peer: tuple[str, int], sound: NDArray[np.float64]) -> NDArray[np.float64]:
        data = to_alaw(sound)
        heard: list[bytes] = []
        sequence, source = random.randrange(30000), random.randrange(1 << 32)
        began = time.monotonic()
        for index in range(len(data) // FRAME):
            header = struct.pack("!BBHII", 0x80, _ALAW, sequence + index & 0xFFFF, index * FRAME, source)
            self._rtp.sendto(header + data[index * FRAME:(index + 1) * FRAME], peer)
            while (wait := began + (index + 1) * FRAME / RATE - time.monotonic()) > 0:
                if select.select([self._rtp], [], [], wait)[0]:
                    packet = self._rtp.recv(2048)
                    if len(packet) > 12 and packet[1] & 0x7F == _ALAW:
                        heard.append(packet[12:])
        return from_alaw(b"".join(heard)) if heard else np.zeros(0)


@dataclass(slots=True)
class _Call:
    number: str
    user: str
    server: tuple[str, int]
    local: tuple[str, int]
    identity: str
    cseq: int = 0
    tag: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def uri(self) -> str:
        return f"sip:{self.number}@{self.server[0]}:{self.server[1]}"

    def offer(self, port: int) -> str:
        return (f"v=0\r\no=- 1 1 IN IP4 {self.local[0]}\r\ns=-\r\nc=IN IP4 {self.local[0]}\r\nt=0 0\r\n"
                f"m=audio {port} RTP/AVP {_ALAW}\r\na=rtpmap:{_ALAW} PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n")

    def request(self, method: str, cseq: int, *, to: str = "", body: str = "", authorization: str = "") -> bytes:
        here = f"{self.local[0]}:{self.local[1]}"
        lines = [
            f"{method} {self.uri} SIP/2.0", f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 10", f"From: <sip:{self.user}@{here}>;tag={self.tag}", f"To: {to or f'<{self.uri}>'}",
            f"Call-ID: {self.identity}", f"CSeq: {cseq} {method}", f"Contact: <sip:{self.user}@{here}>"]
        if authorization:
            lines.append(authorization)
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _parse(text: str) -> Answer | None:
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    match = re.match(r"SIP/2\.0 (\d{3}) ?(.*)", first)
    if not match:
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return Answer(int(match.group(1)), match.group(2), headers, body)


def _authorization(answer: Answer, user: str, password: str, uri: str) -> str:
    """Digest with MD5 (RFC 2617), which is what a SIP challenge asks for."""
    proxy = answer.status == 407
    challenge = answer.headers.get("proxy-authenticate" if proxy else "www-authenticate", "")
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    count, client = "00000001", secrets.token_hex(8)
    first = md5(f"{user}:{given.get('realm', '')}:{password}")
    response = md5(f"{first}:{given.get('nonce', '')}:{count}:{client}:auth:{md5(f'INVITE:{uri}')}")
    opaque = f', opaque="{given["opaque"]}"' if "opaque" in given else ""
    return (f'{"Proxy-" if proxy else ""}Authorization: Digest username="{user}", realm="{given.get("realm", "")}", '
            f'nonce="{given.get("nonce", "")}", uri="{uri}", response="{response}", algorithm=MD5, qop=auth, '
            f'nc={count}, cnonce="{client}"{opaque}')


def _media(answer: Answer) -> tuple[str, int]:
    """Where the other side wants its sound. Raises CallError when it did not say."""
    address = re.search(r"^c=IN IP4 (\S+)", answer.body, re.M)
    port = re.search(r"^m=audio (\d+)", answer.body, re.M)
    if not address or not port or port.group(1) == "0":
        raise CallError("the answer offers no sound")
    return address.group(1), int(port.group(1))
