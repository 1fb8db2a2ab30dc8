"""Writes the switch's directory whenever the configuration changed, within a second."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, connection

from dealerline.adapters import snapshot
from dealerline.apps.common.triggers import CONFIG_CHANNEL

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.15  # a form saves several tables; one directory is enough for them
REFRESH_SECONDS = 60.0  # special days come into reach and files vanish without any row changing
RETRY_SECONDS = 0.5


class ConfigWatch:
    """Listens and publishes until ``stop`` is set."""

    def __init__(self, folder: Path, stop: threading.Event) -> None:
        self._folder = folder
        self._stop = stop
        self.published = 0

    def run(self) -> None:
        """For ever: listen, publish; on losing the database, try again."""
        troubled = False
        while not self._stop.is_set():
            try:
                self._listen()
                troubled = False
            except (DatabaseError, InterfaceError, psycopg.Error, OSError) as error:
                if not troubled:
                    log.warning("the configuration cannot be read, trying on: %s", type(error).__name__)
                troubled = True
                connection.close()
                self._stop.wait(RETRY_SECONDS)
            except Exception:
                log.exception("the switch's directory could not be written; the last one stays")
                connection.close()
                self._stop.wait(REFRESH_SECONDS / 10)

    def _listen(self) -> None:
        with psycopg.connect(**_parameters(), autocommit=True) as listener:
            listener.execute(f"LISTEN {CONFIG_CHANNEL}")
            self._publish()
            last = time.monotonic()
            while not self._stop.is_set():
                told = any(True for _ in listener.notifies(timeout=0.5, stop_after=1))
                if told:
                    for _ in listener.notifies(timeout=SETTLE_SECONDS):
                        pass
                if told or time.monotonic() - last > REFRESH_SECONDS:
                    self._publish()
                    last = time.monotonic()

    def _publish(self) -> None:
        version = snapshot.publish(self._folder)
        connection.close()  # nothing is held while waiting
        if version is not None:
            self.published += 1
            log.info("configuration %s is out", version)


def _parameters() -> dict[str, Any]:
    """The connection's parameters as psycopg wants them."""
    wanted = connection.get_connection_params()
    return {key: value for key, value in wanted.items()
            if key in ("dbname", "user", "password", "host", "port", "sslmode", "connect_timeout")}
