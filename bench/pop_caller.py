"""Who rings: asked as the switch asks when a call arrives, through the socket that the scribe serves."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.report import spread
from dealerline.adapters.callers_socket import UNANSWERED, SocketCallers
from dealerline.switch.ports import Known

AT_ONCE = 50  # calls that arrive in the same moment


async def _asked(callers: SocketCallers, number: str, store: int) -> tuple[float, Known | None]:
    answer: asyncio.Future[Known | None] = asyncio.get_running_loop().create_future()
    began = time.perf_counter()
    callers.ask(number, store, answer.set_result)
    known = await answer
    return time.perf_counter() - began, known


async def _measure(folder: Path, numbers: list[str], strangers: list[str], store: int) -> list[dict[str, Any]]:
    callers = SocketCallers(folder)
    talking = asyncio.create_task(callers.run())
    try:
        deadline = time.monotonic() + 20
        while (await _asked(callers, numbers[0], store))[1] is None:
            if time.monotonic() > deadline:
                raise RuntimeError("the scribe does not tell who a caller is")
            await asyncio.sleep(0.1)
        rows = []
        for title, asked in (("a customer", numbers), ("a stranger", strangers)):
            answers = [await _asked(callers, number, store) for number in asked]
            found = sum(known is not None and known.customer > 0 for _, known in answers)
            rows.append({"P5": f"who rings, by the socket: {title}", **spread([t for t, _ in answers]), "found": found})
        times: list[float] = []
        found = 0
        for start in range(0, len(numbers), AT_ONCE):
            asks = (_asked(callers, number, store) for number in numbers[start : start + AT_ONCE])
            for seconds, known in await asyncio.gather(*asks):
                times.append(seconds)
                found += known is not None and known.customer > 0
        return [*rows, {"P5": f"who rings: {AT_ONCE} calls in one moment", **spread(times), "found": found}]
    finally:
        talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talking


def _settle(answer: asyncio.Future[str], result: str, _known: Known | None) -> None:
    answer.set_result(result)


async def _keyed(folder: Path, digits: list[str], store: int) -> list[dict[str, Any]]:
    callers = SocketCallers(folder)
    talking = asyncio.create_task(callers.run())
    try:
        results: list[str] = []
        while not results or results[0] == UNANSWERED:  # until the connection stands
            times, results = [], []
            for each in digits:
                answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
                began = time.perf_counter()
                callers.identify(each, store, partial(_settle, answer))
                results.append(await answer)
                times.append(time.perf_counter() - began)
            await asyncio.sleep(0.1)
        return [{"keyed": "the last six of a VIN, by the socket", **spread(times), "found": results.count("found")}]
    finally:
        talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talking


def who_keyed(folder: Path, digits: list[str], store: int) -> list[dict[str, Any]]:
    """Asked as the switch asks when a caller has keyed the end of his VIN; ``found``: exactly one customer."""
    return asyncio.run(_keyed(folder, digits, store))


def who_rings(folder: Path, numbers: list[str], strangers: list[str], store: int) -> list[dict[str, Any]]:
    """``folder``: where the socket is; ``numbers`` of customers, ``strangers`` of nobody."""
    return asyncio.run(_measure(folder, numbers, strangers, store))
