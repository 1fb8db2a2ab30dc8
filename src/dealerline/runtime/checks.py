"""``./dealerline test`` and ``./dealerline check``: everything a machine can say about a change."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from dealerline import settings as settings_module
from dealerline.runtime import debian, pages
from dealerline.runtime.progress import Progress
from dealerline.runtime.texts import language
from dealerline.settings import CHECKOUT, PYTHON_PATH

KINDS = ("unit", "integration", "telephony", "journeys")
QUIET = (
    *(f"tests/telephony/test_hearing_{what}.py" for what in ("pairs", "random", "restart", "several_calls", "tones",
                                                             "verbs")),
    "tests/telephony/test_agents_phones.py",
    "tests/telephony/test_faults_whole_centre.py",
    "tests/telephony/test_call_survival.py",
    "tests/telephony/test_soak.py",
)
"""What is judged by tones and gaps all through, or loads the machine itself: one at a time, nothing beside it."""


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": PYTHON_PATH}


def _kinds(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Leading kinds, and what is for pytest."""
    kinds: list[str] = []
    rest = list(arguments)
    while rest and rest[0] in KINDS:
        kinds.append(rest.pop(0))
    return kinds, rest


def prepare() -> None:
    """What real tests stand on: the Debian tree and the built pages. Shows progress."""
    settings = settings_module.load()
    progress = Progress(language())
    last = ""

    def tell(words: str) -> None:
        nonlocal last
        if words.split(":")[0] != last:
            last = words.split(":")[0]
            progress.line(words)

    progress.line(debian.ensure(settings.debroot, tell))
    progress.line(f"pages {pages.ensure(settings.cache, CHECKOUT, tell)}")


def test(arguments: Sequence[str]) -> int:
    """Run the tests of the given kinds (all without one); everything else is passed to pytest. pytest's exit code."""
    kinds, rest = _kinds(arguments)
    if kinds != ["unit"]:
        try:
            prepare()
        except (debian.DebianError, pages.PagesError) as error:
            print(error, file=sys.stderr)
            return 1
    named = any(not argument.startswith("-") and (CHECKOUT / argument.split("::")[0]).exists() for argument in rest)
    if not kinds and not rest:
        return _all()
    if kinds == ["unit"] and not rest:
        rest = _two_at_a_time()
    targets = [f"tests/{kind}" for kind in kinds] or ([] if named else ["tests"])
    return _pytest([*targets, *rest])


def _two_at_a_time() -> list[str]:
    return ["-n", str(min(2, os.cpu_count() or 1)), "--dist", "loadfile", "-q"]


def _pytest(arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=_environment(), check=False).returncode


def _all() -> int:
    """Every test: those that need no quiet first, two at a time, then the others and the journeys, one at a time. (The
    driver of the browsers keeps its event loop in the thread of the tests, which so can run no other.) The last run's
    summary is that of all (``--together`` of tests/conftest.py).
    """
    alone = [*QUIET, "tests/journeys"]
    with tempfile.TemporaryDirectory(prefix="dealerline-tests-") as folder:
        common = ("--durations=25", "--durations-min=5", f"--together={folder}/first.jsonl")
        first = _pytest(["tests", *(f"--ignore={path}" for path in alone), *_two_at_a_time(), *common])
        return _pytest([*alone, *common]) or first


def check() -> int:
    """Style, types, walls, and the pages' own checks; all of them even when one fails. 0 when all pass."""
    settings = settings_module.load()
    commands = {
        "ruff": [sys.executable, "-m", "ruff", "check", "."],
        "mypy": [sys.executable, "-m", "mypy"],
        "import-linter": [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
    }
    failed = []
    for name, command in commands.items():
        print(f"== {name}", flush=True)
        if subprocess.run(command, cwd=CHECKOUT, env=_environment(), check=False).returncode:
            failed.append(name)
    for script in ("check", "test"):
        print(f"== pages: {script}", flush=True)
        try:
            if pages.run_script(settings.cache, CHECKOUT, script):
                failed.append(f"pages: {script}")
        except pages.PagesError as error:
            print(error, file=sys.stderr)
            failed.append(f"pages: {script}")
    print("== " + (f"failed: {', '.join(failed)}" if failed else "all checks passed"), flush=True)
    return 1 if failed else 0
