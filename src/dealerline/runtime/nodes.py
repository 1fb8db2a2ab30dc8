"""What the supervisor runs: jobs that end, and children that stay. Each says what it waits for."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from dealerline.runtime import health

Text = dict[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """Something done once at start. ``work`` gets a function that takes words about progress; what it returns is shown.

    A job that raises fails, and with it everything that waits for it.
    """

    name: str
    title: Text
    work: Callable[[Callable[[str], None]], Awaitable[str]]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """A process that is kept alive.

    ``needs``: nodes that must be done or healthy before its first start. ``stop_signal``: asks it to end in good order,
    also sent by the kernel when the supervisor dies. ``hung_seconds``: unhealthy for so long, it is killed and started
    again (0: never; for Asterisk a wrong guess would cut calls).
    """

    name: str
    title: Text
    command: Sequence[str]
    check: health.Check = health.always
    needs: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    nice: int = 0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 8.0
    start_seconds: float = 180.0  # a first start on a small busy machine compiles every module
    hung_seconds: float = 60.0
    as_root: bool = False


Node = Job | Child

# How long to wait before the next start after the n-th early death in a row. The first is at once: a service must be
# back within two seconds of a kill.
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# Alive for so long, a child's earlier deaths are forgotten.
FORGIVEN_SECONDS = 60.0


def back_off(deaths_in_a_row: int) -> float:
    """Seconds to wait before the next start; the first death is number 1."""
    return BACK_OFF[min(max(deaths_in_a_row, 1), len(BACK_OFF)) - 1]


class PlanError(ValueError):
    """The nodes do not fit together."""


def check_plan(nodes: Sequence[Node]) -> None:
    """Raises PlanError for a name used twice, an unknown need, or a circle."""
    known = {node.name: node for node in nodes}
    if len(known) != len(nodes):
        raise PlanError("a name is used twice")
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise PlanError(" -> ".join((*path, name)))
        if name not in known:
            raise PlanError(f"{path[-1]} needs {name}, which is not in the plan")
        if name in done:
            return
        for need in known[name].needs:
            visit(need, (*path, name))
        done.add(name)

    for node in nodes:
        visit(node.name, ())


def without_strangers(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with needs that are not in the plan left out: a part of the whole, for tests and benches."""
    known = {node.name for node in nodes}
    return [dataclasses.replace(node, needs=tuple(n for n in node.needs if n in known)) for node in nodes]


def stop_waves(nodes: Sequence[Node]) -> list[list[Child]]:
    """Children in the order they are stopped: first those nobody needs, at last what all stand on."""
    needed_by: dict[str, set[str]] = {node.name: set() for node in nodes}
    known = {node.name: node for node in nodes}
    for node in nodes:
        for need in node.needs:
            needed_by[need].add(node.name)
    waves: list[list[Child]] = []
    left = set(known)
    while left:
        wave = {name for name in left if not needed_by[name] & left}
        children = [node for name in sorted(wave) if isinstance(node := known[name], Child)]
        if children:
            waves.append(children)
        left -= wave
    return waves
