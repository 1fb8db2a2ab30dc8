"""The commands of ``./dealerline``. Those that need our packages import them when they run."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from dealerline import settings as settings_module
from dealerline.runtime import supervisor, texts
from dealerline.runtime.logs import plain
from dealerline.settings import CHECKOUT, PYTHON_PATH, Settings

Lang = str


def _parser(name: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"./dealerline {name}", allow_abbrev=False)


# up and down ----------------------------------------------------------------------------------------------------------
def up(arguments: list[str]) -> int:
    parser = _parser("up")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--host", default="")
    parser.add_argument("--lang", default="")
    parser.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    lang = texts.language(given.lang)
    settings = settings_module.load()
    settings = replace(settings, demo=settings.demo or given.demo, host=given.host or settings.host)
    if given.host and settings.tls and settings.bind == "127.0.0.1":
        # A name was given so that others' browsers can come: then they must get in. SIP for carriers and desk phones
        # stays where sip_bind says: a port for telephones open to the world is a decision of its own.
        settings = replace(settings, bind="0.0.0.0")
    running = supervisor.running(settings)
    if running:
        if given.demo and not running.get("demo"):
            print(texts.say(texts.ALREADY_OTHER, lang), file=sys.stderr)
            return 1
        print(texts.say(texts.ALREADY, lang, origin=running["origin"]))
        _show_sign_ins(settings, lang)
        return 0
    if given.detach:
        return _detached(settings, arguments, lang)
    return _foreground(settings, lang, background=given.background)


def _foreground(settings: Settings, lang: Lang, *, background: bool) -> int:
    import asyncio

    from dealerline.runtime import plan, serve, services
    from dealerline.runtime.account import AccountError
    from dealerline.runtime.progress import Progress, began

    progress = Progress(lang)
    progress.line(texts.say(texts.STARTING, lang))

    def started() -> None:
        print()
        print(texts.say(texts.READY, lang, seconds=time.time() - began(), origin=settings.origin))
        _show_sign_ins(settings, lang)
        # The last line: whoever waits for a start in the background reads until it.
        print(texts.say(texts.DETACHED if background else texts.STOP_HINT, lang), flush=True)

    names = services.wanted(settings, simulated=settings.demo)
    try:
        code = asyncio.run(serve.serve(settings, names, plan.loaders(settings), progress, started,
                                       lambda: progress.line(texts.say(texts.STOPPING, lang))))
    except (AccountError, supervisor.AlreadyRunning, serve.PortsTaken) as error:
        print(error, file=sys.stderr)
        return 1
    print(texts.say(texts.STOPPED, lang))
    return code


def _detached(settings: Settings, arguments: list[str], lang: Lang) -> int:
    """Start ourselves in the background and show what it says until it is ready or has given up."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    log = settings.logs / "up.log"
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    rest = [argument for argument in arguments if argument != "--detach"]
    process = subprocess.Popen([sys.executable, "-m", "dealerline.runtime", "up", "--background", *rest], stdout=handle,
                               stderr=handle, stdin=subprocess.DEVNULL, start_new_session=True, cwd="/")
    os.close(handle)
    try:
        with log.open(encoding="utf-8", errors="replace") as said:
            line_before = ""
            while True:
                ended = process.poll() is not None
                while line := said.readline():
                    sys.stdout.write(line)
                    sys.stdout.flush()
                    line_before = line
                if ended:
                    return process.returncode or 1
                if texts.say(texts.DETACHED, lang) in line_before:
                    return 0
                time.sleep(0.05)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        process.wait()
        return 130


def _show_sign_ins(settings: Settings, lang: Lang) -> None:
    """What somebody needs to get in: the demo's accounts, or the code of the first run."""
    path = settings.secrets / "sign-ins.txt"
    if settings.demo and path.exists():
        print(texts.say(texts.SIGN_INS, lang, path=path))
        for line in path.read_text(encoding="utf-8").splitlines():
            print(f"  {line}")
    elif _setup_needed(settings):
        print(texts.say(texts.SETUP, lang, origin=settings.origin, code=settings.secret("setup")))
    if settings.tls and not settings.tls_cert:
        print(texts.say(texts.SELF_SIGNED, lang))


def _setup_needed(settings: Settings) -> bool:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", settings.web_port, timeout=5)
    try:
        connection.request("GET", "/api/session", headers={"Host": "localhost"})
        return bool(json.loads(connection.getresponse().read()).get("setup_needed"))
    except (OSError, ValueError):
        return False
    finally:
        connection.close()


def down(arguments: list[str]) -> int:
    _parser("down").parse_args(arguments)
    lang = texts.language()
    if supervisor.stop_running(settings_module.load()):
        print(texts.say(texts.STOPPED, lang))
    else:
        print(texts.say(texts.NOT_RUNNING, lang))
    return 0


