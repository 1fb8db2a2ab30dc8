"""Every verb of a conversation after every other, heard: a few long conversations in which each pair occurs once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.telephony import walks
from tests.telephony.ears import Clock
from tests.telephony.harness import Centre, Telephones
from tests.telephony.scene import Scene, staged
from tests.telephony.test_call_stories import live
from tests.telephony.walks import State, rows

LONGEST = 50  # verbs in one conversation
AT_ONCE = 13


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with staged(tmp_path_factory.mktemp("pairs"), cache, AT_ONCE) as made:
        yield made


async def do(scene: Scene, verb: str, before: State, after: State) -> None:
    """Do it as the one who has the call, and wait until everybody is there who shall be, and nobody else."""
    who = before.owner
    if verb in ("transfer", "consult", "invite"):
        await scene.bring(who, verb, before.free)
    elif verb == "transfer in vain":
        await scene.bring(who, "transfer", "engaged")
        await scene.away_for_now(who)
    elif verb == "invite number":
        await scene.bring(who, "invite", "out")
    elif verb == "remove":
        await scene.ask(who, "remove", party=scene.label(walks.last(before)))
    elif verb == "aside":
        await scene.ask(who, "aside", parties=[scene.label(who), scene.label(walks.last(before))])
    elif verb in ("listen", "whisper", "barge"):
        await scene.supervise(before.lead or before.free, who, verb)
    elif verb == "take_over":
        await scene.ask(before.lead, verb)
    else:
        await scene.ask(who, verb)
    for name in after.talk.parties:
        await scene.here(name)
    await scene.away(*(name for name in (*walks.PEOPLE, "out") if name not in after.talk.parties))


async def play(scene: Scene, walk: walks.Steps) -> list[str]:
    """One conversation from its first answer to its last verb."""
    state, came_by = walks.start(), "the answer"
    faults: list[str] = []
    for verb, after in walk:
        try:
            await do(scene, verb, state, after)
        except AssertionError as error:
            raise AssertionError(f"{verb} after {came_by} with {state}: {error}") from error
        await scene.hold_still(f"{came_by}, {verb}", rows(after.talk))
        differs = scene.differs(after.talk)
        if differs:
            faults.append(f"after {came_by}, {verb}: {differs}")
        state, came_by = after, verb
    return faults + await scene.faults()


@pytest.mark.timeout(300)
async def test_whatever_is_done_after_whatever_everybody_hears_whom_he_shall_and_no_customer_has_silence(
    centre: Centre, telephones: Telephones
) -> None:
    waiting = walks.walks(LONGEST)
    assert len({pair for walk in waiting for pair in walks.pairs(walk)}) > 350, "all that are possible"
    assert len(waiting) <= AT_ONCE
    clock = Clock(telephones.world)
    faults: list[str] = []
    everybody = asyncio.Barrier(len(waiting))

    async def conversation(number: int, walk: walks.Steps) -> None:
        scene = Scene(telephones, clock, number)
        async with starting:  # one at a time, so that each is offered to its own first agent
            await scene.begin()
        await everybody.wait()  # and nobody is free again before all customers are with theirs
        faults.extend(await play(scene, walk))
        await scene.leave()

    starting = asyncio.Lock()
    try:
        async with asyncio.TaskGroup() as group:
            for number, walk in enumerate(waiting):
                group.create_task(conversation(number, walk))
    finally:
        await clock.close()
    assert not faults, "\n".join(faults)
    state = await live(centre)
    assert state["calls"] == [] and state["repairs"] == 0 and state["errors"] == 0
