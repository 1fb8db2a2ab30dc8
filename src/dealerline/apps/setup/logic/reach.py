"""Is there a SIP carrier at that address? Asked with one OPTIONS request, answered in words.

OPTIONS needs no account: a SIP server answers it with 200, or refuses it (401, 403, 404, 405...), and either proves
that it is there and speaks SIP. No answer proves little over UDP: some carriers answer only addresses they know,
which the text says.
"""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass

from dealerline.apps.common.errors import Text

TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Reach:
    """``ok``: True there, False certainly not there, None unknown."""

    ok: bool | None
    text: Text


def options_request(host: str, port: int, transport: str, own: tuple[str, int]) -> bytes:
    """A SIP OPTIONS request (RFC 3261, 11) from ``own`` (address, port) to the server."""
    name = f"[{own[0]}]" if ":" in own[0] else own[0]
    return (
        f"OPTIONS sip:{host}:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport.upper()} {name}:{own[1]};rport;branch=z9hG4bK{secrets.token_hex(8)}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:dealerline@{name}>;tag={secrets.token_hex(4)}\r\nTo: <sip:{host}>\r\n"
        f"Call-ID: {secrets.token_hex(12)}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:dealerline@{name}:{own[1]}>\r\n"
        f"Accept: application/sdp\r\nUser-Agent: Dealerline\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def status_of(answer: bytes) -> int | None:
    """The status code of a SIP answer, or None when it is none."""
    first = answer.split(b"\r\n", 1)[0].split(b" ")
    if len(first) >= 2 and first[0] == b"SIP/2.0" and first[1].isdigit():
        return int(first[1])
    return None


def _text(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


def _exchange(host: str, port: int, transport: str) -> bytes:
    """Send the request, wait for whatever comes first. Raises OSError."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
    with socket.socket(family, kind) as line:
        line.settimeout(TIMEOUT)
        line.connect(address)
        line.sendall(options_request(host, port, transport, line.getsockname()[:2]))
        return line.recv(4096)


def ask(host: str, port: int, transport: str) -> Reach:
    """Ask the server at ``host``; takes at most about TIMEOUT seconds. Never raises."""
    try:
        status = status_of(_exchange(host, port, transport))
    except (OSError, UnicodeError) as error:
        return _trouble(error, host, port, transport)
    if status is None:
        zh = f"{host}:{port} 有应答，但不是 SIP：请检查端口。"
        en = f"Something answers at {host}:{port}, but it does not speak SIP: check the port."
        return Reach(False, _text(zh, en))
    zh = f"运营商服务器 {host}:{port} 已应答（{status}）。"
    return Reach(True, _text(zh, f"The carrier's server {host}:{port} answers ({status})."))


def _trouble(error: OSError | UnicodeError, host: str, port: int, transport: str) -> Reach:
    """What went wrong, and what to change."""
    if isinstance(error, socket.gaierror | UnicodeError):
        zh = f"找不到主机 {host}：请检查拼写，或改填 IP 地址。"
        return Reach(False, _text(zh, f"There is no host {host}: check the spelling, or give its IP address."))
    if isinstance(error, TimeoutError) and transport == "udp":
        zh = f"{host}:{port} 没有应答。有些运营商只应答已备案的地址，可以先保存，再打电话确认；"
        en = f"{host}:{port} does not answer. Some carriers answer only addresses they know: save it and ring; "
        more = ("否则请检查地址、端口和防火墙。", "otherwise check address, port and firewall.")
        return Reach(None, _text(zh + more[0], en + more[1]))
    if isinstance(error, TimeoutError):
        zh = f"{host}:{port} 没有响应：请检查地址、端口和防火墙。"
        return Reach(False, _text(zh, f"{host}:{port} does not answer: check address, port and firewall."))
    if isinstance(error, ConnectionRefusedError):
        zh = f"{host} 在线，但端口 {port} 没有服务：请检查端口和传输协议。"
        en = f"{host} is there, but nothing listens on port {port}: check port and transport."
        return Reach(False, _text(zh, en))
    zh = f"无法到达 {host}:{port}（{error.strerror}）：请检查网络。"
    return Reach(False, _text(zh, f"{host}:{port} cannot be reached ({error.strerror}): check the network."))
