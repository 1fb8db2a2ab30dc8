"""``python -m dealerline.speech``: the speech service on ``speech_port``, loopback only."""

from __future__ import annotations

import logging
import os

from aiohttp import web

from dealerline.settings import load
from dealerline.speech.service import Service


def main() -> None:
    settings = load()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s %(message)s")
    if os.nice(0) < 10:
        os.nice(10 - os.nice(0))  # the calls come first
    # No access log: request bodies are texts that people wrote, and paths say nothing.
    app = Service(settings).app()
    web.run_app(app, host="127.0.0.1", port=settings.speech_port, access_log=None, print=None, shutdown_timeout=2)


if __name__ == "__main__":
    main()
