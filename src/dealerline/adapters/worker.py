"""``python -m dealerline.adapters.worker``: jobs and schedules, in the database.

It looks for work twice a second besides listening: a notification can be missed just when a worker goes idle. While
the database is away it waits and begins again; nothing is lost, since jobs are rows.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import django
import psycopg
from procrastinate.exceptions import ConnectorException

log = logging.getLogger("dealerline.worker")

POLL_SECONDS = 0.5
RETRY_SECONDS = 1.0
JOBS_AT_ONCE = 2  # joining is short; a core stays free for the calls


async def work(stop: asyncio.Event) -> None:
    """Run jobs until told to stop."""
    from procrastinate.contrib.django import app

    while not stop.is_set():
        worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        running = asyncio.create_task(_run(worker_app))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            return
        except (ConnectorException, psycopg.Error, OSError) as error:
            log.warning("the database is away (%s): jobs wait", type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _run(worker_app: object) -> None:
    async with worker_app.open_async():  # type: ignore[attr-defined]
        await worker_app.run_worker_async(  # type: ignore[attr-defined]
            fetch_job_polling_interval=POLL_SECONDS, concurrency=JOBS_AT_ONCE, install_signal_handlers=False,
            delete_jobs="successful", shutdown_graceful_timeout=5)


async def serve() -> None:
    """Work until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(stop)


def main() -> int:
    """The process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    os.nice(5)
    django.setup()
    asyncio.run(serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
