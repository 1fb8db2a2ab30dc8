"""What the switch is only told: nobody waits, equal things are one, too many are dropped and counted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dealerline.apps.common.outgoing import Outgoing


class Switch:
    """Takes what it is told, but not before it is back."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.busy = threading.Event()
        self.told: list[tuple[str, dict[str, Any]]] = []

    def post(self, path: str, body: dict[str, Any]) -> None:
        self.busy.set()
        self.back.wait(5)
        self.told.append((path, body))


@pytest.fixture
def switch() -> Iterator[Switch]:
    made = Switch()
    yield made
    made.back.set()
    assert "outgoing" not in [thread.name for thread in threading.enumerate()], "no thread stays behind"


def test_who_tells_goes_on_though_the_switch_does_not_take_it_and_nothing_is_told_twice(switch: Switch) -> None:
    news = Outgoing(switch.post)
    news.tell("changed", {"kind": "lead", "id": "1"})
    assert switch.busy.wait(5)
    for number in ("2", "2", "1", "3"):
        news.tell("changed", {"id": number, "kind": "lead"})
    assert switch.told == []
    switch.back.set()
    news.close(5)
    assert [body["id"] for _, body in switch.told] == ["1", "2", "1", "3"], "what changed once more is told once more"


def test_more_than_it_holds_is_dropped_and_said(switch: Switch, caplog: pytest.LogCaptureFixture) -> None:
    news = Outgoing(switch.post, most=2)
    news.tell("changed", {"id": 0})
    assert switch.busy.wait(5)
    with caplog.at_level(logging.WARNING):
        for number in range(1, 7):
            news.tell("changed", {"id": number})
    assert news.dropped == 4
    assert [record.getMessage().split()[6] for record in caplog.records] == ["1", "2", "4"]
    switch.back.set()
    news.close(5)
    assert [body["id"] for _, body in switch.told] == [0, 1, 2]
    news.tell("changed", {"id": 9})
    assert news.dropped == 5, "it is over"


def test_the_end_of_the_process_is_not_held_up(switch: Switch) -> None:
    news = Outgoing(switch.post)
    news.tell("notice", {"people": [1]})
    assert switch.busy.wait(5)
    news.close(0.01)
    switch.back.set()
    news.close(5)
    assert switch.told == [("notice", {"people": [1]})]
