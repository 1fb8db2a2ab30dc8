"""What the first run says about carriers' servers that are there, silent, closed or something else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dealerline.apps.setup.logic import reach


@contextmanager
def server(kind: socket.SocketKind, answer: bytes) -> Iterator[int]:
    """Answers one request with ``answer`` (b"": keeps silent); its port."""
    with socket.socket(socket.AF_INET, kind) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(10)
        if kind is socket.SOCK_STREAM:
            line.listen(1)

        def serve() -> None:
            if kind is socket.SOCK_STREAM:
                other, _ = line.accept()
                with other:
                    other.recv(4096)
                    other.sendall(answer)
            else:
                _, sender = line.recvfrom(4096)
                if answer:
                    line.sendto(answer, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        yield line.getsockname()[1]
        thread.join()


def test_a_server_that_refuses_strangers_is_there_all_the_same() -> None:
    for kind, transport in ((socket.SOCK_DGRAM, "udp"), (socket.SOCK_STREAM, "tcp")):
        with server(kind, b"SIP/2.0 403 Forbidden\r\n\r\n") as port:
            found = reach.ask("127.0.0.1", port, transport)
        assert found.ok is True
        assert "403" in found.text["zh"] and "403" in found.text["en"]


def test_something_else_on_the_port_is_told_as_such() -> None:
    with server(socket.SOCK_STREAM, b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        found = reach.ask("127.0.0.1", port, "tcp")
    assert found.ok is False
    assert "does not speak SIP" in found.text["en"]


def test_silence_over_udp_is_no_verdict() -> None:
    with server(socket.SOCK_DGRAM, b"") as port:
        found = reach.ask("127.0.0.1", port, "udp")
    assert found.ok is None
    assert "only addresses they know" in found.text["en"]


def test_a_closed_port_and_an_unknown_name_say_what_to_check() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "nothing listens" in reach.ask("127.0.0.1", port, "tcp").text["en"]
    unknown = reach.ask("sip.nowhere.invalid", 5060, "udp")
    assert unknown.ok is False
    assert "spelling" in unknown.text["en"]
