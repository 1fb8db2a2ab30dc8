"""Running programs from the unpacked Debian tree, without chroot and without root.

The tree carries its own libraries: a program is started through the tree's own dynamic loader with the tree's own
library path, so nothing of the host is changed and nothing of the host's libraries is mixed in.
"""

from __future__ import annotations

import functools
import json
import platform
from dataclasses import dataclass
from pathlib import Path

# machine as the kernel names it -> (Debian's multi-arch folder, the loader's file name)
_MACHINES = {
    "x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


MANIFEST = "dealerline-manifest.json"


class TreeError(RuntimeError):
    """The Debian tree is missing, incomplete, or not for this machine; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Tree:
    """An unpacked Debian tree at ``root``."""

    root: Path

    @property
    def _machine(self) -> tuple[str, str]:
        try:
            return _MACHINES[platform.machine()]
        except KeyError as error:
            raise TreeError(f"no Debian tree is known for the machine type {platform.machine()}") from error

    @property
    def libraries(self) -> Path:
        """The multi-arch library folder."""
        return self.root / "usr/lib" / self._machine[0]

    def path(self, inner: str) -> Path:
        """A file inside the tree. Raises TreeError when it is not there."""
        path = self.root / inner
        if not path.exists():
            raise TreeError(f"{path} is missing: remove {self.root} and run ./dealerline up to fetch it again")
        return path

    def command(self, program: str, *arguments: str) -> list[str]:
        """The argument list that runs ``program`` (as ``usr/sbin/asterisk``) from the tree."""
        loader = self.libraries / self._machine[1]
        if not loader.exists():
            raise TreeError(f"the Debian tree at {self.root} is missing or incomplete: run ./dealerline up")
        # Some libraries (pulse, blas, ...) sit one folder deeper.
        return [str(loader), "--library-path", self._library_path(), str(self.path(program)), *arguments]

    def _library_path(self) -> str:
        return _library_path(self.libraries)

    def version(self, package: str) -> str:
        """The Debian version of an unpacked package, or "" when it is not in the tree."""
        return versions(self.root).get(package, "")


def program(root: Path, name: str) -> list[str]:
    """The command that runs a program of the tree's ``usr/bin``; the machine's own where the tree has none."""
    try:
        return Tree(root).command(f"usr/bin/{name}")
    except TreeError:
        return [name]


@functools.cache
def _library_path(libraries: Path) -> str:
    deeper = ("pulseaudio", "blas", "lapack", "libproxy", "systemd")
    return ":".join([str(libraries), *(str(libraries / d) for d in deeper if (libraries / d).is_dir())])


def versions(root: Path) -> dict[str, str]:
    """Package name -> version, from the manifest that is written when the tree is unpacked; empty without one."""
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(entry["version"]) for name, entry in manifest.get("packages", {}).items()}
