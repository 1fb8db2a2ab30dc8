"""The keys of both sides: ours, made at first use and kept with the secrets; the server's, shown once, then pinned."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dealerline.integrations.sftp.client import Place, SftpError, environment

Program = Callable[[str], list[str]]
"""``ssh`` and its like -> the command that runs it."""
SORTS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""Kinds of keys, the one asked for first in front: as ssh itself prefers them."""
SECONDS = 10


@dataclass(frozen=True, slots=True)
class HostKey:
    """A server's public key. ``text``: its kind and itself in base64, as in ``known_hosts``."""

    text: str

    @property
    def kind(self) -> str:
        """As ``ssh-ed25519``."""
        return self.text.partition(" ")[0]

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` shows it, for people to compare."""
        digest = hashlib.sha256(base64.b64decode(self.text.partition(" ")[2])).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def own_key(secrets: Path) -> Path:
    """Our private key; made when it is not there. Two that make it at once end up with the same one."""
    path = secrets / "sftp"
    if not path.exists():
        text = Ed25519PrivateKey.generate().private_bytes(
            form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
        temporary = secrets / f".sftp.{os.getpid()}.new"
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody else was quicker: his is the one
            os.link(temporary, path)
        temporary.unlink()
    return path


def own_public_key(secrets: Path) -> str:
    """The half that the other side enters into its ``authorized_keys``."""
    key = form.load_ssh_private_key(own_key(secrets).read_bytes(), None)
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return f"{public.decode()} dealerline"


def read_host_key(text: str) -> HostKey:
    """The key of that text. Raises ValueError when it is none."""
    kind, _, body = text.strip().partition(" ")
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("no key") from error
    named = data[4:4 + int.from_bytes(data[:4], "big")]
    if kind not in SORTS or named != kind.encode():
        raise ValueError("no key")
    return HostKey(f"{kind} {body}")


def ask_host_key(program: Program, place: Place) -> HostKey:
    """The key that the server shows now; nobody signs in for it. Raises SftpError."""
    command = [*program("ssh-keyscan"), "-T", str(SECONDS), "-p", str(place.port), "-t", "ed25519,ecdsa,rsa", "--",
               place.host]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                              timeout=2 * SECONDS, stdin=subprocess.DEVNULL, env=environment())
    except subprocess.TimeoutExpired as error:
        raise SftpError.of("time") from error
    except OSError as error:
        raise SftpError.of("program") from error
    found = {}
    for line in done.stdout.splitlines():
        with suppress(ValueError):
            key = read_host_key(line.partition(" ")[2])
            found[key.kind] = key
    for kind in SORTS:
        if kind in found:
            return found[kind]
    raise SftpError.said(done.stderr, "unreachable")
