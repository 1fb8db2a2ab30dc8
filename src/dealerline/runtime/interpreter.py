"""The Python the children run: ours, or a copy of it when their account cannot enter where ours lives.

A Python built under a closed home (by pyenv for root, say) is of no use to the service account. Then the interpreter
and its standard library are copied into the cache once, and a virtual environment beside it points at the packages we
run with.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import sysconfig
from pathlib import Path

from dealerline.runtime.account import Account, AccountError
from dealerline.settings import Settings

_LEFT_OUT = shutil.ignore_patterns("site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip",
                                   "__pycache__", "config-*", "*.a")


def interpreter(settings: Settings, who: Account) -> str:
    """The path of a Python with our packages that the account can run. Raises AccountError when there is no way."""
    real = Path(sys.executable).resolve()
    if who.closed(real.parent) is None and who.closed(Path(sys.executable).parent) is None:
        return sys.executable
    packages = Path(sysconfig.get_paths()["purelib"])
    if (shut := who.closed(packages)) is not None:
        raise AccountError(f"the account {who.name} cannot enter {shut}, where the Python packages are: run "
                           "./dealerline, which keeps them in the cache folder")
    name = hashlib.sha256(f"{real} {packages} {sys.version}".encode()).hexdigest()[:12]
    home = settings.cache / f"python-{name}"
    if not (home / "venv" / "pyvenv.cfg").exists():
        _copy(real, packages, home)
    return str(home / "venv" / "bin" / "python")


def _copy(real: Path, packages: Path, home: Path) -> None:
    making = home.with_name(f".{home.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = making / "base"
    (base / "bin").mkdir(parents=True)
    shutil.copy2(real, base / "bin" / version)
    shutil.copytree(Path(sysconfig.get_paths()["stdlib"]), base / "lib" / version, ignore=_LEFT_OUT, symlinks=True)
    for library in Path(sys.base_prefix, "lib").glob("libpython*.so*"):
        shutil.copy2(library, base / "lib" / library.name)
    venv = making / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "lib" / version).mkdir(parents=True)
    (venv / "lib" / version / "site-packages").symlink_to(packages)
    (venv / "bin" / "python").symlink_to(home / "base" / "bin" / version)
    for path in (making, *making.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (venv / "pyvenv.cfg").write_text(f"home = {home / 'base' / 'bin'}\ninclude-system-site-packages = false\n"
                                     f"version = {sys.version.split()[0]}\n", encoding="utf-8")
    shutil.rmtree(home, ignore_errors=True)
    making.rename(home)
