"""``python -m dealerline.adapters.scribe``: the journal into the database, the configuration out to the switch.

Three threads. One reads the spool's segments and takes facts in, in batches; a segment is removed when its writer has
closed it and all of it is in. One waits for changes of the configuration and writes ``run/directory.json``. One tells
the switch who a caller is. All go on trying while the database is away. One scribe works at a time (an advisory lock);
a second waits.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

import django

log = logging.getLogger("dealerline.scribe")

IDLE_SECONDS = 0.1
LOCK = 0x0DEA1E12  # any number that nothing else locks


def main() -> int:
    """Run until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    django.setup()
    from django.conf import settings

    from dealerline.adapters.callers_server import CallersServer
    from dealerline.adapters.config_watch import ConfigWatch
    from dealerline.adapters.spool_reader import SpoolReader

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watch = ConfigWatch(Path(settings.DEALERLINE.run), stop)
    watcher = threading.Thread(target=watch.run, name="config", daemon=True)
    watcher.start()
    callers = CallersServer(Path(settings.DEALERLINE.run), stop)
    threading.Thread(target=callers.run, name="callers", daemon=True).start()
    SpoolReader(Path(settings.DEALERLINE.spool), stop, lock=LOCK).run()
    watcher.join(timeout=3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
