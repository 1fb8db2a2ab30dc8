"""``manage load_demo``: the demo group, the same every time."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dealerline.apps.demo.load.run import CannotLoad, load
from dealerline.apps.demo.world.history import DAYS


class Command(BaseCommand):
    """Idempotent: a second run changes nothing."""

    help = "Loads the demo group (Antu Auto Group): stores, lines, people, customers and a year of calls."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--now", help="pretend that it is this moment, ISO 8601 (tests; default: now)")

        parser.add_argument("--days", type=int, default=DAYS, help="days of past calls (tests; default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        start = time.monotonic()

        def say(text: str) -> None:
            self.stdout.write(f"  {time.monotonic() - start:5.1f} s  {text}")

        now = datetime.fromisoformat(options["now"]) if options["now"] else timezone.now()
        if now.tzinfo is None:
            raise CommandError("--now needs a time zone, as 2026-11-22T10:00+08:00")
        call_command("load_defaults", stdout=self.stdout)
        try:
            loaded = load(now, say, options["days"])
        except CannotLoad as error:
            raise CommandError(str(error)) from error
        if not loaded.new:
            anew = f" Its sign-ins were lost and made anew: {loaded.sign_ins}" if loaded.sign_ins else ""
            self.stdout.write(f"The demo is there already, counted from {loaded.base}.{anew}")
            return
        rows = sum(loaded.counts.values())
        self.stdout.write(
            f"The demo is loaded: {rows} rows in {time.monotonic() - start:.1f} s. Sign-ins: {loaded.sign_ins}"
        )
