"""``manage load_defaults``: what every installation starts with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from dealerline.apps.setup.logic.defaults import load_defaults


class Command(BaseCommand):
    """Idempotent: adds what is missing, leaves alone what people changed."""

    help = "Loads shipped flows, busy reasons, matters, results and China's holidays."

    def handle(self, *args: Any, **options: Any) -> None:
        new = {kind: count for kind, count in load_defaults(timezone.localdate()).items() if count}
        self.stdout.write(
            "Start data: " + (", ".join(f"{count} {kind}" for kind, count in new.items()) or "nothing new")
        )
