"""Whether a child does its work, asked the way its clients would. Standard library only: asked all the time."""

from __future__ import annotations

import asyncio
import base64
import ssl
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

Check = Callable[[], Coroutine[Any, Any, str]]
"""Answers "" when all is well, else what is wrong in a few words. Never raises."""


async def always() -> str:
    """For children that cannot be asked: alive is enough."""
    return ""


def guarded(check: Check, seconds: float = 3.0) -> Check:
    """``check`` with a time limit, and errors as words."""

    async def asked() -> str:
        try:
            async with asyncio.timeout(seconds):
                return await check()
        except TimeoutError:
            return f"no answer within {seconds:g} s"
        except (OSError, ValueError, EOFError) as error:
            return str(error) or type(error).__name__

    return asked


def http(port: int, path: str, *, user: str = "", password: str = "", tls: bool = False, host: str = "127.0.0.1",
         accept: tuple[int, ...] = (200,)) -> Check:
    """A GET that must answer with one of ``accept``."""
    headers = [f"GET {path} HTTP/1.0", "Host: localhost", "Connection: close"]
    if user:
        headers.append("Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    request = ("\r\n".join(headers) + "\r\n\r\n").encode()
    context: ssl.SSLContext | None = None
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # asked on loopback, about life and not about identity

    async def check() -> str:
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        try:
            writer.write(request)
            await writer.drain()
            line = (await reader.readline()).decode("ascii", "replace").split()
            if len(line) < 2 or not line[1].isdigit():
                return "not HTTP"
            return "" if int(line[1]) in accept else f"HTTP {line[1]}"
        finally:
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    return guarded(check)


def postgres(port: int, user: str, database: str, host: str = "127.0.0.1") -> Check:
    """Whether the server takes connections: it asks for the password (``R``) instead of answering ``starting up``."""
    body = struct.pack("!I", 196608) + b"".join(
        part.encode() + b"\0" for part in ("user", user, "database", database)) + b"\0"
    packet = struct.pack("!I", len(body) + 4) + body

    async def check() -> str:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(packet)
            await writer.drain()
            kind = await reader.readexactly(1)
            return "" if kind == b"R" else "starting up"
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    return guarded(check)
