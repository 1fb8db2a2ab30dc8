"""An Asterisk and a PostgreSQL that are not ours, set up as docs/howto/configure.md tells a user to set up his."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dealerline.runtime import postgres
from dealerline.runtime.account import Account
from dealerline.runtime.asterisk import Asterisk
from dealerline.settings import CHECKOUT, Settings
from tests.helpers import until

HOWTO = CHECKOUT / "docs" / "howto"
PASSWORD = "choose-one"  # as the how-to has it
# What an ordinary installation has besides: every module that will load, but for those that listen for other protocols.
MODULES = """[modules]
autoload = yes
noload = chan_iax2.so
noload = chan_mgcp.so
noload = chan_unistim.so
noload = pbx_dundi.so
noload = res_hep.so
noload = res_snmp.so
"""


class OwnAsterisk:
    """A user's own Asterisk in ``root``, on the ports that ``settings`` would give to ours."""

    def __init__(self, settings: Settings, root: Path, who: Account) -> None:
        self.settings, self.root, self.who = settings, root, who
        self._asterisk = Asterisk(settings, root, values={"DOCTOR_SECRET": ""})

    @property
    def changes(self) -> dict[str, str]:
        """What a user changes in the how-to's files."""
        s = self.settings
        return {"bindport = 8088": f"bindport = {s.asterisk_http_port}", "port = 5038": f"port = {s.ami_port}",
                "0.0.0.0:5060": f"127.0.0.1:{s.sip_port}", "rtpstart = 20000": f"rtpstart = {s.rtp_start}",
                "rtpend = 23999": f"rtpend = {s.rtp_end}"}

    def write(self) -> None:
        """The how-to's files into ``etc``, and what every installation has; the how-to's link."""
        etc = self.root / "etc"
        for folder in (etc, *(self.root / name for name in ("lib/keys", "spool", "log", "run"))):
            folder.mkdir(parents=True)
        left = set(self.changes)
        for source in sorted((HOWTO / "own-asterisk").glob("*.conf")):
            text = source.read_text(encoding="utf-8")
            for old, new in self.changes.items():
                if old in text:
                    text, left = text.replace(old, new), left - {old}
            (etc / source.name).write_text(text, encoding="utf-8")
        assert not left, f"the how-to's files have no {left}"
        options = (etc / "asterisk.conf").read_text(encoding="utf-8")
        (etc / "asterisk.conf").write_text(self._folders() + options, encoding="utf-8")
        (etc / "modules.conf").write_text(MODULES, encoding="utf-8")
        (etc / "logger.conf").write_text("[logfiles]\nconsole => warning,error\n", encoding="utf-8")
        (self.root / "spool" / "recording").symlink_to(self.settings.recordings)
        for path in (self.root, *self.root.rglob("*")):
            self.who.own(path)

    def _folders(self) -> str:
        """Where this installation is."""
        values = self._asterisk.values()
        named = {"astetcdir": "ETC", "astmoddir": "MODULES", "astvarlibdir": "LIB", "astdbdir": "LIB",
                 "astkeydir": "LIB", "astdatadir": "SHARE", "astspooldir": "SPOOL", "astrundir": "RUN",
                 "astlogdir": "LOG"}
        return "\n".join(["[directories]", *(f"{key} => {values[value]}" for key, value in named.items()), ""])

    @contextmanager
    def running(self) -> Iterator[OwnAsterisk]:
        """Started by hand, and ended."""
        self.write()
        with (self.root / "log" / "console.log").open("wb") as log, _process(
                self._asterisk.command(), self.who, log):
            yield self

    def console(self, command: str) -> str:
        return self._asterisk.console(command)


class OwnPostgres:
    """A user's own PostgreSQL in ``folder``."""

    def __init__(self, folder: Path, port: int, who: Account) -> None:
        self.folder, self.port, self.who = folder, port, who

    @property
    def url(self) -> str:
        """As the how-to writes it, with this server's place."""
        written = re.search(r"DATABASE_URL=(\S+)", (HOWTO / "configure.md").read_text(encoding="utf-8"))
        assert written is not None
        return written.group(1).replace("db.example.com:5432", f"127.0.0.1:{self.port}")

    @contextmanager
    def running(self) -> Iterator[OwnPostgres]:
        """Started by hand, given the how-to's role and database, and ended."""
        self.folder.mkdir()
        secret = self.folder / "superuser"
        secret.write_text("superuser's own\n", encoding="ascii")
        for path in (self.folder, secret):
            self.who.own(path)
        cluster = self.folder / "cluster"
        subprocess.run([str(postgres.binaries() / "initdb"), "-D", str(cluster), "-U", "postgres", "-E", "UTF8",
                        "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={secret}"],
                       check=True, capture_output=True, **self.who.spawn_arguments())
        command = [str(postgres.binaries() / "postgres"), "-D", str(cluster), "-p", str(self.port),
                   "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (self.folder / "log").open("wb") as log, _process(command, self.who, log):
            self._as_the_how_to_says()
            yield self

    def _as_the_how_to_says(self) -> None:
        sql = re.search(r"```sql\n(.*?)```", (HOWTO / "configure.md").read_text(encoding="utf-8"), re.DOTALL)
        assert sql is not None
        superuser = f"postgresql://postgres:superuser's%20own@127.0.0.1:{self.port}/postgres"

        def connect() -> psycopg.Connection | None:
            try:
                return psycopg.connect(superuser, autocommit=True)
            except psycopg.OperationalError:
                return None

        connection = until(connect, 30, lambda: (self.folder / "log").read_text(errors="replace")[-2000:], every=0.1)
        assert connection is not None
        with connection:
            for statement in filter(str.strip, sql.group(1).split(";")):
                connection.execute(statement)  # type: ignore[arg-type]  # the how-to's own words


@contextmanager
def _process(command: list[str], who: Account, log: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,  # type: ignore[call-overload]
                               start_new_session=True, cwd="/", env=os.environ | {"HOME": "/"},
                               **who.spawn_arguments())
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
