"""The product's children: how each is started and asked for its health. See docs/architecture.md."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from dealerline.runtime import health
from dealerline.runtime.nodes import Child
from dealerline.settings import Settings

ALL = ("postgres", "asterisk", "web", "scribe", "switch", "worker", "speech", "edge", "carrier", "simulator")
OUTSIDE_WORLD = ("carrier", "simulator")


def _python(module: str, *arguments: str) -> list[str]:
    """The interpreter's path comes in when the children are made: it depends on their account."""
    return ["python", "-m", module, *arguments]


def _postgres(s: Settings) -> Child:
    return Child("postgres", {"zh": "数据库", "en": "Database"}, _python("dealerline.runtime.postgres"),
                 health.postgres(s.postgres_port, "dealerline", "dealerline"), needs=("folders",),
                 # SIGINT: a fast shutdown; SIGTERM would wait for every client to leave by itself.
                 stop_signal=signal.SIGINT, stop_seconds=20, hung_seconds=0)


def _asterisk(s: Settings) -> Child:
    return Child("asterisk", {"zh": "Asterisk 媒体引擎", "en": "Asterisk"}, _python("dealerline.runtime.asterisk"),
                 asterisk_check(s), needs=("folders", "tree"), hung_seconds=0)


def asterisk_check(s: Settings) -> health.Check:
    """Whether Asterisk's ARI answers, be it ours or one that already ran."""

    async def check() -> str:
        url = urlsplit(s.asterisk_url) if s.asterisk_url else None
        password = s.asterisk_password or s.secret("ari")
        return await health.http(
            url.port or 80 if url else s.asterisk_http_port, "/ari/asterisk/info?only=status",
            user=s.asterisk_user, password=password, host=(url.hostname or "127.0.0.1") if url else "127.0.0.1")()

    return check


def _web(s: Settings) -> Child:
    command = _python(
        "gunicorn", "dealerline.config.wsgi", "--bind", f"127.0.0.1:{s.web_port}", "--worker-class", "gthread",
        "--workers", "1", "--preload", "--threads", str(s.web_threads), "--timeout", "60", "--graceful-timeout", "5",
        "--keep-alive", "75", "--forwarded-allow-ips", "127.0.0.1", "--no-control-socket",
        "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else str(s.run))
    return Child("web", {"zh": "网页与接口", "en": "Pages and API"}, command, health.http(s.web_port, "/api/health"),
                 needs=("records",), env={"DEALERLINE_PROCESS": "web"})


def _scribe(s: Settings) -> Child:
    async def check() -> str:
        return "" if (s.run / "directory.json").exists() else "has not written the configuration yet"

    return Child("scribe", {"zh": "流水记录员", "en": "Scribe"}, _python("dealerline.adapters.scribe"), check,
                 needs=("records",))


def _switch(s: Settings) -> Child:
    return Child("switch", {"zh": "呼叫引擎", "en": "Switch"}, _python("dealerline.switch"),
                 health.http(s.switch_port, "/health"), needs=("asterisk", "scribe"))


def _worker(s: Settings) -> Child:
    return Child("worker", {"zh": "后台任务", "en": "Worker"}, _python("dealerline.adapters.worker"),
                 needs=("records",), nice=5)


def _speech(s: Settings) -> Child:
    return Child("speech", {"zh": "语音合成", "en": "Speech"}, _python("dealerline.speech"),
                 health.http(s.speech_port, "/health"), needs=("folders", "tree"), nice=10)


def _edge(s: Settings) -> Child:
    return Child("edge", {"zh": "入口", "en": "Edge"}, _python("dealerline.runtime.edge"),
                 health.http(s.http_port, "/", tls=s.tls, host=_reach(s.bind)), needs=("tree", "pages"),
                 as_root=s.http_port < 1024)


def _reach(bind: str) -> str:
    """An address at which a server bound to ``bind`` can be asked from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)


def _carrier(s: Settings) -> Child:
    return Child("carrier", {"zh": "模拟运营商", "en": "Simulated carrier"}, _python("simulator.asterisk"),
                 health.http(s.carrier_http_port, "/ari/asterisk/info", accept=(200, 401)),
                 needs=("folders", "tree"), hung_seconds=0)


def _simulator(s: Settings) -> Child:
    return Child("simulator", {"zh": "模拟器", "en": "Simulator"}, _python("simulator"),
                 health.http(s.simulator_port, "/health", accept=(200, 404)), needs=("carrier",))


# The settings' fields of the ports each child listens on.
PORTS: dict[str, tuple[str, ...]] = {
    "postgres": ("postgres_port",), "asterisk": ("asterisk_http_port", "ami_port", "sip_port"), "web": ("web_port",),
    "switch": ("switch_port",), "speech": ("speech_port",), "edge": ("http_port",),
    "carrier": ("carrier_http_port", "carrier_sip_port"), "simulator": ("simulator_port",)}

_MAKERS: dict[str, Callable[[Settings], Child]] = {
    "postgres": _postgres, "asterisk": _asterisk, "web": _web, "scribe": _scribe, "switch": _switch,
    "worker": _worker, "speech": _speech, "edge": _edge, "carrier": _carrier, "simulator": _simulator}


def wanted(settings: Settings, *, simulated: bool) -> list[str]:
    """The children these settings ask for: what runs elsewhere is left out, and the outside world unless asked for."""
    left_out = set()
    if settings.database_url:
        left_out.add("postgres")
    if settings.asterisk_url:
        left_out.add("asterisk")
    if not simulated:
        left_out |= set(OUTSIDE_WORLD)
    return [name for name in ALL if name not in left_out]


def children(settings: Settings, names: Collection[str], python: str) -> list[Child]:
    """The named children, run by this interpreter. Raises KeyError for an unknown name."""
    made = [_MAKERS[name](settings) for name in names]
    return [replace(child, command=[python, *child.command[1:]]) for child in made]
