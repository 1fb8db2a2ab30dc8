"""OpenSSH's ``sftp`` as a process of its own: a list of commands in, lines and files out, never beyond its time.

The rule of the file: the program gets its connection as a command (``-D``), here ``ssh`` with nothing of the account's
own configuration, one key of ours and one key of the server. Names of the other side never reach a shell, and never
say where a file of ours lies.
"""

from __future__ import annotations

import os
import re
import resource
import shlex
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dealerline.integrations.ports import ConnectorError

Words = tuple[str, str]
CONNECT_SECONDS = 10
LIST_SECONDS, COPY_SECONDS = 60.0, 300.0
PINNED = "pinned"  # under this name the server's key stands in the file of known hosts
TROUBLES: dict[str, Words] = {
    "unreachable": ("连接不上服务器：请检查主机、端口和防火墙。",
                    "The server cannot be reached: check host, port and firewall."),
    "unknown_host": ("找不到这个主机名。", "There is no such host."),
    "host_key": ("服务器的主机密钥与确认过的不同！可能是有人冒充，也可能是服务器换了密钥。未取任何文件："
                 "请与对方核对新指纹后重新确认。",
                 "The server's host key is not the one that was confirmed! Somebody may be posing as it, or it has a "
                 "new key. Nothing was fetched: compare the new fingerprint with its people, then confirm it again."),
    "login": ("服务器拒绝登录：请对方把我们的公钥加到该用户，并检查用户名。",
              "The server refuses the sign-in: its people have to enter our public key for that user; check the name."),
    "no_sftp": ("可以登录，但服务器没有为该用户开通 SFTP。",
                "The sign-in works, but the server offers no SFTP to that user."),
    "folder": ("服务器上没有这个文件夹，或无权进入。",
               "There is no such folder on the server, or it may not be entered."),
    "lost": ("传输中连接断开，下次接着取。", "The connection broke off: the next look goes on."),
    "time": ("服务器太慢，已中断，下次再试。", "The server was too slow and was left: the next look tries again."),
    "program": ("本机没有 OpenSSH 的 sftp 程序：请重新运行 ./dealerline up。",
                "There is no sftp program of OpenSSH on this machine: run ./dealerline up again."),
}
# What ssh and sftp print, the first that fits.
_SAID = (
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "host_key"), ("Host key verification failed", "host_key"),
    ("Could not resolve hostname", "unknown_host"), ("Name or service not known", "unknown_host"),
    ("Permission denied (", "login"), ("Too many authentication failures", "login"),
    ("subsystem request failed", "no_sftp"), ("Received message too long", "no_sftp"),
    ("Connection timed out", "unreachable"), ("Connection refused", "unreachable"),
    ("No route to host", "unreachable"), ("Network is unreachable", "unreachable"))
_GREETED = "Remote working directory:"
_ECHO = "sftp> "
# -rw-r--r--    ? OWNER    GROUP          43 Nov 29 13:14 NAME
_LISTED = re.compile(r"(\S)\S{9,10}\s.*?\s(\d+)\s(\w{3}\s+\d+\s+[\d:]{4,5})\s(.*)")


class SftpError(ConnectorError):
    """The server cannot be reached, or does not do what was asked. ``code``: a key of TROUBLES."""

    code = ""

    @classmethod
    def of(cls, code: str) -> SftpError:
        """The error of that code, in its words."""
        error = cls(*TROUBLES[code])
        error.code = code
        return error

    @classmethod
    def said(cls, text: str, otherwise: str) -> SftpError:
        """The error that OpenSSH's own words mean."""
        return cls.of(next((code for words, code in _SAID if words in text), otherwise))


class Refused(SftpError):
    """A command that the server did not obey."""


@dataclass(frozen=True, slots=True)
class Place:
    """A user on a server. ``host_key``: the pinned one, as ``known_hosts`` has it."""

    host: str
    port: int
    username: str
    host_key: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A file there. ``time`` as the server tells it, to the minute: only good for telling whether it is the same."""

    name: str
    size: int
    time: str


def environment() -> dict[str, str]:
    """Of the programs: one language, one zone, no agent of anybody."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def server_of(program: Callable[[str], list[str]], place: Place, key: Path, known_hosts: Path) -> list[str]:
    """The command at whose other end the server speaks SFTP. Writes the pinned key where ssh looks for it."""
    _pin(known_hosts, f"{PINNED} {place.host_key}\n")
    options = {
        "BatchMode": "yes", "IdentitiesOnly": "yes", "IdentityAgent": "none", "PreferredAuthentications": "publickey",
        "StrictHostKeyChecking": "yes", "HostKeyAlias": PINNED, "CheckHostIP": "no", "UpdateHostKeys": "no",
        "UserKnownHostsFile": f'"{known_hosts}"',  # ssh takes a list with blanks between
        "GlobalKnownHostsFile": "/dev/null",
        "ConnectTimeout": str(CONNECT_SECONDS), "ServerAliveInterval": "10", "ServerAliveCountMax": "3",
        "ForwardAgent": "no", "ClearAllForwardings": "yes", "ControlPath": "none", "LogLevel": "ERROR"}
    return [*program("ssh"), "-F", "none", "-i", str(key), "-p", str(place.port), "-l", place.username,
            *(part for name, value in options.items() for part in ("-o", f"{name}={value}")),
            "-s", "--", place.host, "sftp"]


