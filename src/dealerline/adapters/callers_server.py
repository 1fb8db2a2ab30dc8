"""Tells the switch who a caller is: the records' side of the socket, a thread of the scribe's.

The rule of the file: whatever goes wrong is answered with null, and a question whose asker no longer waits is not
looked up at all. No number and nothing that was keyed reaches a log. The questions and answers are told in
``callers_socket.py``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from dealerline.adapters.callers_socket import NAME, address
from dealerline.apps.routing.facade import identified, who_is

log = logging.getLogger(__name__)

LONGEST_LINE = 4096


class CallersServer:
    """Serves until ``stop`` is set."""

    def __init__(self, folder: Path, stop: threading.Event) -> None:
        self._folder = folder
        self._stop = stop
        self._troubled = False
        self.answered = 0

    def run(self) -> None:
        """Take connections, each with a thread of its own; there is one switch, and seldom two."""
        askers: list[socket.socket] = []
        with self._listening() as listener:
            while not self._stop.is_set():
                with contextlib.suppress(TimeoutError):
                    asker, _ = listener.accept()
                    askers = [*(each for each in askers if each.fileno() >= 0), asker]
                    threading.Thread(target=self._serve, args=(asker,), name="callers", daemon=True).start()
        for asker in askers:
            with contextlib.suppress(OSError):
                asker.shutdown(socket.SHUT_RDWR)

    def _listening(self) -> socket.socket:
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            (self._folder / NAME).unlink(missing_ok=True)  # a dead one's, or one whose scribe is being replaced
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(address(folder))
            (self._folder / NAME).chmod(0o600)
        finally:
            os.close(folder)
        listener.listen(4)
        listener.settimeout(0.5)
        return listener

    def _serve(self, asker: socket.socket) -> None:
        asker.settimeout(None)
        try:
            with asker, asker.makefile("rwb") as stream:
                while not self._stop.is_set() and (line := stream.readline(LONGEST_LINE)):
                    stream.write(json.dumps(self._reply(line)).encode() + b"\n")
                    stream.flush()
        except OSError:
            log.info("the switch went away in the middle of a question")
        finally:
            connection.close()

    def _reply(self, line: bytes) -> dict[str, Any]:
        question: Any = None
        try:
            question = json.loads(line)
            if time.time() > float(question["until"]):
                return {"id": question["id"], "known": None}
            reply = self._look(question)
            self.answered += 1
            self._troubled = False
            return {"id": question["id"], **reply}
        except (DatabaseError, InterfaceError) as error:
            if not self._troubled:
                log.warning("callers cannot be looked up: %s", type(error).__name__)
            self._troubled = True
            connection.close()
        except (ValueError, TypeError, KeyError) as error:
            log.error("a question about a caller cannot be read: %s", type(error).__name__)
        return {"id": question.get("id", 0) if isinstance(question, dict) else 0, "known": None}

    def _look(self, question: dict[str, Any]) -> dict[str, Any]:
        if "keys" in question:
            result, known = identified(str(question["keys"]), int(question["store"]))
            return {"known": known, "result": result}
        return {"known": who_is(str(question["number"]), int(question["store"]))}
