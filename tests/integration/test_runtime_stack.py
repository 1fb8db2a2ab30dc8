"""The supervisor with real children: what dies comes back, what is stopped stays stopped, nothing is left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealerline.runtime import processes, supervisor
from dealerline.runtime.asterisk import Asterisk
from dealerline.runtime.stack import Stack, StackError
from tests.helpers import open_folder, until


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder("dealerline-runtime") as made:
        yield made / "data"


def _everybody(stack: Stack) -> list[int]:
    """Process groups of the stack's children."""
    return [pid for name in stack.children if (pid := stack.pid(name))]


def _living(groups: list[int]) -> list[processes.Seen]:
    return [seen for group in groups for seen in processes.group_members(group)]


def test_killed_children_come_back_and_a_stopped_stack_leaves_nobody(folder: Path) -> None:
    with Stack(folder, children=("postgres", "asterisk")) as stack:
        before = {name: stack.kill(name) for name in stack.children}
        for name in stack.children:
            stack.wait_healthy(name)
            assert stack.pid(name) != before[name]
            assert stack.restarts(name) == 1
        groups = _everybody(stack)
        assert _living(groups)
    assert not _living(groups)
    assert supervisor.read_state(stack.settings) is None


def test_a_killed_edge_comes_back_although_its_worker_would_live_on(folder: Path) -> None:
    with Stack(folder, children=("edge",)) as stack:
        master = stack.pid("edge")
        assert len(processes.group_members(master)) > 1
        stack.kill("edge")
        stack.wait_healthy("edge")
        assert stack.pid("edge") != master
        assert not processes.group_members(master)


def test_a_halted_database_stays_away_until_it_is_resumed(folder: Path) -> None:
    with Stack(folder, children=("postgres",)) as stack:
        stack.halt("postgres")
        assert stack.state("postgres") == "stopped"
        assert stack.pid("postgres") == 0
        stack.resume("postgres")
        assert stack.restarts("postgres") == 0


def test_children_die_with_a_killed_supervisor_and_the_next_one_starts_in_their_place(folder: Path) -> None:
    stack = Stack(folder, children=("postgres", "asterisk")).start()
    try:
        state = supervisor.read_state(stack.settings)
        assert state is not None
        groups = _everybody(stack)
        os.kill(state["pid"], signal.SIGKILL)
        until(lambda: not _living(groups), what=lambda: _living(groups))
        again = Stack(folder, children=("postgres", "asterisk"), settings=stack.settings)
        with again:
            assert again.state("asterisk") == "healthy"
    finally:
        stack.stop()


def test_a_second_supervisor_of_one_folder_is_refused_and_the_first_goes_on(folder: Path) -> None:
    with Stack(folder, children=("postgres",)) as stack:
        pid = stack.pid("postgres")
        with pytest.raises(StackError, match="already runs"):
            Stack(folder, children=("postgres",), settings=stack.settings).start()
        assert stack.pid("postgres") == pid
        assert processes.look(pid) is not None


def test_a_child_that_cannot_start_calls_the_start_off_with_its_own_words(folder: Path) -> None:
    stack = Stack(folder, children=("postgres", "asterisk"))
    stack.settings.data.mkdir(parents=True)
    blocker = stack.settings.data / "asterisk"
    blocker.write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(StackError, match=r"Asterisk does not start[\s\S]*asterisk"):
        stack.start()
    stack.stop()
    assert supervisor.read_state(stack.settings) is None


def test_asterisk_starts_without_a_complaint_and_knows_its_music_transports_and_recorder(folder: Path) -> None:
    with Stack(folder, children=("asterisk",)) as stack:
        asterisk = Asterisk(stack.settings, stack.settings.data / "asterisk")
        assert "transport-udp" in asterisk.console("pjsip show transports")
        assert f"127.0.0.1:{stack.settings.sip_port}" in asterisk.console("pjsip show transports")
        assert "Class: default" in asterisk.console("moh show classes")
        assert "1 modules loaded" in asterisk.console("module show like app_mixmonitor")
        complaints = [line for line in stack.log("asterisk", 100) if "ERROR" in line or "WARNING" in line]
        assert complaints == []
