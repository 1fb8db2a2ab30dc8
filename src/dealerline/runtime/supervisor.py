"""The supervisor: does the jobs, keeps the children alive, and leaves nothing behind.

Rules
- One supervisor to a data folder: it holds a lock on ``run/supervisor.lock``.
- A node starts when all it needs are done (jobs) or healthy (children). A child that dies is started again, the first
  time at once, then with growing pauses; what needs it goes on meanwhile.
- Every child leads a process group of its own and is tied to the supervisor by the kernel, so a killed supervisor takes
  its children along; what slips through is ended by the next start or by ``down``, from ``run/supervisor.json``.
- ``run/supervisor.json`` tells the state of each node at any moment; it is replaced whole.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dealerline.runtime import processes
from dealerline.runtime.account import Account
from dealerline.runtime.logs import LogFile, tail
from dealerline.runtime.nodes import FORGIVEN_SECONDS, Child, Job, Node, back_off, check_plan, stop_waves
from dealerline.runtime.paths import socket_folder, write_file
from dealerline.settings import Settings

_FAST, _SLOW = 0.1, 5.0  # seconds between health checks while starting, and later
_HOPELESS = 4  # deaths in a row before the first health: the start is called off


class AlreadyRunning(RuntimeError):
    """Another supervisor holds this data folder."""


class NotStarted(RuntimeError):
    """A job failed or a child did not become healthy in time; the text says which and shows its last words."""


@dataclass(slots=True)
class NodeState:
    """What ``run/supervisor.json`` says of a node.

    ``state``: ``waiting``, ``working``, ``done``, ``failed`` (jobs); ``waiting``, ``starting``, ``healthy``,
    ``unhealthy``, ``restarting``, ``stopping``, ``stopped`` (children).
    """

    kind: str
    state: str = "waiting"
    since: float = field(default_factory=time.time)
    pid: int = 0
    ticks: int = 0
    restarts: int = 0
    note: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Something to tell whoever watches the start: a node's new state, or words about its progress."""

    node: Node
    state: NodeState
    at: float  # seconds since the supervisor's start


Watcher = Callable[[Report], None]


