"""From an engine's samples to a file for the telephone: 8 kHz, mono, 16 bits, one loudness for all prompts."""

from __future__ import annotations

import os
import subprocess
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dealerline.runtime.tree import Tree, TreeError
from dealerline.speech.errors import EngineError

TELEPHONE_RATE = 8000
TARGET_LEVEL = -20.0  # dBFS, mean power of the parts that are not silent
HIGHEST_PEAK = -1.0  # dBFS
_FRAME = 160  # 20 ms at 8 kHz

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pcm:
    """Mono samples, -1..1, at ``rate`` hertz."""

    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class Measure:
    """What a listener would notice: length in s, levels in dBFS, clipped samples, longest silence in s."""

    seconds: float
    level: float
    peak: float
    clipped: int
    longest_silence: float


def _decibel(value: float) -> float:
    return 20 * float(np.log10(max(value, 1e-9)))


def measure(samples: Samples, rate: int = TELEPHONE_RATE) -> Measure:
    """Levels of mono samples; silence is a 20 ms frame below -45 dBFS."""
    if not len(samples):
        return Measure(0.0, -180.0, -180.0, 0, 0.0)
    frame = max(1, rate // 50)
    powers = np.array([float(np.mean(samples[i : i + frame] ** 2)) for i in range(0, len(samples), frame)])
    speaking = powers > 10 ** (-45 / 10)
    level = 10 * float(np.log10(powers[speaking].mean())) if speaking.any() else -180.0
    longest = run = 0
    for loud in speaking:
        run = 0 if loud else run + 1
        longest = max(longest, run)
    peak = float(np.abs(samples).max())
    clipped = int((np.abs(samples) >= 32767 / 32768).sum())
    return Measure(len(samples) / rate, level, _decibel(peak), clipped, longest * frame / rate)


def levelled(samples: Samples) -> Samples:
    """The same sound at `TARGET_LEVEL`, less where that would drive a peak over `HIGHEST_PEAK`."""
    now = measure(samples)
    if now.level <= -100:
        return samples
    gain = min(TARGET_LEVEL - now.level, HIGHEST_PEAK - now.peak)
    return np.asarray(samples * 10 ** (gain / 20), np.float32)


def sox_command(debroot: Path) -> list[str]:
    """How to run sox: from the Debian tree. Raises EngineError when it is not there."""
    try:
        return Tree(debroot).command("usr/bin/sox")
    except TreeError as error:
        raise EngineError(str(error)) from error


def for_telephone(pcm: Pcm, sox: Sequence[str]) -> Samples:
    """Band-limited to what a telephone carries and resampled to 8 kHz, levelled. Raises EngineError when sox fails.

    The gain before the filters leaves headroom: without it single samples clip in the filters.
    """
    command = [
        *sox, "-t", "raw", "-r", str(pcm.rate), "-e", "floating-point", "-b", "32", "-c", "1", "-",
        "-t", "raw", "-r", str(TELEPHONE_RATE), "-e", "floating-point", "-b", "32", "-c", "1", "-",
        "gain", "-6", "highpass", "200", "lowpass", "3400",
    ]  # fmt: skip
    try:
        run = subprocess.run(command, input=pcm.samples.astype("<f4").tobytes(), capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"sox: {error}") from error
    if run.returncode:
        raise EngineError(f"sox: {run.stderr.decode(errors='replace').strip()[-300:]}")
    return levelled(np.frombuffer(run.stdout, "<f4").astype(np.float32))


def telephone(debroot: Path) -> Callable[[Pcm], Samples]:
    """`for_telephone` with the tree's sox, found when it is first needed."""
    return lambda pcm: for_telephone(pcm, sox_command(debroot))


def tone(hertz: float, seconds: float) -> Samples:
    """A tone at 8 kHz at half amplitude with 10 ms ramps, so that it does not click."""
    at = np.arange(int(seconds * TELEPHONE_RATE)) / TELEPHONE_RATE
    ramp = np.clip(np.minimum(at, seconds - at) / 0.01, 0, 1)
    return np.asarray(0.25 * ramp * np.sin(2 * np.pi * hertz * at), np.float32)


def write_wav(path: Path, samples: Samples) -> None:
    """Write 8 kHz mono 16-bit, wholly or not at all: to a temporary name beside it, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with wave.open(str(part), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(TELEPHONE_RATE)
            out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_wav(path: Path) -> Pcm:
    """A mono 16-bit file. Raises EngineError for anything else."""
    try:
        with wave.open(str(path), "rb") as source:
            if source.getnchannels() != 1 or source.getsampwidth() != 2:
                raise EngineError(f"{path.name} is not mono 16-bit")
            data = source.readframes(source.getnframes())
            return Pcm(np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768), source.getframerate())
    except (OSError, EOFError, wave.Error) as error:
        raise EngineError(f"{path.name}: {error}") from error
