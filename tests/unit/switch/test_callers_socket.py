"""The switch asks who rings over a socket: answered, unanswered, answered too late, or by nobody at all."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from dealerline.adapters import callers_server, callers_socket
from dealerline.adapters.callers_server import CallersServer
from dealerline.adapters.callers_socket import NAME, SocketCallers
from dealerline.switch.ports import Known
from tests.helpers import until_async

DEAR, RUDE = "+8613800000003", "+8613800000002"
PEOPLE: dict[str, dict[str, Any]] = {
    DEAR: {"customer": 7, "level": "vip", "owner": 2, "last": 1, "named": [2, 3], "standing": "vip"},
}


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits half a second for the next attempt to connect."""
    monkeypatch.setattr(callers_socket, "RETRY_SECONDS", 0.01)


@contextlib.contextmanager
def serving(folder: Path, who: Callable[[str, int], dict[str, Any] | None]) -> Iterator[CallersServer]:
    """A scribe's thread that answers by ``who``."""
    stop = threading.Event()
    server = CallersServer(folder, stop)
    thread = threading.Thread(target=server.run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callers_server, "who_is", who)
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            thread.join(3)


@contextlib.asynccontextmanager
async def asking(folder: Path, limit: float = 1.0) -> AsyncIterator[Callable[[str], Any]]:
    callers = SocketCallers(folder, limit)
    running = asyncio.create_task(callers.run())

    async def ask(number: str) -> Known | None:
        answer: asyncio.Future[Known | None] = asyncio.get_running_loop().create_future()
        callers.ask(number, 1, answer.set_result)
        return await asyncio.wait_for(answer, 3)

    try:
        yield ask
    finally:
        running.cancel()


async def until_known(ask: Callable[[str], Any]) -> Known:
    found = await until_async(lambda: ask(DEAR), 5, "the caller is known")
    assert isinstance(found, Known)
    return found


async def test_a_question_is_answered_also_after_the_scribe_was_restarted(tmp_path: Path) -> None:
    deep = tmp_path / ("a folder of a name that is long" * 3) / "run"  # a socket's own path would not fit
    deep.mkdir(parents=True)
    async with asking(deep) as ask:
        assert await ask(DEAR) is None  # nobody serves yet
        for _ in range(2):
            with serving(deep, lambda number, store: PEOPLE.get(number)) as server:
                assert await until_known(ask) == Known(7, "vip", 2, 1, (2, 3), "vip")
                assert await ask(RUDE) is None
                assert server.answered >= 2
                assert (deep / NAME).stat().st_mode & 0o077 == 0
            assert await ask(DEAR) is None


async def test_many_questions_at_once_get_their_own_answers(tmp_path: Path) -> None:
    with serving(tmp_path, lambda number, store: {**PEOPLE[DEAR], "customer": int(number[-4:])}):
        async with asking(tmp_path, limit=20) as ask:
            await until_known(ask)
            found = await asyncio.gather(*(ask(f"+8613800{n:06d}") for n in range(300)))
            assert [known.customer for known in found] == list(range(300))


async def test_an_answer_that_takes_too_long_is_none_and_the_next_question_is_answered(tmp_path: Path) -> None:
    slow = threading.Event()

    def who(number: str, store: int) -> dict[str, Any] | None:
        if number == RUDE:
            slow.wait(2)
        return PEOPLE[DEAR]

    with serving(tmp_path, who) as server:
        async with asking(tmp_path, limit=0.2) as ask:
            await until_known(ask)
            assert await ask(RUDE) is None
            before = server.answered
            assert await ask(DEAR) is None  # asked behind it, and not looked up any more
            slow.set()
            await until_known(ask)
            assert server.answered <= before + 3


async def test_a_database_that_is_away_is_no_answer_and_no_end_of_the_connection(tmp_path: Path) -> None:
    away = True

    def who(number: str, store: int) -> dict[str, Any] | None:
        if away:
            raise DatabaseError("gone")
        return PEOPLE[DEAR]

    with serving(tmp_path, who):
        async with asking(tmp_path) as ask:
            assert await ask(DEAR) is None
            away = False
            assert await until_known(ask)


async def test_whom_keyed_digits_mean_is_answered_and_nobody_is_not_the_same_as_no_answer(tmp_path: Path) -> None:
    away = False

    def means(digits: str, store: int) -> tuple[str, dict[str, Any] | None]:
        if away:
            raise DatabaseError("gone")
        known = {"customer": 7, "level": "vip", "owner": 2, "last": 1, "by": "plate", "car": 70}
        return ("found", known) if (digits, store) == ("12345", 3) else ("several", None)

    callers = SocketCallers(tmp_path)
    running = asyncio.create_task(callers.run())

    async def identify(digits: str) -> tuple[str, Known | None]:
        answer: asyncio.Future[tuple[str, Known | None]] = asyncio.get_running_loop().create_future()
        callers.identify(digits, 3, lambda result, known: answer.set_result((result, known)))
        return await asyncio.wait_for(answer, 3)

    async def until_found() -> Known:
        async def found() -> Any:
            return (await identify("12345"))[1]

        known = await until_async(found, 5, "the digits are looked for")
        assert isinstance(known, Known)
        return known

    try:
        assert await identify("12345") == ("unanswered", None)  # nobody serves yet
        with pytest.MonkeyPatch.context() as patch, serving(tmp_path, lambda number, store: PEOPLE.get(number)):
            patch.setattr(callers_server, "identified", means)
            assert await until_found() == Known(7, "vip", 2, 1, by="plate", car=70)
            assert await identify("88888") == ("several", None)
            away = True
            assert await identify("12345") == ("unanswered", None)
    finally:
        running.cancel()
