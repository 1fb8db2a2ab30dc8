"""Where everything is and listens: one place, standard library only, read by every process.

Order, last wins: the defaults below; ``dealerline.toml`` (see ``dealerline.example.toml``; the file that
``DEALERLINE_CONFIG`` names, else the one beside the checkout's ``dealerline`` script, else the one in the data folder);
``run/ports.json`` in the data folder; the environment (``DEALERLINE_<FIELD>``, upper case; ``DATABASE_URL``).
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from dealerline.domain import sip

PACKAGE = Path(__file__).resolve().parent
"""The folder of this very package, wherever in the checkout it lies."""
CHECKOUT = next(folder for folder in PACKAGE.parents if (folder / "pyproject.toml").is_file())
"""The checkout, or the copy of it that the service account can enter."""
PYTHON_PATH = os.pathsep.join(dict.fromkeys((str(PACKAGE.parent), str(CHECKOUT))))
"""For processes of ours that are started from here: finds this package, the simulator and the benches."""


class SettingsError(ValueError):
    """A setting is unknown or has an impossible value; the text says which and what is wanted."""


def _default_folder(root_path: str, xdg: str, home_path: str) -> Path:
    if os.geteuid() == 0:
        return Path(root_path)
    base = os.environ.get(xdg)
    return (Path(base) if base else Path.home() / home_path) / "dealerline"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every port, folder and outside service. Ports are TCP on ``bind`` unless said otherwise."""

    data: Path
    cache: Path
    host: str = "localhost"  # the name browsers use; anything but localhost turns TLS on
    bind: str = "127.0.0.1"  # the address that listens for people (edge) and, with sip_bind, for phones
    http_port: int = 8080  # the only port browsers need: pages, /api, /desk, /sip, recordings
    tls_cert: str = ""  # own certificate and key (PEM); empty: self-signed when TLS is on
    tls_key: str = ""
    web_port: int = 8081
    switch_port: int = 8082
    speech_port: int = 8083
    asterisk_http_port: int = 8088  # ARI and SIP over WebSocket, loopback only, reached through the edge
    ami_port: int = 8038  # Asterisk manager, loopback only: starts and stops recorders
    sip_bind: str = "127.0.0.1"
    sip_port: int = 5060  # UDP and TCP: carriers and desk phones
    rtp_start: int = 20000  # UDP
    rtp_end: int = 23999
    postgres_port: int = 5480
    database_url: str = ""  # postgresql://...; empty: the embedded PostgreSQL
    asterisk_url: str = ""  # http://host:port of an Asterisk that already runs; empty: our own child
    asterisk_user: str = "dealerline"
    asterisk_password: str = ""  # empty: the generated one in secrets/
    ami_address: str = ""  # host:port of that Asterisk's manager
    carrier_sip_port: int = 5070  # the simulator's Asterisk: carrier, customers, outside phones
    carrier_http_port: int = 8098
    carrier_rtp_start: int = 24000
    carrier_rtp_end: int = 27999
    simulator_port: int = 8099  # the simulator's control HTTP
    speech_fetch: bool = True  # fetch the neural voices (160 MB) once a text must be spoken that shipped as no audio
    web_threads: int = 8
    language: str = "zh-hans"
    timezone: str = "Asia/Shanghai"
    min_free_mb: int = 512  # below this much free disk no recording starts and an alarm is shown
    log_level: str = "INFO"
    hooks_inside: str = ""  # inside addresses that web hooks may call: "10.1.2.3, 192.168.5.0/24"; empty: none
    user: str = "dealerline"  # when started by root: the account the children run as (made if missing)
    demo: bool = False

    # folders ------------------------------------------------------------------------------------------------------
    @property
    def secrets(self) -> Path:
        """Generated at first start; files of mode 0600: django, ari, ami, sip, desk, internal, postgres."""
        return self.data / "secrets"

    @property
    def run(self) -> Path:
        """ports.json, supervisor.json (state of each child), directory.json (the switch's configuration), sockets."""
        return self.data / "run"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def spool(self) -> Path:
        """The journal on its way to the database: append-only segments, removed once they are in."""
        return self.data / "spool"

    @property
    def recordings(self) -> Path:
        """``raw/`` one file a side while a call lasts, ``YYYY/MM/DD/`` joined stereo files, ``voicemail/``."""
        return self.data / "recordings"

    @property
    def media(self) -> Path:
        """Uploaded and synthesised prompts, music."""
        return self.data / "media"

    @property
    def photos(self) -> Path:
        """Pictures that people took of visits; served only to those who see the record they belong to."""
        return self.data / "photos"

    @property
    def debroot(self) -> Path:
        """The unpacked Debian tree that Asterisk, nginx, sox, espeak-ng and sftp run from."""
        return self.cache / "debroot"

    @property
    def exchange(self) -> Path:
        """Uploaded lists on their way in, and exports until they expire."""
        return self.data / "exchange"

    @property
    def inbox(self) -> Path:
        """One folder a connected system, into which it drops its files: see docs/howto/import.md."""
        return self.data / "inbox"

    # derived ------------------------------------------------------------------------------------------------------
    @property
    def tls(self) -> bool:
        return self.host not in ("localhost", "127.0.0.1", "::1")

    @property
    def origin(self) -> str:
        """What a browser's address bar shows, without a trailing slash."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        return f"{scheme}://{self.host}" + ("" if self.http_port == usual else f":{self.http_port}")

    @property
    def database(self) -> str:
        """The database's address: ``database_url``, else the embedded one with its generated password."""
        if self.database_url:
            return self.database_url
        return f"postgresql://dealerline:{self.secret('postgres')}@127.0.0.1:{self.postgres_port}/dealerline"

    def sip_password(self, username: str) -> str:
        """The SIP password of a browser, desk phone or the doctor, derived so that none is stored or shown."""
        return sip.password(self.secret("sip"), username)

    def secret(self, name: str) -> str:
        """The generated secret of that name. Raises SettingsError when it was never made."""
        try:
            return (self.secrets / name).read_text(encoding="ascii").strip()
        except OSError as error:
            raise SettingsError(f"secret {name!r} is missing in {self.secrets}: run ./dealerline up once") from error


