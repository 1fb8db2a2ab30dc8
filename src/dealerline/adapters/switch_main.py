"""Puts the switch together: settings, files, Asterisk, engine, door. The only place that knows all of them.

Order of a start: the open book is read back, the door opens, Asterisk is connected; SIP accounts are pushed, what
lives is taken up; from then on ``/health`` says 200.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

import dealerline
from dealerline import settings as settings_module
from dealerline.adapters.board_file import BoardFile
from dealerline.adapters.callers_socket import SocketCallers
from dealerline.adapters.directory_file import FileDirectory
from dealerline.adapters.journal_spool import SpoolJournal
from dealerline.adapters.kept_file import KeptFile
from dealerline.adapters.seats_file import SeatsFile
from dealerline.settings import Settings, SettingsError
from dealerline.switch import texts
from dealerline.switch.ari_media import AriMedia
from dealerline.switch.desk_server import DeskServer
from dealerline.switch.desks import Desks
from dealerline.switch.engine import Engine
from dealerline.switch.media import Event
from dealerline.switch.model import Refused
from dealerline.switch.ports import Timer
from dealerline.switch.provision import Provisioner

log = logging.getLogger("dealerline.switch")

LAG_EVERY = 0.1


class LoopClock:
    """The machine's clock and the event loop's timers."""

    def now(self) -> float:
        return time.time()

    def later(self, seconds: float, what: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, what)


class Switch:
    """The whole process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.directory = FileDirectory(settings.run / "directory.json")
        self.directory.look()
        self.journal = SpoolJournal(settings.spool, settings.run / "journal-open.json", self._journal_trouble)
        self.callers = SocketCallers(settings.run)
        self.media = AriMedia(*_asterisk(settings), self._event)
        self.engine = Engine(
            LoopClock(),
            self.directory,
            self.journal,
            self.media,
            recordings=settings.recordings,
            min_free_mb=settings.min_free_mb,
            callers=self.callers,
            promises=KeptFile(settings.run / "callbacks.json"),
        )
        self.engine.resumer.book = self.journal.read_back()
        self.engine.resumer.version = getattr(dealerline, "__version__", "0.1.0")
        self.desks = Desks(self.engine, settings.secret("desk"), settings.secret("sip"), settings.timezone)
        self.board = BoardFile(settings.run / "board.json", self.desks.boards)
        self.seats = SeatsFile(settings.run / "agents.json", self.engine)
        self.provisioner = Provisioner(self.media.ari, settings.secret("sip"))
        self.server = DeskServer(self.desks, settings.secret("internal"), lambda: self.engine.core.media_here)
        self.server.actions.update(test_call=self._test_call, provision=self._provision_now)
        self.server.actions.update(callback_cancel=self._cancel_callback, notice=self._notice, dial_for=self._dial_for)
        self.server.actions.update(changed=self._record_changed, signed_out=self._signed_out)
        self.media.before_back = self._before_back
        self.directory.subscribe(lambda snapshot: self._provision_soon())
        self._tasks: set[asyncio.Task[Any]] = set()

    # wiring
    # -------------------------------------------------------------------------------------------------------------
    def _event(self, event: Event) -> None:
        self.engine.handle(event)

    def _journal_trouble(self, text: str) -> None:
        self.engine.core.alarm("journal", bool(text))

    async def _before_back(self, fresh: bool) -> None:
        """SIP accounts before anything else: whoever calls or registers must find them."""
        if not self.engine.core.media_here:
            self.provisioner.forget()
        try:
            await self.provisioner.apply(self.directory.snapshot())
            await self.media.ari.hear()
        except Exception:
            log.exception("SIP accounts could not be pushed; the next change or connection tries again")

    def _provision_soon(self) -> None:
        if self.engine.core.media_here:
            self.spawn(self._before_back(False))

    async def _provision_now(self, data: dict[str, Any]) -> dict[str, Any]:
        report = await self.provisioner.apply(self.directory.snapshot())
        return {"report": str(report)}

    async def _test_call(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ring a person's own browser, which answers by itself, so that he hears himself (the set-up's last step)."""
        seat = self.engine.core.seats.get(int(data.get("person", 0)))
        if seat is None or seat.desk is None:
            raise Refused("hello_first")
        return self.engine.core.ask(lambda: {"call": self.engine.outside.test(seat).id})

    async def _cancel_callback(self, data: dict[str, Any]) -> dict[str, Any]:
        """Somebody who may do so takes a promised call-back back."""
        promise, by = str(data.get("callback", "")), int(data.get("person", 0))
        return self.engine.core.ask(lambda: {"cancelled": self.engine.callbacks.cancel(promise, by)})

    async def _notice(self, data: dict[str, Any]) -> dict[str, Any]:
        """What people have to know, told on every page of theirs: ``people`` (ids), ``text`` (zh, en), ``kind``."""
        text = {language: str(data["text"][language])[:200] for language in ("zh", "en")}
        people, kind = [int(person) for person in data["people"]], str(data.get("kind", "info"))
        for person in people:
            self.desks.tell_person(person, text, kind)
        return {}

    async def _record_changed(self, data: dict[str, Any]) -> dict[str, Any]:
        """A record was changed in the web: pages of who may see it (``needs`` in ``store``) are told, and read it anew.
        """
        customer, by = data.get("customer"), data.get("by")
        self.desks.tell_changed(str(data["needs"]), int(data["store"]), {
            "type": "record.changed", "kind": str(data["kind"])[:40], "id": str(data["id"])[:64],
            "customer": None if customer is None else int(customer), "by": None if by is None else int(by)})
        return {}

    async def _signed_out(self, data: dict[str, Any]) -> dict[str, Any]:
        """Somebody signed out in the browser whose tickets had this ``session``."""
        if session := str(data["session"]):
            self.desks.signed_out(session)
        return {}

    async def _dial_for(self, data: dict[str, Any]) -> dict[str, Any]:
        """Dial a number at a person's desk, who may not see it: ``person``, ``number``, ``line`` (0: his own).

        Lists of what there is to do ask for it. ``purpose``: what he is rung for; the web has found that he may be.
        """
        seat = self.engine.core.seats.get(int(data.get("person", 0)))
        try:
            if seat is None or seat.desk is None:
                raise Refused("hello_first")
            number, line = str(data.get("number", "")), int(data.get("line", 0))
            purpose = str(data.get("purpose", "service"))
            return self.engine.core.ask(lambda: {"call": self.engine.outside.dial(seat, number, line, purpose).id})
        except Refused as error:
            return {"code": error.code, "text": texts.error(error.code)}

    # life
    # ---------------------------------------------------------------------------------------------------------------
    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lag(self) -> None:
        """How late the loop runs: what a call would wait for nothing."""
        while True:
            wanted = time.perf_counter() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            self.engine.core.metrics.lag.add(max(0.0, time.perf_counter() - wanted))

    async def _watch_directory(self) -> None:
        while True:
            self.directory.look()
            self.engine.core.alarm("directory", bool(self.directory.problem) and self.directory.problem != "missing")
            await asyncio.sleep(0.25)

    async def run(self) -> None:
        """Until told to stop."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        for folder in (self.settings.recordings / "raw", self.settings.recordings / "voicemail"):
            folder.mkdir(parents=True, exist_ok=True)
        runner = web.AppRunner(self.server.application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.settings.switch_port).start()
        self.board.restore(self.journal.newest)  # before the first fact of this switch begins a new segment
        self.engine.core.run(self.seats.restore)
        self.media.start()
        self.engine.reconciler.start()
        self.seats.start()
        self.board.start()
        for work in (self.journal.run(), self._watch_directory(), self._lag(), self.callers.run()):
            self.spawn(work)
        # What is there now stays: the collector need not look at it again, and its pauses stay short.
        gc.collect()
        gc.freeze()
        log.info("the switch is up on port %s", self.settings.switch_port)
        await stop.wait()
        self.seats.save()
        self.board.save()
        await self.media.close()
        await runner.cleanup()
        for task in list(self._tasks):
            task.cancel()
        self.journal.close()


def _asterisk(settings: Settings) -> tuple[str, str, str, tuple[str, int, str, str]]:
    """Where Asterisk is, and how we sign in there."""
    url = settings.asterisk_url or f"http://127.0.0.1:{settings.asterisk_http_port}"
    host, _, port = (settings.ami_address or f"{urlsplit(url).hostname}:{settings.ami_port}").rpartition(":")
    ari = settings.asterisk_password or settings.secret("ari")
    ami = settings.asterisk_password or settings.secret("ami")
    return url, settings.asterisk_user, ari, (host, int(port), settings.asterisk_user, ami)


class JsonLines(logging.Formatter):
    """One JSON object a line, for the supervisor's log files."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": round(record.created, 3),
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


async def _serve(settings: Settings) -> None:
    await Switch(settings).run()


def main() -> int:
    """Run the switch. 2 when a setting or secret is missing."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    try:
        settings = settings_module.load()
        logging.basicConfig(level=settings.log_level, handlers=[handler])
        Path(settings.run).mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve(settings))
    except SettingsError as error:
        logging.basicConfig(handlers=[handler])
        log.error("%s", error)
        return 2
    return 0
