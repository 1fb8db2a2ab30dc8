"""Register the shipped prompts and their sounds: run at every start, fast when nothing changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from dealerline.apps.flows.logic.prompts import load_shipped


class Command(BaseCommand):
    """``manage load_prompts``"""

    help = "Register the prompts shipped in assets/prompts."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = load_shipped()
        self.stdout.write(f"prompts: {counts['new']} new, {counts['changed']} changed, {counts['sounds']} sounds")
