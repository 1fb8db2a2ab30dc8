"""The process that holds everything up: ``python -m dealerline.runtime.serve``.

Started by ``./dealerline up`` (in the foreground or detached) and by ``Stack``. Ends in good order on SIGTERM and
Ctrl-C. Exit code: 0 after a wanted end, 1 when something did not start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Collection

from dealerline import settings as settings_module
from dealerline.runtime import plan, services, texts
from dealerline.runtime.account import AccountError
from dealerline.runtime.supervisor import AlreadyRunning, NotStarted, Supervisor, Watcher, end_leftovers, running
from dealerline.settings import Settings, SettingsError


class PortsTaken(RuntimeError):
    """Somebody else listens where we would; the text names each port and how to change it."""


def taken_ports(settings: Settings, names: Collection[str]) -> list[str]:
    """The ports of these children that other programs hold, in words."""
    wanted = [(field, getattr(settings, field)) for name in names for field in services.PORTS.get(name, ())]
    problems = []
    for field, port in wanted:
        public = {"http_port": settings.bind, "sip_port": settings.sip_bind}.get(field, "127.0.0.1")
        family = socket.AF_INET6 if ":" in public else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the servers do: connections that are still closing are no reason not to start.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((public, port))
            except PermissionError:
                continue  # below 1024: the child itself will tell
            except OSError:
                problems.append(texts.say(texts.PORT_TAKEN, texts.language(), port=port, name=field,
                                          variable=f"DEALERLINE_{field.upper()}"))
    return problems


async def serve(settings: Settings, names: Collection[str], load: Collection[str], watch: Watcher | None,
                started: Callable[[], None], stopping: Callable[[], None] = lambda: None) -> int:
    """Start the named children, call ``started``, keep them until a signal, call ``stopping``; the exit code.

    Raises PortsTaken, AccountError or AlreadyRunning.
    """
    if not running(settings):
        end_leftovers(settings)
        if problems := taken_ports(settings, names):
            raise PortsTaken("\n".join(problems))
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
        stopping()
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
    except (SettingsError, AccountError, AlreadyRunning, PortsTaken) as error:
        sys.exit(str(error))
    sys.exit(code)


if __name__ == "__main__":
    main()
