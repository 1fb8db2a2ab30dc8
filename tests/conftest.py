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
    parser.addoption("--results-to", default="", help="a file for how each test ended")
    parser.addoption("--results-of", action="append", default=[],
                     help="such a file of an earlier run: this run's summary counts its tests, too")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    if path := config.getoption("--results-to"):
        config.pluginmanager.register(ResultsTo(config, Path(path)))
    if paths := config.getoption("--results-of"):
        config.pluginmanager.register(ResultsOf(config, [Path(path) for path in paths]))


class ResultsTo:
    """Writes how each test ended."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self.config, self.path = config, path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        data.pop("node", None)  # which worker it was
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(data, default=str) + "\n")


class ResultsOf:
    """Counts the tests of earlier runs as its own. A run that wrote nothing, having died, is a failure."""

    def __init__(self, config: pytest.Config, paths: list[Path]) -> None:
        self.config, self.paths = config, paths

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        terminal: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        for path in self.paths:
            if not path.exists():
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
                continue
            for line in path.read_text(encoding="utf-8").splitlines():
                self._count(session, terminal, json.loads(line))

    def _count(self, session: pytest.Session, terminal: Any, data: dict[str, Any]) -> None:
        report = self.config.hook.pytest_report_from_serializable(config=self.config, data=data)
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