class Supervisor:
    """Runs a plan. ``environment`` is the children's whole environment, ``code`` their working folder."""

    def __init__(self, settings: Settings, nodes: Sequence[Node], who: Account, environment: dict[str, str], code: Path,
                 watch: Watcher | None = None) -> None:
        check_plan(nodes)
        self.settings = settings
        self.nodes = {node.name: node for node in nodes}
        self.states = {node.name: NodeState("job" if isinstance(node, Job) else "child") for node in nodes}
        self._who = who
        self._environment = environment
        self._code = code
        self._watch = watch
        self._began = time.monotonic()
        self._ready = {name: asyncio.Event() for name in self.nodes}
        self._wanted = dict.fromkeys(self.nodes, True)
        self._wake = {name: asyncio.Event() for name in self.nodes}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: list[asyncio.Task[None]] = []
        self._lock: int | None = None
        self._control: asyncio.Server | None = None

    # life -------------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Start everything; returns when all is done and healthy. Raises AlreadyRunning or NotStarted."""
        self._take_lock()
        end_leftovers(self.settings)
        self._save()
        self._control = await asyncio.start_unix_server(self._serve, control_socket(self.settings))
        for name in self.nodes:
            self._tasks.append(asyncio.create_task(self._drive(name), name=name))
        ready = asyncio.ensure_future(self._all_ready())
        both: set[asyncio.Future[None]] = {ready, self._failure}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._failure.done():
            self._failure.result()

    async def _all_ready(self) -> None:
        for event in self._ready.values():
            await event.wait()

    async def stop(self) -> None:
        """Stop every child in order, those that others stand on last. Safe to call at any moment, also half started."""
        for name in self.nodes:
            self._wanted[name] = False
            self._wake[name].set()
        for task in self._tasks:
            if isinstance(self.nodes[task.get_name()], Job):
                task.cancel()
        for wave in stop_waves(list(self.nodes.values())):
            await asyncio.gather(*(self._stop_child(child) for child in wave))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._control:
            self._control.close()
        self._leave()

    def _leave(self) -> None:
        if self._lock is not None:
            (self.settings.run / "supervisor.json").unlink(missing_ok=True)
            Path(control_socket(self.settings)).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(self.settings.run / "supervisor.lock", flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise AlreadyRunning("another supervisor already runs this data folder") from None
        self._lock = handle

    # one node ---------------------------------------------------------------------------------------------------------
    async def _drive(self, name: str) -> None:
        node = self.nodes[name]
        for need in node.needs:
            await self._ready[need].wait()
        if isinstance(node, Job):
            await self._do(node)
        else:
            await self._keep(node)

    async def _do(self, job: Job) -> None:
        began = time.monotonic()
        self._tell(job, "working")
        try:
            note = await job.work(lambda words: self._tell(job, "working", words))
        except asyncio.CancelledError:
            self._tell(job, "stopped")
            raise
        except Exception as error:  # whatever it was, it is told in words, and the start is called off
            self._tell(job, "failed", str(error) or type(error).__name__)
            self._fail(f"{job.title['en']}: {error}")
            return
        self.states[job.name].seconds = time.monotonic() - began
        self._tell(job, "done", note)
        self._ready[job.name].set()

    async def _keep(self, child: Child) -> None:
        """Start, watch, and start again until nobody wants it."""
        state = self.states[child.name]
        deaths = 0
        while True:
            if not self._wanted[child.name]:
                self._tell(child, "stopped")
                await self._wake[child.name].wait()
                self._wake[child.name].clear()
                deaths = 0
                continue
            began = time.monotonic()
            process = await self._spawn(child)
            watching = asyncio.create_task(self._watch_health(child, process, began))
            code = await process.wait()
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            # Whatever it started itself goes with it, before the next one wants the same ports.
            processes.signal_group(process.pid, signal.SIGKILL)
            self._processes.pop(child.name, None)
            state.pid = state.ticks = 0
            if not self._wanted[child.name]:
                continue
            deaths = 1 if time.monotonic() - began > FORGIVEN_SECONDS else deaths + 1
            state.restarts += 1
            if deaths >= _HOPELESS and not self._ready[child.name].is_set():
                said = "\n    ".join(tail(self.settings.logs / f"{child.name}.log"))
                self._fail(f"{child.title['en']} does not start ({_ending(code)}). It said last:\n    {said}")
            self._tell(child, "restarting", _ending(code))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake[child.name].wait(), back_off(deaths))
            self._wake[child.name].clear()

    async def _spawn(self, child: Child) -> asyncio.subprocess.Process:
        environment = {**self._environment, **child.env, "DEALERLINE_CHILD": child.name}
        tie = processes.tied_to_parent(child.stop_signal)
        as_account = {} if child.as_root else self._who.spawn_arguments()

        def before() -> None:
            tie()
            if child.nice:
                os.nice(child.nice)

        # A pipe of our own: with asyncio's, a child's end is noticed only when its last grandchild has let go of it.
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *child.command, cwd=self._code, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=writing,
                stderr=writing, start_new_session=True, preexec_fn=before, **as_account)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._processes[child.name] = process
        state = self.states[child.name]
        state.pid, state.ticks = process.pid, processes.ticks(process.pid)
        self._tasks.append(asyncio.create_task(_copy(reading, self.settings.logs, child.name), name=child.name))
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tell(child, "starting")
        return process

    async def _watch_health(self, child: Child, process: asyncio.subprocess.Process, began: float) -> None:
        state = self.states[child.name]
        good = time.monotonic()
        healthy = False
        while process.returncode is None:
            wrong = await child.check()
            if not self._wanted[child.name]:
                return  # being stopped: how it feels is nobody's business any more
            now = time.monotonic()
            if not wrong:
                good = now
                if state.state != "healthy":
                    state.seconds = now - began
                    self._tell(child, "healthy")
                    self._ready[child.name].set()
                healthy = True
            elif healthy and state.state == "healthy":
                self._tell(child, "unhealthy", wrong)
            elif not self._ready[child.name].is_set() and now - began > child.start_seconds:
                said = "\n    ".join(tail(self.settings.logs / f"{child.name}.log"))
                self._fail(f"{child.title['en']} did not become healthy in {child.start_seconds:g} s ({wrong}). "
                           f"It said last:\n    {said}")
            if healthy and child.hung_seconds and now - good > child.hung_seconds:
                self._tell(child, "unhealthy", f"hung: {wrong}; killed")
                processes.signal_group(process.pid, signal.SIGKILL)
                return
            await asyncio.sleep(_SLOW if healthy and not wrong else _FAST)

    async def _stop_child(self, child: Child) -> None:
        process = self._processes.get(child.name)
        if process is None:
            return
        if process.returncode is not None:  # died by itself just now: what it started must not outlive it
            processes.signal_group(process.pid, signal.SIGKILL)
            return
        self._tell(child, "stopping")
        with suppress(ProcessLookupError):
            process.send_signal(child.stop_signal)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), child.stop_seconds)
        processes.signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        self._tell(child, "stopped")

    # telling ----------------------------------------------------------------------------------------------------------
    def _tell(self, node: Node, state: str, note: str = "") -> None:
        current = self.states[node.name]
        if current.state != state:
            current.since = time.time()
        current.state, current.note = state, note
        self._save()
        if self._watch:
            self._watch(Report(node, current, time.monotonic() - self._began))

    def _fail(self, why: str) -> None:
        if not self._failure.done():
            self._failure.set_exception(NotStarted(why))

    def _save(self) -> None:
        if self._lock is None:
            return
        me = os.getpid()
        document = {
            "pid": me, "ticks": processes.ticks(me), "boot": _boot(), "origin": self.settings.origin,
            "demo": self.settings.demo, "at": time.time(), "titles": {n.name: n.title for n in self.nodes.values()},
            "nodes": {name: {slot: getattr(state, slot) for slot in NodeState.__slots__}
                      for name, state in self.states.items()}}
        with suppress(OSError):  # a full disk must not stop a child
            write_file(self.settings.run / "supervisor.json", json.dumps(document, ensure_ascii=False), 0o644)

    # control ----------------------------------------------------------------------------------------------------------
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One JSON request a line, {"do": "start" | "stop" | "restart", "name": child}, answered by {"ok", "text"}."""
        try:
            answer = await self._answer(json.loads(await reader.readline()))
        except (ValueError, KeyError, TypeError) as error:
            answer = {"ok": False, "text": f"not understood: {error}"}
        writer.write(json.dumps(answer).encode() + b"\n")
        with suppress(OSError):
            await writer.drain()
        writer.close()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        node = self.nodes.get(request["name"])
        if not isinstance(node, Child):
            return {"ok": False, "text": f"there is no child {request['name']!r}"}
        if request["do"] in ("stop", "restart"):
            self._wanted[node.name] = False
            await self._stop_child(node)
        if request["do"] in ("start", "restart"):
            self._wanted[node.name] = True
        self._wake[node.name].set()
        return {"ok": True, "text": ""}


async def _copy(handle: int, folder: Path, name: str) -> None:
    """A child's words into its log, until nobody holds the other end of the pipe."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(handle, "rb", buffering=0))
    log = LogFile(folder, name)
    try:
        while data := await stream.read(65536):
            log.feed(data)
    finally:
        transport.close()
        log.close()