PORT_FIELDS = tuple(f.name for f in fields(Settings) if f.name.endswith("_port"))


def _convert(name: str, kind: str, value: Any) -> Any:
    try:
        if kind == "Path":
            return Path(str(value)).expanduser()
        if kind == "int":
            return int(value)
        if kind == "bool":
            return value if isinstance(value, bool) else str(value).lower() in ("1", "true", "yes", "on")
        return str(value)
    except ValueError as error:
        raise SettingsError(f"{name} must be a number, not {value!r}") from error


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises SettingsError on an unknown name or impossible value."""
    env = os.environ if environ is None else environ
    kinds = {f.name: str(f.type) for f in fields(Settings)}
    settings = Settings(
        data=_default_folder("/var/lib/dealerline", "XDG_DATA_HOME", ".local/share"),
        cache=_default_folder("/var/cache/dealerline", "XDG_CACHE_HOME", ".cache"),
    )

    def apply(values: Mapping[str, Any], source: str) -> None:
        nonlocal settings
        unknown = sorted(set(values) - set(kinds))
        if unknown:
            raise SettingsError(f"{source}: unknown setting {', '.join(unknown)}")
        settings = replace(settings, **{k: _convert(k, kinds[k], v) for k, v in values.items()})

    named = {k[11:].lower(): v for k, v in env.items() if k.startswith("DEALERLINE_")}
    named = {k: v for k, v in named.items() if k in kinds}
    if env.get("DATABASE_URL"):
        named.setdefault("database_url", env["DATABASE_URL"])
    early = {k: v for k, v in named.items() if k in ("data", "cache")}
    apply(early, "environment")
    candidates = [env["DEALERLINE_CONFIG"]] if env.get("DEALERLINE_CONFIG") else [
        str(CHECKOUT / "dealerline.toml"), str(settings.data / "dealerline.toml")]
    for candidate in candidates:
        path = Path(candidate)
        if path.is_file():
            try:
                apply(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
            except tomllib.TOMLDecodeError as error:
                raise SettingsError(f"{path}: {error}") from error
            break
        if env.get("DEALERLINE_CONFIG"):
            raise SettingsError(f"DEALERLINE_CONFIG names {path}, which does not exist")
    apply(early, "environment")
    ports = settings.run / "ports.json"
    if ports.is_file():
        apply(json.loads(ports.read_text(encoding="utf-8")), str(ports))
    apply(named, "environment")
    return settings
