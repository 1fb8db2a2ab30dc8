"""``manage remove_demo``: what ``load_demo`` added goes, and nothing else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from dealerline.apps.demo.remove import lines_of, remove


class Command(BaseCommand):
    """Names what has to stay."""

    help = "Removes the demo group. Rows that people added stay, with the demo rows they hang on."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = remove()
        except IntegrityError as error:
            raise CommandError("Somebody added rows to the demo just now; nothing was removed. Try again.") from error
        for line in lines_of(done):
            self.stdout.write(line)
