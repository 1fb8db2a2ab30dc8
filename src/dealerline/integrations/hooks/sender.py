"""One call to an address that somebody entered: signed, short, and never to a machine inside the house.

The rule of the file: the address that was looked at is the one that is called. A name is resolved once, every answer
must be outside, and the connection goes to that very number; redirections are not followed. Whoever needs a machine
inside says so in the settings (``hooks_inside``).
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

TIMEOUT_SECONDS = 10.0
MOST_ANSWER = 4096
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class HookError(Exception):
    """The address may not be called, or could not be. ``code`` for programs; words for people."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    milliseconds: int

    @property
    def taken(self) -> bool:
        """Whether the other side has it."""
        return 200 <= self.status < 300


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """``sha256=`` and the HMAC-SHA256 of ``timestamp.body`` in hex."""
    return "sha256=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def check_address(url: str) -> SplitResult:
    """The parts of an address that can be called at all. Raises HookError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise HookError("url", "网址不正确。", "This is no address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise HookError("url", "网址应以 https:// 开头。", "The address begins with https://.")
    if parts.username or parts.password:
        raise HookError("url", "网址里不能有用户名和密码。", "The address may not hold a user name or password.")
    return parts


def inside(address: Address) -> bool:
    """Whether it is a machine of the house, of this one, or nowhere."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return inside(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in _NAT64:
            return True  # they carry an IPv4 address that would have to be looked at; nobody needs them here
    return not address.is_global or address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def allowed(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The setting ``hooks_inside``: addresses and networks, comma separated. ValueError when it is not."""
    return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]


def resolve(host: str, port: int, inside_allowed: str) -> list[str]:
    """The numbers to call, the best first. Raises HookError when one is inside, or there is none."""
    try:
        found = list(dict.fromkeys(
            str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    except (OSError, UnicodeError) as error:
        raise HookError("unknown_host", "找不到这个主机名。", "There is no such host.") from error
    networks = allowed(inside_allowed)
    for text in found:
        address = ipaddress.ip_address(text)
        if inside(address) and not any(address in network for network in networks):
            raise HookError("inside", "网址指向内部网络，为安全起见不予调用；确有需要时在设置 hooks_inside 中放行。",
                            "The address is inside the house, and is not called for safety; if it has to be, allow it "
                            "in the setting hooks_inside.")
    return found


def _connected(found: Sequence[str], port: int, until: float) -> socket.socket:
    """The first that can be reached: a machine without IPv6 knows of addresses that it cannot call."""
    for left, number in zip(range(len(found) - 1, -1, -1), found, strict=True):
        try:
            return socket.create_connection((number, port), timeout=max(0.1, until - time.monotonic()) / (left + 1))
        except OSError:
            if not left:
                raise
    raise OSError("no address")


def send(url: str, body: bytes, headers: Mapping[str, str], inside_allowed: str = "") -> Answer:
    """POST ``body``. Raises HookError when nobody answered."""
    parts = check_address(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = resolve(host, port, inside_allowed)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    began = time.monotonic()
    guard, watch = None, None
    try:
        plain = _connected(found, port, began + TIMEOUT_SECONDS)
        plain.settimeout(TIMEOUT_SECONDS)
        # That is from sign to sign only: who sends one every nine seconds is hung up on after all of the time.
        guard = plain.dup()
        watch = threading.Timer(began + TIMEOUT_SECONDS - time.monotonic(), _hang_up, [guard])
        watch.start()
        connection.sock = plain
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        answer.read(MOST_ANSWER)
        return Answer(answer.status, round((time.monotonic() - began) * 1000))
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() - began >= TIMEOUT_SECONDS:
            raise HookError("slow", f"{TIMEOUT_SECONDS:.0f} 秒内没有答复。",
                            f"No answer within {TIMEOUT_SECONDS:.0f} seconds.") from error
        raise HookError("no_answer", f"无法连接：{type(error).__name__}。",
                        f"No connection: {type(error).__name__}.") from error
    finally:
        if watch is not None and guard is not None:
            watch.cancel()
            guard.close()
        connection.close()


def _hang_up(guard: socket.socket) -> None:
    """What another thread reads from it ends."""
    with suppress(OSError):
        guard.shutdown(socket.SHUT_RDWR)
