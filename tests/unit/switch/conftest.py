from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.switch.world import World


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes worlds; at the end each must be consistent."""
    made: list[World] = []

    def build(**changes: Any) -> World:
        world = World(tmp_path, **changes)
        made.append(world)
        return world

    yield build
    for world in made:
        world.consistent()


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make()
