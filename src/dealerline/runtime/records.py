"""Brings the database to this version, in one process: ``python -m dealerline.runtime.records LOADER...``.

Tables first, then each loader (a management command that may run any number of times). Each step is said on stdout as
``step: NAME``. ``--mark FILE`` is written at the end, so that the next start knows that nothing is to be done.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from pathlib import Path

from dealerline.settings import CHECKOUT, PACKAGE

# What the tables and the loaded data are made from.
_SOURCES = (CHECKOUT / "requirements" / "base.txt", PACKAGE / "apps", PACKAGE / "config", PACKAGE / "domain",
            CHECKOUT / "assets" / "flows", CHECKOUT / "assets" / "prompts" / "manifest.json",
            CHECKOUT / "assets" / "callers" / "manifest.json")


def state(loaders: list[str]) -> str:
    """Changes when another version of code or data would be put in."""
    seen = hashlib.sha256(repr(loaders).encode())
    for top in _SOURCES:
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                info = path.stat()
                seen.update(f"{path.relative_to(CHECKOUT)}\0{info.st_size}\0{info.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def cluster(data: Path) -> str:
    """The embedded database's own identity, so that another one in the same folder is noticed; "" without one."""
    try:
        with (data / "postgres" / "global" / "pg_control").open("rb") as file:
            return file.read(8).hex()
    except OSError:
        return ""


def mark(data: Path, loaders: list[str]) -> str:
    """What stands in the mark of a database that is at this state."""
    return f"{cluster(data)} {state(loaders)}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mark", type=Path)
    parser.add_argument("loaders", nargs="*")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    import django
    from django.core.management import call_command

    print("step: tables", flush=True)
    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    for name in given.loaders:
        print(f"step: {name.replace('_', ' ')}", flush=True)
        call_command(name)
    if given.mark:
        given.mark.write_text(mark(given.mark.parent.parent, given.loaders), encoding="ascii")


if __name__ == "__main__":
    main()
