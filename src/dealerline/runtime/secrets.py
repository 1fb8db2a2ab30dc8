"""The generated secrets: made once, at first start, readable by the service account alone."""

from __future__ import annotations

import os
import secrets as random_source
from pathlib import Path

# django: signs sessions; ari, ami: Asterisk's interfaces; sip: makes the passwords of browsers and desk phones;
# desk: signs the desk's tickets; internal: web to switch; postgres: the embedded database; setup: the first-run code.
NAMES = ("django", "ari", "ami", "sip", "desk", "internal", "postgres", "simulator")
SETUP = "setup"


def make_secrets(folder: Path) -> list[str]:
    """Make what is missing; the names of those made. Existing ones are never touched."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = [name for name in NAMES if _make(folder / name, random_source.token_urlsafe(32))]
    # Typed by a person once, so short, and without letters that look alike.
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    if _make(folder / SETUP, "-".join("".join(random_source.choice(alphabet) for _ in range(4)) for _ in range(3))):
        made.append(SETUP)
    return made


def _make(path: Path, value: str) -> bool:
    if path.exists() and path.stat().st_size:
        return False
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return True
