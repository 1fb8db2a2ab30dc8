"""What every kind of test shares: waiting instead of sleeping, and folders that the service account can enter."""

from __future__ import annotations

import asyncio
import inspect
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
What = str | Callable[[], object]


class NeverHappened(AssertionError):
    """What a test waited for did not come in time."""


def _words(predicate: Callable[[], object], what: What, timeout: float) -> str:
    text = str(what()) if callable(what) else what
    if not text:
        try:
            text = inspect.getsource(predicate).strip()
        except (OSError, TypeError):
            text = repr(predicate)
    return f"waited {timeout:g} s in vain for: {text}"


def until(predicate: Callable[[], T], timeout: float = 20.0, what: What = "", every: float = 0.02) -> T:
    """Ask again and again until the answer is true; that answer. Raises NeverHappened, saying ``what`` (words, or a
    function that tells how things stand)."""
    end = time.monotonic() + timeout
    while True:
        if answer := predicate():
            return answer
        if time.monotonic() > end:
            raise NeverHappened(_words(predicate, what, timeout))
        time.sleep(every)


async def until_async(predicate: Callable[[], T | Awaitable[T]], timeout: float = 20.0, what: What = "",
                      every: float = 0.02) -> T:
    """``until`` for coroutines: the event loop goes on meanwhile, and the predicate may be asynchronous."""
    end = time.monotonic() + timeout
    while True:
        asked = predicate()
        answer: T = await asked if inspect.isawaitable(asked) else asked  # type: ignore[assignment]
        if answer:
            return answer
        if time.monotonic() > end:
            raise NeverHappened(_words(predicate, what, timeout))
        await asyncio.sleep(every)


@contextmanager
def open_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder that other accounts may pass through (pytest's own are closed), removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
