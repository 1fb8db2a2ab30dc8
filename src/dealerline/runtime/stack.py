"""A centre of one's own for tests and benches: any of the children, in a folder and on ports of its own.

    with Stack(folder, children=("asterisk", "carrier")) as stack:
        stack.kill("asterisk")
        stack.wait_healthy("asterisk")

The children run under a real supervisor in a process of its own, exactly as in the product.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from dealerline import settings as settings_module
from dealerline.runtime import processes, supervisor
from dealerline.runtime.logs import tail
from dealerline.runtime.plan import as_toml
from dealerline.settings import CHECKOUT, PORT_FIELDS, PYTHON_PATH, Settings

_RTP_PORTS = 400  # enough for a hundred calls with two legs each


class StackError(RuntimeError):
    """The stack did not start, or a child did not become healthy; with the last words of whoever is to blame."""


def free_ports(count: int) -> list[int]:
    """TCP and UDP ports of loopback that nobody uses now, all different."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found


def free_range(count: int, start: int = 12000, end: int = 32000) -> int:
    """The first of ``count`` neighbouring UDP ports that nobody uses now, below the kernel's own range."""
    for _ in range(200):
        first = random.randrange(start, end - count, 2)
        with ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise StackError("no free range of ports was found")


def private_settings(folder: Path, base: Settings | None = None, **changes: Any) -> Settings:
    """Settings for a centre of its own in ``folder``: free ports, and the cache of the machine's own settings."""
    base = base or settings_module.load()
    ports: dict[str, Any] = dict(zip(PORT_FIELDS, free_ports(len(PORT_FIELDS)), strict=True))
    own, carrier = free_range(_RTP_PORTS), free_range(_RTP_PORTS)
    while abs(own - carrier) < _RTP_PORTS:
        carrier = free_range(_RTP_PORTS)
    fresh = Settings(data=folder, cache=base.cache, user=base.user)
    return replace(fresh, **ports, rtp_start=own, rtp_end=own + _RTP_PORTS - 1, carrier_rtp_start=carrier,
                   carrier_rtp_end=carrier + _RTP_PORTS - 1, **changes)


class Stack:
    """See the module. ``load``: data loaders (management commands) run after the migrations."""

    def __init__(self, folder: Path, *, children: Collection[str], load: Collection[str] = (),
                 settings: Settings | None = None, **changes: Any) -> None:
        self.settings = settings or private_settings(folder, **changes)
        self.children = tuple(children)
        self._load = tuple(load)
        self._process: subprocess.Popen[bytes] | None = None

    # life -------------------------------------------------------------------------------------------------------------
    def start(self, timeout: float = 240) -> Stack:
        """Start and wait until everything is healthy. Raises StackError with the reason."""
        self.settings.data.mkdir(parents=True, exist_ok=True)
        config = self.settings.data / "stack.toml"
        config.write_text(as_toml(self.settings), encoding="utf-8")
        log = self.settings.data / "stack.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dealerline.runtime.serve", "--children", ",".join(self.children),
                 "--load", ",".join(self._load)],
                cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                # Killed tests must not leave a centre running.
                preexec_fn=processes.tied_to_parent(signal.SIGTERM), env=self.environment())
        process = self._process
        _until(lambda: process.poll() is not None or self._all_ready(), timeout,
               lambda: f"the stack did not start in {timeout:g} s: {self._nodes()}")
        if process.poll() is not None:
            raise StackError("the stack did not start:\n" + "\n".join(tail(log, 40)))
        return self

    def stop(self) -> None:
        """Stop everything; leaves no process behind."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        supervisor.end_leftovers(self.settings)

    def __enter__(self) -> Stack:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 where: TracebackType | None) -> None:
        self.stop()

    # children ---------------------------------------------------------------------------------------------------------
    def pid(self, name: str) -> int:
        """The child's process number; 0 while it is not running."""
        return int(self._nodes()[name]["pid"])

    def restarts(self, name: str) -> int:
        return int(self._nodes()[name]["restarts"])

    def state(self, name: str) -> str:
        """See ``dealerline.runtime.supervisor.NodeState``."""
        return str(self._nodes()[name]["state"])

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Kill a child (not its group) and wait until the supervisor noticed; the dead process's number."""
        pid = self.pid(name)
        if not pid:
            raise StackError(f"{name} is not running")
        os.kill(pid, number)
        _until(lambda: self.pid(name) != pid, 20, lambda: f"{name} ({pid}) does not die")
        return pid

    def wait_healthy(self, name: str, timeout: float = 60) -> None:
        _until(lambda: self.state(name) == "healthy", timeout, lambda: self._blame(name, timeout))

    def halt(self, name: str) -> None:
        """Stop a child and keep it stopped, until ``resume``: the database is away for a minute, say."""
        self._ask("stop", name)

    def resume(self, name: str, timeout: float = 60) -> None:
        self._ask("start", name)
        self.wait_healthy(name, timeout)

    def restart(self, name: str, timeout: float = 60) -> None:
        self._ask("restart", name)
        self.wait_healthy(name, timeout)

    def log(self, name: str, count: int = 40) -> list[str]:
        """The last lines a child wrote."""
        return tail(self.settings.logs / f"{name}.log", count)

    def environment(self) -> dict[str, str]:
        """What a process needs to find this stack: a command-line tool, a client, ``manage``."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DEALERLINE_") and k != "DATABASE_URL"}
        return kept | {"DEALERLINE_CONFIG": str(self.settings.data / "stack.toml"),
                       "DEALERLINE_DATA": str(self.settings.data), "DEALERLINE_CACHE": str(self.settings.cache),
                       "PYTHONPATH": PYTHON_PATH}

    # inside -----------------------------------------------------------------------------------------------------------
    def _nodes(self) -> dict[str, dict[str, Any]]:
        document = supervisor.read_state(self.settings)
        return document["nodes"] if document else {}

    def _all_ready(self) -> bool:
        return self._process is not None and supervisor.is_ready(self.settings, self._process.pid)

    def _blame(self, name: str, timeout: float) -> str:
        node = self._nodes().get(name, {})
        said = "\n    ".join(self.log(name, 15))
        return f"{name} did not become healthy in {timeout:g} s ({node.get('state')}: {node.get('note')}):\n    {said}"

    def _ask(self, what: str, name: str) -> None:
        answer = supervisor.ask(self.settings, what, name)
        if not answer["ok"]:
            raise StackError(str(answer["text"]))


def _until(predicate: Callable[[], bool], timeout: float, blame: Callable[[], str]) -> None:
    end = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > end:
            raise StackError(blame())
        time.sleep(0.02)
