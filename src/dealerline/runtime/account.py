"""Under which account the children run, and how they reach code and data.

Started by root, the children run as the system account ``settings.user``; started by anybody else, as that person. The
account must be able to enter the data and cache folders and the code. Code it cannot enter (a checkout under a closed
home) is copied into the data folder; homes are never opened to others.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealerline.settings import PACKAGE, Settings

_ACL = "system.posix_acl_access"
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NOBODY = 0xFFFFFFFF
# What running needs of a checkout; not the tests, the history, or what was built there.
_LEFT_OUT = shutil.ignore_patterns(".git", "node_modules", "__pycache__", ".*_cache", ".hypothesis", "*.pyc", "dist",
                                   "dealerline.toml")
_NEEDED = ("src", "dealerline", "simulator", "bench", "assets", "locale", "requirements", "manage.py", "web", "docs",
           "pyproject.toml")


class AccountError(RuntimeError):
    """The account cannot be made or cannot reach what it needs; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """``uid`` and ``gid`` of the children; ``change`` is whether they differ from ours."""

    name: str
    uid: int
    gid: int
    change: bool

    def spawn_arguments(self) -> dict[str, Any]:
        """For subprocess functions: become this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.change else {}

    def become(self) -> None:
        """Change this very process for good."""
        if self.change:
            os.setgroups([])
            os.setresgid(self.gid, self.gid, self.gid)
            os.setresuid(self.uid, self.uid, self.uid)

    def own(self, path: Path) -> None:
        """Give a file or folder (not what is in it) to the account."""
        if self.change:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can(self, path: Path, bits: int) -> bool:
        """Whether the account has these permission bits (4 read, 2 write, 1 enter) on a path."""
        if not self.change:
            return os.access(path, bits)
        info = path.stat()
        if info.st_uid == self.uid:
            have = info.st_mode >> 6
        elif info.st_gid == self.gid:
            have = info.st_mode >> 3
        else:
            have = info.st_mode
        return (have & bits) == bits or _acl_bits(path, self.uid) & bits == bits

    def closed(self, path: Path) -> Path | None:
        """The first folder on the way to ``path`` that the account cannot enter, or None."""
        for folder in (*reversed(path.resolve().parents), path.resolve()):
            if folder.exists() and folder.is_dir() and not self.can(folder, 1):
                return folder
        return None


def account(settings: Settings, *, make: bool = True) -> Account:
    """The children's account; made as a system account when it is missing and ``make`` is set."""
    if os.geteuid() != 0:
        entry = pwd.getpwuid(os.geteuid())
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, False)
    try:
        entry = pwd.getpwnam(settings.user)
    except KeyError:
        if not make:
            raise AccountError(f"the account {settings.user} does not exist yet: run ./dealerline up") from None
        entry = _make_account(settings)
    if entry.pw_uid == 0:
        raise AccountError("the children must not run as root: set another user in dealerline.toml")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, True)


def _make_account(settings: Settings) -> pwd.struct_passwd:
    done = subprocess.run(
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(settings.data),
         "--shell", "/usr/sbin/nologin", "--comment", "Dealerline", settings.user],
        capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(settings.user)
    except KeyError:
        raise AccountError(f"the account {settings.user} could not be made: {done.stderr.strip()}") from None


# folders --------------------------------------------------------------------------------------------------------------
def prepare_folders(settings: Settings, who: Account) -> list[str]:
    """Make the data and cache folders, owned rightly; what was changed on the way to them, in words."""
    opened = []
    for top in (settings.data, settings.cache):
        top.mkdir(parents=True, exist_ok=True)
        while (shut := who.closed(top)) is not None:
            _let_pass(shut, who, top)
            opened.append(f"{shut}: the account {who.name} may pass through (it may not look inside)")
    who.own(settings.data)
    settings.data.chmod(0o755)
    for folder, mode in _folders(settings):
        folder.mkdir(parents=True, exist_ok=True)
        who.own(folder)
        folder.chmod(mode)
    # The supervisor's own files lie beside the children's: sticky, so that no child can put another in their place.
    settings.logs.mkdir(exist_ok=True)
    if who.change:
        os.chown(settings.run, 0, who.gid)
        settings.run.chmod(0o1775)
        os.chown(settings.logs, 0, who.gid)
        settings.logs.chmod(0o1770)
    return opened


