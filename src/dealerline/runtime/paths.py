"""Small helpers about files that every part of the runtime shares."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

# sockaddr_un holds 108 bytes with its end mark; the longest name put into such a folder is ".s.PGSQL.65535.lock".
_LONGEST_SOCKET_FOLDER = 80


def write_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a whole file or nothing: to a temporary name beside it, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def socket_folder(wanted: Path) -> Path:
    """A folder for Unix sockets: ``wanted``, or a short private one under the temporary folder when that is too long.

    The kernel limits a socket's path to 107 bytes, and data folders may lie deep.
    """
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET_FOLDER:
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted
    short = Path(tempfile.gettempdir()) / f"dealerline-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.geteuid():
        raise PermissionError(f"{short} belongs to somebody else: remove it, or choose a shorter data folder")
    return short