def _pin(known_hosts: Path, line: str) -> None:
    """Whole or as it was: another process of ours may be connecting just now."""
    with suppress(OSError):
        if known_hosts.read_text(encoding="ascii") == line:
            return
    temporary = known_hosts.with_name(f"{known_hosts.name}.{os.getpid()}")
    temporary.write_text(line, encoding="ascii")
    temporary.replace(known_hosts)


def usable(name: str) -> bool:
    """Whether a name can be said in a command without doubt."""
    return name.isprintable() and not set(name) & {'"', "\\", "/"}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _there(name: str) -> str:
    """A name of the other side, which may begin like an option."""
    return _quoted(f"./{name}")


class Client:
    """One folder at the other end of ``server``, the command that speaks SFTP; each call is one connection."""

    def __init__(self, sftp: Sequence[str], server: Sequence[str], folder: str, *, seconds: float = 0.0) -> None:
        self._command = [*sftp, "-b", "-", "-D", " ".join(map(_argument, server))]
        self._folder = folder
        self._seconds = seconds

    def listing(self) -> list[Listed]:
        """The files there, without folders and links. Raises SftpError."""
        found = []
        for line in self._done(["ls -ln"], LIST_SECONDS):
            row = _LISTED.fullmatch(line)
            if row and row[1] == "-":
                found.append(Listed(row[4], int(row[2]), " ".join(row[3].split())))
        return found

    def fetch(self, wanted: Sequence[tuple[str, Path]], most: int) -> None:
        """Copy files here; ``most`` bytes each. One that cannot be copied is not there afterwards, the others are."""
        self._done([f"-get -p {_there(name)} {_quoted(str(path))}" for name, path in wanted], COPY_SECONDS, most)

    def move(self, name: str, folder: str, new_name: str, beside: Path | None, ending: str, mark: str) -> bool:
        """Move it into a folder there, a file of ours beside it; whether the server let us."""
        place = f"{folder}/{new_name}"
        try:
            self._done([f"-mkdir {_there(folder)}", f"rename -l {_there(name)} {_there(place)}",
                        f"-rm {_there(name + mark)}",
                        *([f"-put {_quoted(str(beside))} {_there(place + ending)}"] if beside else [])], COPY_SECONDS)
        except Refused:
            return False
        return True

    def _done(self, commands: list[str], seconds: float, most: int = 0) -> list[str]:
        """Lines that the commands gave. Raises Refused when one was not obeyed, else SftpError."""
        go = [f"cd {_quoted(self._folder)}"] if self._folder else []
        code, out, said = self._run(["pwd", *go, *commands], seconds, most)
        lines = out.splitlines()
        if not any(line.startswith(_GREETED) for line in lines):
            raise SftpError.said(said, "unreachable")
        if code == 0:
            return [line for line in lines if not line.startswith((_ECHO, _GREETED))]
        if code != 1 or "Connection closed" in said:
            raise SftpError.of("lost")
        last = next(line for line in reversed(lines) if line.startswith(_ECHO))
        raise SftpError.of("folder") if last.startswith((f"{_ECHO}cd ", f"{_ECHO}ls ")) else Refused("", said)

    def _run(self, commands: list[str], seconds: float, most: int) -> tuple[int, str, str]:
        try:
            process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environment(), start_new_session=True)
        except OSError as error:
            raise SftpError.of("program") from error
        try:
            if most:  # whatever the server said before, no file grows beyond that
                with suppress(OSError):
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
            text = "".join(f"{command}\n" for command in commands).encode()
            out, said = process.communicate(text, timeout=self._seconds or seconds)
        except subprocess.TimeoutExpired as error:
            raise SftpError.of("time") from error
        finally:
            with suppress(ProcessLookupError):  # ssh is in its group
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode, out.decode(errors="replace"), said.decode(errors="replace")


def _argument(text: str) -> str:
    """As ``sftp -D`` takes its command apart: quotes as a shell's, and no other meaning."""
    return shlex.quote(text)
