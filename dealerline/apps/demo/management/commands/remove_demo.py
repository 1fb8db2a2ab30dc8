"""``manage remove_demo``: what ``load_demo`` added goes, and nothing else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from dealerline.apps.demo.remove import lines_of, remove


class Command(BaseCommand):
    """Names what has to stay."""

    help = "Removes the demo group. Rows that people added stay, with the demo rows they hang on."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in lines_of(remove()):
            self.stdout.write(line)
