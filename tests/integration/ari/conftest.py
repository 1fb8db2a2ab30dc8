"""Two Asterisks for a whole run: ours, and one that plays the carrier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.ari.parts import Server


def _run(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _run(tmp_path_factory.mktemp("asterisk"))


@pytest.fixture(scope="session")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _run(tmp_path_factory.mktemp("carrier"))


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Server]:
    """An Asterisk of the test's own, to be killed."""
    yield from _run(tmp_path)