def _folders(settings: Settings) -> Iterator[tuple[Path, int]]:
    yield from ((settings.run, 0o755), (settings.secrets, 0o700), (settings.spool, 0o750), (settings.media, 0o750),
               (settings.photos, 0o750))
    recordings = settings.recordings
    yield from ((recordings, 0o750), (recordings / "raw", 0o750), (recordings / "voicemail", 0o750))
    # What the children make again when it is lost: byte code, synthesised speech.
    yield from ((settings.cache / "pycache", 0o755), (settings.cache / "speech", 0o755))


def _let_pass(folder: Path, who: Account, wanted: Path) -> None:
    """Let the account alone pass through one folder on the way to the data: by an access list, not for all."""
    try:
        entries = _acl_read(folder)
        entries = [e for e in entries if not (e[0] == _USER and e[2] == who.uid) and e[0] != _MASK]
        entries.append((_USER, 1, who.uid))
        mask = 0
        for tag, bits, _ in entries:
            if tag in (_USER, _GROUP_OBJ, _GROUP):
                mask |= bits
        entries.append((_MASK, mask, _NOBODY))
        packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in sorted(entries))
        os.setxattr(folder, _ACL, packed)
    except OSError as error:
        raise AccountError(
            f"the account {who.name} cannot enter {folder} on the way to {wanted}: choose another folder "
            f"(DEALERLINE_DATA, DEALERLINE_CACHE), or let it pass: chmod o+x {folder}") from error
    if not who.can(folder, 1):
        raise AccountError(f"the account {who.name} still cannot enter {folder}: choose another folder for {wanted}")


def _acl_read(path: Path) -> list[tuple[int, int, int]]:
    try:
        raw = os.getxattr(path, _ACL)
    except OSError:
        mode = stat.S_IMODE(path.stat().st_mode)
        return [(_USER_OBJ, mode >> 6 & 7, _NOBODY), (_GROUP_OBJ, mode >> 3 & 7, _NOBODY), (_OTHER, mode & 7, _NOBODY)]
    return [struct.unpack_from("<HHI", raw, at) for at in range(4, len(raw), 8)]


def _acl_bits(path: Path, uid: int) -> int:
    """What an access list gives this account by name."""
    entries = _acl_read(path)
    mask = next((bits for tag, bits, _ in entries if tag == _MASK), 7)
    return next((bits & mask for tag, bits, who in entries if tag == _USER and who == uid), 0)


# code -----------------------------------------------------------------------------------------------------------------
def code_folder(settings: Settings, checkout: Path, who: Account) -> Path:
    """Where the children read the code: the checkout, or a copy in the data folder when they cannot enter it."""
    if who.closed(checkout) is None and who.can(PACKAGE / "settings.py", 4):
        return checkout
    digest = _digest(checkout)
    target = settings.data / f"app-{digest}"
    if not target.exists():
        making = settings.data / ".app-making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        for name in _NEEDED:
            source = checkout / name
            if source.is_dir():
                shutil.copytree(source, making / name, ignore=_LEFT_OUT, symlinks=True)
            elif source.is_file():
                shutil.copy2(source, making / name)
        for path in (making, *making.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
        making.replace(target)
    for old in settings.data.glob("app-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)
    return target


def _digest(checkout: Path) -> str:
    """Changes when any needed file does: names, sizes and times are enough and quick."""
    seen = hashlib.sha256()
    for name in _NEEDED:
        top = checkout / name
        paths = [top] if top.is_file() else sorted(p for p in top.rglob("*") if _counts(p.relative_to(checkout)))
        for path in paths:
            if path.is_file():
                info = path.stat()
                seen.update(f"{path.relative_to(checkout)}\0{info.st_size}\0{info.st_mtime_ns}\n".encode())
    return seen.hexdigest()[:12]


def _counts(path: Path) -> bool:
    return not any(part in ("node_modules", "__pycache__", "dist") or part.startswith(".") for part in path.parts)
