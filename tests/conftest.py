"""Fixtures of every kind of test.

``stack``: the whole product without edge and outside world, ``demo_stack``: all of it with the demo's data, both for
the whole session, started when first asked for. A test that needs other parts makes its own (see ``make_stack``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dealerline.runtime.stack import Stack
from tests.helpers import open_folder

# Unit tests and Django's own settings must not meet the configuration of a centre that runs on this machine.
for _name in [name for name in os.environ if name.startswith("DEALERLINE_") and name != "DEALERLINE_CACHE"]:
    if _name not in ("DEALERLINE_USER", "DEALERLINE_DEBIAN_MIRROR"):
        del os.environ[_name]
os.environ.pop("DATABASE_URL", None)

RECORDS = ("postgres", "web", "scribe", "worker")
CALLS = ("asterisk", "switch")
OUTSIDE = ("carrier", "simulator")
EVERYTHING = (*RECORDS, *CALLS, "speech", "edge", *OUTSIDE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick kinds first, so that a broken build is known early; each test is marked with its kind."""
    order = {"unit": 0, "integration": 1, "telephony": 2, "journeys": 3}

    def kind(item: pytest.Item) -> str:
        parts = Path(str(item.fspath)).parts
        return next((name for name in order if name in parts), "unit")

    items.sort(key=lambda item: order[kind(item)])


@pytest.fixture(scope="session")
def make_stack() -> Iterator[Callable[..., Stack]]:
    """Makes started stacks that live until the session's end: ``make_stack(children, load=(), **settings)``."""
    with ExitStack() as held:

        def make(children: tuple[str, ...], load: tuple[str, ...] = (), **changes: Any) -> Stack:
            folder = held.enter_context(open_folder("dealerline"))
            return held.enter_context(Stack(folder / "data", children=children, load=load, **changes))

        yield make


@pytest.fixture(scope="session")
def stack(make_stack: Callable[..., Stack]) -> Stack:
    """Records and calls with the shipped flows and prompts, no demo data."""
    return make_stack((*RECORDS, *CALLS), load=("load_prompts", "load_defaults"))


@pytest.fixture(scope="session")
def demo_stack(make_stack: Callable[..., Stack]) -> Stack:
    """Everything, with the demo's group, people, customers, and the simulated outside world."""
    return make_stack(EVERYTHING, load=("load_prompts", "load_defaults", "load_demo"), demo=True)
