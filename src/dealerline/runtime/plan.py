"""Puts jobs and children together for a start: the whole product, or a part of it for tests and benches."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

from dealerline.runtime import jobs, pages, services
from dealerline.runtime.account import Account, account, code_folder
from dealerline.runtime.interpreter import interpreter
from dealerline.runtime.nodes import Node, without_strangers
from dealerline.runtime.paths import write_file
from dealerline.settings import CHECKOUT, PACKAGE, Settings

# Said by us in the settings' file, or a matter of the person who typed the command alone. Containers often forbid byte
# code; without it every start of a child compiles a thousand modules, which takes three times as long as starting.
_DROPPED = ("DATABASE_URL", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "SUDO_COMMAND",
            "SUDO_USER", "SUDO_UID", "SUDO_GID", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
            "LD_LIBRARY_PATH")


def as_toml(settings: Settings) -> str:
    """The settings as a configuration file that reads back to the same."""

    def value(given: Any) -> str:
        if isinstance(given, bool):
            return "true" if given else "false"
        if isinstance(given, int):
            return str(given)
        # JSON's escapes are TOML's, but for the character DEL.
        return json.dumps(str(given), ensure_ascii=False)

    return "".join(f"{f.name} = {value(getattr(settings, f.name))}\n" for f in fields(settings))


def environment(settings: Settings, who: Account, code: Path, python: str) -> dict[str, str]:
    """The children's environment. The settings go through a file of mode 0600: passwords do not belong in here."""
    config = settings.run / "settings.toml"
    write_file(config, "# Written at every start: what the children were started with.\n" + as_toml(settings), 0o600)
    who.own(config)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DEALERLINE_") and k not in _DROPPED}
    kept.update({k: v for k, v in os.environ.items() if k == "DEALERLINE_DEBIAN_MIRROR"})
    if python != sys.executable:  # a copy, whose library lies beside it
        kept["LD_LIBRARY_PATH"] = str(Path(python).parents[2] / "base" / "lib")
    return kept | {
        "DEALERLINE_CONFIG": str(config), "DEALERLINE_DATA": str(settings.data),
        "DEALERLINE_CACHE": str(settings.cache), "DEALERLINE_PAGES": str(pages.folder(settings.cache, code)),
        "DJANGO_SETTINGS_MODULE": "dealerline.config.settings",
        "HOME": str(settings.data) if who.change else os.environ.get("HOME", str(settings.data)),
        "USER": who.name, "LOGNAME": who.name, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONPATH": _python_path(code),
        "PYTHONUNBUFFERED": "1", "PYTHONPYCACHEPREFIX": str(settings.cache / "pycache"), "PYTHONSAFEPATH": "1",
        "PATH": f"{Path(python).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "TZ": "UTC",
        # one thread each in numerical libraries: the second core belongs to the calls
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    }


def context(settings: Settings) -> jobs.Context:
    """Account, folders, secrets, code and environment, ready for jobs and children."""
    who = account(settings)
    jobs.prepare(settings, who)
    code = code_folder(settings, CHECKOUT, who)
    python = interpreter(settings, who)
    return jobs.Context(settings, who, code, python, environment(settings, who, code, python))


def nodes(given: jobs.Context, names: Collection[str], *, load: Collection[str] = (),
          records: bool = True) -> list[Node]:
    """The plan for the named children with the jobs they need. ``load``: data loaders, in order."""
    plan: list[Node] = [jobs.folders(given), *services.children(given.settings, names, given.python)]
    if {"asterisk", "carrier", "edge", "speech"} & set(names):
        plan.append(jobs.tree(given))
    if "edge" in names:
        plan.append(jobs.build_pages(given))
    if records and {"web", "scribe", "worker"} & set(names):
        plan.append(jobs.records(given, load=tuple(load)))
    return without_strangers(plan)


def _python_path(code: Path) -> str:
    """As settings.PYTHON_PATH, for the place where the children find the code."""
    inside = PACKAGE.parent.relative_to(CHECKOUT)
    return os.pathsep.join(dict.fromkeys((str(code / inside), str(code))))


LOADERS = ("load_prompts", "load_defaults")


def loaders(settings: Settings) -> list[str]:
    return [*LOADERS, "load_demo"] if settings.demo else list(LOADERS)
