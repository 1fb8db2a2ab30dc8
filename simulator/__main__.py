"""``python -m simulator``: the control service, until it is told to stop."""

from __future__ import annotations

import logging
import sys

from aiohttp import web

from dealerline.settings import SettingsError, load
from simulator.service import application


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    try:
        settings = load()
        app = application(settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    web.run_app(app, host="127.0.0.1", port=settings.simulator_port, print=lambda *_: None, shutdown_timeout=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
