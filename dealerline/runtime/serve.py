"""The process that holds everything up: ``python -m dealerline.runtime.serve``.

Started by ``./dealerline up`` (in the foreground or detached) and by ``Stack``. Ends in good order on SIGTERM and
Ctrl-C. Exit code: 0 after a wanted end, 1 when something did not start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Collection

from dealerline import settings as settings_module
from dealerline.runtime import plan
from dealerline.runtime.account import AccountError
from dealerline.runtime.supervisor import AlreadyRunning, NotStarted, Supervisor, Watcher
from dealerline.settings import Settings, SettingsError


async def serve(settings: Settings, names: Collection[str], load: Collection[str], watch: Watcher | None,
                started: Callable[[], None]) -> int:
    """Start the named children, call ``started``, keep them until a signal; the exit code."""
    context = plan.context(settings)
    supervisor = Supervisor(settings, plan.nodes(context, names, load=load), context.who, context.environment,
                            context.code, watch)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    starting = asyncio.create_task(supervisor.start())
    waiting = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            started()
            await waiting
        return 0
    except NotStarted as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    finally:
        for task in (starting, waiting):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, NotStarted, AlreadyRunning):
                await task
        await supervisor.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--children", required=True)
    parser.add_argument("--load", default="")
    given = parser.parse_args()
    try:
        settings = settings_module.load()
        code = asyncio.run(serve(settings, given.children.split(","), [n for n in given.load.split(",") if n], None,
                                 lambda: print("ready", flush=True)))
    except (SettingsError, AccountError, AlreadyRunning) as error:
        sys.exit(str(error))
    sys.exit(code)


if __name__ == "__main__":
    main()
