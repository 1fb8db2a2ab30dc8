"""Fixtures of every kind of test.

``stack``: the whole product without edge and outside world, ``demo_stack``: all of it with the demo's data, both for
the whole session, started when first asked for. A test that needs other parts makes its own (see ``make_stack``).
"""

from __future__ import annotations

import json
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--together", default="", help="a file by which two runs after one another give one summary")


def pytest_configure(config: pytest.Config) -> None:
    if (path := config.getoption("--together")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Together(config, Path(path)))


class Together:
    """The first run writes how each test ended; the second, which finds the file, counts them as its own."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self.config, self.path = config, path
        self.second = path.exists()
        if not self.second:
            path.touch()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not self.second:
            data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
            data.pop("node", None)  # which worker it was
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(data, default=str) + "\n")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self.second:
            return
        terminal: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        for line in self.path.read_text(encoding="utf-8").splitlines():
            report = self.config.hook.pytest_report_from_serializable(config=self.config, data=json.loads(line))
            if isinstance(report.longrepr, list):  # why it was skipped: JSON knows no tuples
                report.longrepr = tuple(report.longrepr)
            category = self.config.hook.pytest_report_teststatus(report=report, config=self.config)[0]
            if category:
                terminal.stats.setdefault(category, []).append(report)
            if report.failed:
                session.testsfailed += 1
                session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
