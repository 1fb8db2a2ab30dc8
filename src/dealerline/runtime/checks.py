"""``./dealerline test`` and ``./dealerline check``: everything a machine can say about a change."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

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
BESIDE = ("tests/integration/records", "tests/journeys")
"""What runs beside all the rest that needs no quiet, one after the other: about half of that time."""


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


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def _pytest(arguments: Sequence[str]) -> int:
    return subprocess.run(_command(arguments), cwd=CHECKOUT, env=_environment(), check=False).returncode


def _pytest_beside(arguments: Sequence[str]) -> int:
    """The same for a run beside another: each of its lines is marked, so that the two can be told apart."""
    process = subprocess.Popen(_command(arguments), cwd=CHECKOUT, env=_environment(), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    for line in process.stdout:
        print(f"  | {line}", end="", flush=True)
    return process.wait()


def _all() -> int:
    """Every test. First two runs beside one another, ``BESIDE`` and whatever needs no quiet, then what needs it, one
    at a time. The last run's summary is that of all (``--results-of`` of tests/conftest.py).

    The journeys are a run of their own, since the driver of the browsers keeps its event loop in the thread of the
    tests, which so can run no other.
    """
    common = ("-q", "--durations=25", "--durations-min=5")
    with tempfile.TemporaryDirectory(prefix="dealerline-tests-") as folder, ThreadPoolExecutor(1) as pool:
        files = [f"{folder}/{number}.jsonl" for number in range(len(BESIDE) + 1)]
        beside = pool.submit(lambda: [_pytest_beside([path, *common, f"--results-to={file}"])
                                      for path, file in zip(BESIDE, files[1:], strict=True)])
        ended = [_pytest(["tests", *(f"--ignore={path}" for path in (*QUIET, *BESIDE)), *common,
                          f"--results-to={files[0]}"]), *beside.result()]
        ended.append(_pytest([*QUIET, *common[1:], *(f"--results-of={file}" for file in files)]))
    return next((code for code in reversed(ended) if code), 0)


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
