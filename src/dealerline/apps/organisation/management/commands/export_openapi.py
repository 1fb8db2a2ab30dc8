"""Write the API's description to web/openapi.json, from which the pages' types are made."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dealerline.settings import CHECKOUT


class Command(BaseCommand):
    """``manage export_openapi [--check]``"""

    help = "Write web/openapi.json; with --check only say whether it is up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, default=CHECKOUT / "web" / "openapi.json")
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        api = import_module("dealerline.config.api").api
        text = json.dumps(api.get_openapi_schema(path_prefix="/api/"), indent=1, ensure_ascii=False, sort_keys=True,
                          default=str) + "\n"
        output: Path = options["output"]
        if options["check"]:
            if not output.is_file() or output.read_text(encoding="utf-8") != text:
                raise CommandError(f"{output} is out of date: run ./dealerline manage export_openapi")
            return
        output.write_text(text, encoding="utf-8")
        self.stdout.write(str(output))