def _ending(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"ended by {signal.Signals(-code).name}"
    return f"ended with {code}"


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


# from outside ---------------------------------------------------------------------------------------------------------
def control_socket(settings: Settings) -> str:
    return str(socket_folder(settings.run) / "supervisor.sock")


def ask(settings: Settings, what: str, name: str, timeout: float = 60.0) -> dict[str, Any]:
    """Ask the running supervisor to ``start``, ``stop`` or ``restart`` a child; its answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        client.connect(control_socket(settings))
        client.sendall(json.dumps({"do": what, "name": name}).encode() + b"\n")
        answer = json.loads(client.makefile("rb").readline())
    return dict(answer)


def read_state(settings: Settings) -> dict[str, Any] | None:
    """What ``run/supervisor.json`` says, or None when there is none of this boot."""
    try:
        document = json.loads((settings.run / "supervisor.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and document.get("boot") == _boot() else None


def running(settings: Settings) -> dict[str, Any] | None:
    """The state when a supervisor really runs, else None."""
    document = read_state(settings)
    return document if document and processes.alive(int(document["pid"]), int(document["ticks"])) else None


def is_ready(settings: Settings, pid: int) -> bool:
    """Whether the supervisor of that process number has everything done and healthy."""
    document = read_state(settings)
    if not document or document["pid"] != pid:
        return False
    return all(node["state"] in ("done", "healthy") for node in document["nodes"].values())


def end_leftovers(settings: Settings) -> list[str]:
    """End what a killed supervisor left behind; the names of the children that were still there."""
    document = read_state(settings)
    if not document or (int(document["pid"]) != os.getpid()
                        and processes.alive(int(document["pid"]), int(document["ticks"]))):
        return []
    left = {}
    for name, state in document["nodes"].items():
        pid, started = int(state["pid"]), int(state["ticks"])
        if not pid:
            continue
        leader = processes.look(pid)
        if leader and leader.ticks != started:
            continue  # the number belongs to somebody else now
        # A process's number is not given away while its group lives, so these are ours.
        if processes.group_members(pid):
            left[name] = pid
    processes.end_groups(left.values())
    return sorted(left)


def stop_running(settings: Settings, seconds: float = 60.0) -> bool:
    """Ask the running supervisor to stop, wait for it, and end what is left; False when none ran."""
    document = running(settings)
    if document:
        pid, started = int(document["pid"]), int(document["ticks"])
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + seconds
        while processes.alive(pid, started) and time.monotonic() < until:
            time.sleep(0.05)
        if processes.alive(pid, started):
            print("the supervisor does not stop: killed", file=sys.stderr)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    left = end_leftovers(settings)
    (settings.run / "supervisor.json").unlink(missing_ok=True)
    return document is not None or bool(left)