def status(arguments: list[str]) -> int:
    """Exit code 0 when everything is healthy, 3 when it does not run, 1 when a part is not well."""
    parser = _parser("status")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    lang = texts.language()
    document = supervisor.running(settings_module.load())
    if given.json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    elif document is None:
        print(texts.say(texts.NOT_RUNNING, lang))
    else:
        print(document["origin"])
        for name, node in document["nodes"].items():
            state = texts.say(texts.STATES[node["state"]], lang)
            extra = " · ".join(str(part) for part in (f"pid {node['pid']}" if node["pid"] else "",
                               f"restarts {node['restarts']}" if node["restarts"] else "", node["note"]) if part)
            print(f"  {name:<10} {state:<10} {extra}")
    if document is None:
        return 3
    return 0 if all(n["state"] in ("done", "healthy") for n in document["nodes"].values()) else 1


def logs(arguments: list[str]) -> int:
    parser = _parser("logs")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--follow", "-f", action="store_true")
    parser.add_argument("--lines", "-n", type=int, default=40)
    given = parser.parse_args(arguments)
    folder = settings_module.load().logs
    paths = sorted(folder.glob(f"{given.name or '*'}.log"))
    if not paths:
        print(f"no log {given.name} in {folder}", file=sys.stderr)
        return 1
    lines = [(line, path.stem) for path in paths
             for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-given.lines:]]
    for line, name in sorted(lines, key=lambda entry: _when(entry[0]))[-given.lines:]:
        print(f"{name:<10} {plain(line)}")
    if given.follow:
        _follow(paths)
    return 0


def _when(line: str) -> str:
    try:
        return str(json.loads(line).get("at", ""))
    except (ValueError, AttributeError):
        return ""


def _follow(paths: list[Path]) -> None:
    places = {path: path.stat().st_size for path in paths}
    while True:
        for path, place in places.items():
            size = path.stat().st_size if path.exists() else 0
            if size > place:
                with path.open(encoding="utf-8", errors="replace") as file:
                    file.seek(place)
                    for line in file:
                        print(f"{path.stem:<10} {plain(line.rstrip())}", flush=True)
            places[path] = size
        time.sleep(0.3)


# as the service account -----------------------------------------------------------------------------------------------
def _hand_over(command: list[str]) -> NoReturn:
    """Become the service account and run a program of ours in the running centre's settings."""
    from dealerline.runtime import plan

    settings = settings_module.load()
    config = settings.run / "settings.toml"
    if config.exists() and supervisor.running(settings):
        # The centre's own, which knows what --host and --demo changed.
        settings = settings_module.load({"DEALERLINE_CONFIG": str(config), "DEALERLINE_DATA": str(settings.data),
                                         "DEALERLINE_CACHE": str(settings.cache)})
    context = plan.context(settings)
    os.chdir(context.code)
    context.who.become()
    os.execve(context.python, [context.python, *command], context.environment)


def manage(arguments: list[str]) -> int:
    # Whatever it does to the data, the next start looks for itself.
    (settings_module.load().run / "records.done").unlink(missing_ok=True)
    _hand_over(["-m", "django", *arguments])


def demo(arguments: list[str]) -> int:
    parser = _parser("demo")
    parser.add_argument("what", choices=["load", "remove"])
    given = parser.parse_args(arguments)
    if not settings_module.load().database_url and not supervisor.running(settings_module.load()):
        print(texts.say(texts.NOT_RUNNING, texts.language()), file=sys.stderr)
        return 3
    # The next start must look at the data itself.
    (settings_module.load().run / "records.done").unlink(missing_ok=True)
    _hand_over(["-m", "django", f"{given.what}_demo"])


def ring(arguments: list[str]) -> int:
    _hand_over(["-m", "simulator.cli", "ring", *arguments])


def robots(arguments: list[str]) -> int:
    _hand_over(["-m", "simulator.cli", "robots", *arguments])


def simulate(arguments: list[str]) -> int:
    settings = settings_module.load()
    if not settings.database_url and not supervisor.running(settings):
        print(texts.say(texts.NOT_RUNNING, texts.language()), file=sys.stderr)
        return 3
    # The records' process runs elsewhere and as somebody else: the file is read where it was meant.
    given = [str(Path(word).absolute()) if before == "--rules" else word
             for before, word in zip(["", *arguments], arguments, strict=False)]
    _hand_over(["-m", "dealerline.adapters.whatif", *given])


# for developers -------------------------------------------------------------------------------------------------------
def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": PYTHON_PATH}


def bench(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "bench", *arguments], cwd=CHECKOUT, env=_environment(),
                          check=False).returncode


def test(arguments: list[str]) -> int:
    from dealerline.runtime import checks

    return checks.test(arguments)


def check(arguments: list[str]) -> int:
    from dealerline.runtime import checks

    _parser("check").parse_args(arguments)
    return checks.check()


def doctor(arguments: list[str]) -> int:
    from dealerline.runtime.doctor import main

    return main(arguments)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "up": up, "down": down, "status": status, "logs": logs, "manage": manage, "demo": demo, "ring": ring,
    "robots": robots, "simulate": simulate, "bench": bench, "test": test, "check": check, "doctor": doctor}
