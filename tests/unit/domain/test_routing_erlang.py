"""The router is known to be right and not only fast: what it does with callers who come by chance is what queueing
theory says.
"""

from __future__ import annotations

import random

import pytest

from dealerline.domain import erlang
from dealerline.domain.routing import QueueIs
from dealerline.domain.whatif import Caller, Shift, run

AGENTS, HANDLING = 50, 180.0


def centre(rate: float, calls: int, seed: int, patience: float = 0.0) -> tuple[list[Caller], list[Shift]]:
    """Callers and agents by chance, always the same ones."""
    chance = random.Random(seed)
    at, callers = 0.0, []
    for n in range(calls):
        at += chance.expovariate(rate)
        stays = chance.expovariate(1 / patience) if patience else float("inf")
        callers.append(Caller(f"c{n}", 1, at, chance.expovariate(1 / HANDLING), stays))
    return callers, [Shift(agent, -1.0, at) for agent in range(AGENTS)]


def test_the_formulas_agree_with_published_figures() -> None:
    assert erlang.waits(10, 8.0) == pytest.approx(0.4092, abs=1e-4)  # Erlang C tables
    assert erlang.level_c(14, 10 / 180, 180.0, 20.0) == pytest.approx(0.888, abs=1e-3)
    level, gone = erlang.level_a(50, 48 / 180, 180.0, 1e6, 20.0)
    assert gone < 1e-3 and level == pytest.approx(erlang.level_c(50, 48 / 180, 180.0, 20.0), abs=0.005)


def test_the_service_level_of_patient_callers_is_erlang_cs() -> None:
    rate = 44 / HANDLING
    callers, shifts = centre(rate, 60_000, 5)
    day = run([QueueIs(1, tuple(range(AGENTS)))], callers, shifts)
    told = day.level(20.0)
    assert told is not None and told == pytest.approx(erlang.level_c(AGENTS, rate, HANDLING, 20.0), rel=0.02)
    waits = day.waits()
    assert sum(w > 0 for w in waits) / len(waits) == pytest.approx(erlang.waits(AGENTS, 44), rel=0.08)


def test_the_service_level_of_callers_who_give_up_is_erlang_as() -> None:
    rate = 50 / HANDLING
    callers, shifts = centre(rate, 50_000, 7, patience=90.0)
    day = run([QueueIs(1, tuple(range(AGENTS)))], callers, shifts)
    level, gone = erlang.level_a(AGENTS, rate, HANDLING, 90.0, 20.0)
    told, lost = day.level(20.0), day.share("abandoned")
    assert told is not None and told == pytest.approx(level, rel=0.02)
    assert lost is not None and lost == pytest.approx(gone, abs=0.005)
