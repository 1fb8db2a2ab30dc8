"""What is done once at start: folders and secrets, the Debian tree, the pages, the records."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dealerline.runtime import debian, pages, processes
from dealerline.runtime.account import Account, prepare_folders
from dealerline.runtime.logs import LogFile, tail
from dealerline.runtime.nodes import Job
from dealerline.runtime.records import mark as mark_of
from dealerline.runtime.secrets import make_secrets
from dealerline.settings import CHECKOUT, PACKAGE, Settings

Progress = Callable[[str], None]


class JobError(RuntimeError):
    """A job did not succeed; the text says what it said last."""


@dataclass(frozen=True, slots=True)
class Context:
    """What jobs and children share: settings, account, code folder, interpreter, environment."""

    settings: Settings
    who: Account
    code: Path
    python: str
    environment: dict[str, str]


def threaded(work: Callable[[Progress], str]) -> Callable[[Progress], Awaitable[str]]:
    """A blocking function as a job's work; its words about progress come back through the event loop."""

    async def run(tell: Progress) -> str:
        loop = asyncio.get_running_loop()

        def pass_on(words: str) -> None:
            loop.call_soon_threadsafe(tell, words)

        return await asyncio.to_thread(work, pass_on)

    return run


# folders, tree, pages -------------------------------------------------------------------------------------------------
def prepare(settings: Settings, who: Account) -> str:
    """Folders and secrets, owned rightly; in words what was new."""
    said = prepare_folders(settings, who)
    made = make_secrets(settings.secrets)
    for path in settings.secrets.iterdir():
        who.own(path)
    who.own(settings.secrets)
    if made:
        said.append("new secrets: " + ", ".join(made))
    return "; ".join(said)


def folders(context: Context) -> Job:
    def work(_: Progress) -> str:
        return prepare(context.settings, context.who)

    return Job("folders", {"zh": "文件夹与密钥", "en": "Folders and secrets"}, threaded(work))


def tree(context: Context) -> Job:
    def work(tell: Progress) -> str:
        return debian.ensure(context.settings.debroot, tell)

    return Job("tree", {"zh": "Asterisk 与 nginx 运行环境", "en": "Asterisk and nginx"}, threaded(work))


def build_pages(context: Context) -> Job:
    def work(tell: Progress) -> str:
        return pages.ensure(context.settings.cache, context.code, tell)

    return Job("pages", {"zh": "网页", "en": "Pages"}, threaded(work))


# records --------------------------------------------------------------------------------------------------------------
def has_command(code: Path, name: str) -> bool:
    """Whether one of the apps brings a management command of that name."""
    apps = code / PACKAGE.relative_to(CHECKOUT) / "apps"
    return any(apps.glob(f"*/management/commands/{name}.py"))


async def run_as(context: Context, command: Sequence[str], log: str, tell: Progress = lambda words: None) -> None:
    """Run a command to its end as the service account, its words into a log, its ``step:`` lines to ``tell``.

    Raises JobError with its last words.
    """
    tie = processes.tied_to_parent(signal.SIGTERM)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=context.code, env=context.environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True, preexec_fn=tie,
        **context.who.spawn_arguments())
    assert process.stdout is not None
    file = LogFile(context.settings.logs, log)
    try:
        while data := await process.stdout.read(65536):
            file.feed(data)
            for step in re.findall(rb"^step: (.+)$", data, re.M):
                tell(step.decode())
        code = await process.wait()
    finally:
        file.close()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code:
        said = "\n    ".join(tail(context.settings.logs / f"{log}.log", 15))
        raise JobError(f"{' '.join(command[2:])} ended with {code}:\n    {said}")


def django(context: Context, *arguments: str) -> list[str]:
    return [context.python, "-m", "django", *arguments]


def records(context: Context, *, load: Sequence[str]) -> Job:
    """Bring the database to this version: tables, the back office's files, then the loaders, each if it exists."""

    settings = context.settings
    names = [name for name in load if has_command(context.code, name)]
    mark = settings.run / "records.done"

    async def work(tell: Progress) -> str:
        static = None
        if not _static_is_new(context):
            collect = django(context, "collectstatic", "--noinput", "-v", "0")
            static = asyncio.create_task(run_as(context, collect, "static"))
        # Only of the embedded database can we know that nobody changed it meanwhile.
        known = not settings.database_url and mark.exists() and mark.read_text("ascii") == mark_of(settings.data, names)
        if not known:
            mark.unlink(missing_ok=True)
            await run_as(context, [context.python, "-m", "dealerline.runtime.records", "--mark", str(mark), *names],
                         "setup", tell)
        if static:
            await static
        return "unchanged" if known else ", ".join(names).replace("_", " ")

    needs = ("folders",) if context.settings.database_url else ("folders", "postgres")
    return Job("records", {"zh": "数据表与初始数据", "en": "Tables and data"}, work, needs=needs)


def _static_is_new(context: Context) -> bool:
    """Collecting the back office's files takes a second: not again for the same code and packages."""
    mark = context.settings.data / "static" / ".for"
    wanted = f"{sys.prefix} {context.code} {_newest(PACKAGE / 'config/static')}"
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return True
    mark.parent.mkdir(exist_ok=True)
    context.who.own(mark.parent)
    mark.write_text(wanted, encoding="utf-8")
    return False


def _newest(folder: Path) -> int:
    return max((path.stat().st_mtime_ns for path in folder.rglob("*")), default=0)
