"""The peer of the queue benchmarks: app_queue and its own recording on an Asterisk of the same build."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from bench.report import cpu_seconds
from dealerline.runtime.asterisk import Asterisk
from dealerline.settings import Settings

TEMPLATES = Path(__file__).resolve().parent / "peer_queue"


class PeerQueue:
    """An Asterisk with one queue. ``start`` takes the UDP ports where the members' phones listen."""

    name = "app_queue"
    number = "1000"

    def __init__(self, settings: Settings, sip_port: int, greeting: Path) -> None:
        self.settings, self.port, self.greeting = settings, sip_port, greeting
        self.root = settings.data / "peer"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def start(self, phones: dict[str, int], record: bool) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        members = "\n".join(
            f"[{name}]\ntype = aor\ncontact = sip:{name}@127.0.0.1:{port}\nqualify_frequency = 0\n"
            f"[{name}]\ntype = endpoint\naors = {name}\ndisallow = all\nallow = alaw\ndirect_media = no\n"
            for name, port in phones.items()
        )
        asterisk = Asterisk(
            self.settings,
            self.root,
            templates=TEMPLATES,
            values={
                "ARI_SECRET": "-",
                "AMI_SECRET": "-",
                "DOCTOR_SECRET": "-",
                "SIP_PORT": str(self.port),
                "RTP_START": str(self.settings.rtp_start),
                "RTP_END": str(self.settings.rtp_end),
                "MEMBERS": members,
                "QUEUE_MEMBERS": "\n".join(f"member => PJSIP/{name}" for name in phones),
                "RECORD": "wav" if record else "",
                "GREETING": str(self.greeting.with_suffix("")),
            },
        )
        asterisk.write_config()
        # Where app_queue's recorder writes: a folder of the peer's own, for counting.
        link = self.root / "spool" / "monitor"
        link.mkdir(parents=True, exist_ok=True)
        log = (self.root / "asterisk.log").open("wb")
        self._process = subprocess.Popen(asterisk.command(), stdout=log, stderr=log)
        limit = time.monotonic() + 30
        while True:
            try:
                if "fully booted" in asterisk.console("core waitfullybooted").lower():
                    return
            except RuntimeError:
                pass
            if time.monotonic() > limit or self._process.poll() is not None:
                raise RuntimeError(f"the peer's Asterisk did not start: see {self.root / 'asterisk.log'}")
            time.sleep(0.2)

    def recordings(self) -> int:
        """How many recordings with sound in them there are."""
        return sum(1 for f in (self.root / "spool" / "monitor").rglob("*.wav") if f.stat().st_size > 1000)

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        assert self._process
        return cpu_seconds(self._process.pid)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
