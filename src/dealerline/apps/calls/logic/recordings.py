"""Recordings from two raw sides to one stereo file that can be proved unaltered; and their end when their time is over.

The rule of the file: the raw sides stay until the joined file is on the disk, read back and found right. Every step
can be repeated: dying anywhere leaves either the sides or the verified file. A full disk leaves the sides and an
alarm, and the job comes back.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import struct
import wave
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dealerline.apps.calls.models import Call, Recording, Track, VoiceMessage
from dealerline.apps.organisation.facade import retention_days

log = logging.getLogger(__name__)

RATE = 8000
PEAKS_A_SECOND = 20
PEAKS_AT_MOST = 4000
KEEP_BY_DEFAULT = 365
SETTLE_SECONDS = 1.0

Samples = npt.NDArray[np.int16]
Peaks = dict[str, float | list[float]]


class DiskFull(Exception):
    """There is no room for the joined file; the sides are kept."""


class NoSides(Exception):
    """Neither side has a file."""


class StillWriting(Exception):
    """The recorder has not put the last words down yet."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A verified stereo file. ``seconds`` from its samples."""

    sha256: str
    bytes: int
    seconds: float


def root() -> Path:
    """The recordings folder."""
    return Path(settings.DEALERLINE.recordings)


def file_of(path: str) -> Path:
    """The file of a stored path, relative to the recordings folder or absolute inside it.

    Nothing outside is ever given.
    """
    folder = root().resolve()
    found = (folder / path).resolve()
    return found if path and found.is_relative_to(folder) else folder / "nothing-here"


def checksum(path: Path) -> str:
    """SHA-256 in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1024 * 1024):
            digest.update(part)
    return digest.hexdigest()


def read_side(path: Path) -> Samples | None:
    """The samples of one side (8 kHz mono 16 bit), or None when there is no file.

    A recorder that was killed leaves a header that says 0 bytes: then everything behind the header counts.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if data[:4] != b"RIFF":
        return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2")  # raw signed linear
    start = data.find(b"data", 12)
    if start < 0 or len(data) < start + 8:
        return np.zeros(0, dtype=np.int16)
    said = struct.unpack_from("<I", data, start + 4)[0]
    body = data[start + 8:]
    if 0 < said < len(body):
        body = body[:said]
    return np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2")


def peaks_of(left: Samples, right: Samples) -> Peaks:
    """The loudest sample of each short stretch, 0 to 1, for drawing; at most PEAKS_AT_MOST a side."""
    seconds = len(left) / RATE
    count = int(min(PEAKS_AT_MOST, max(1, round(seconds * PEAKS_A_SECOND))))

    def peaks(side: Samples) -> list[float]:
        if not len(side):
            return []
        edges = np.linspace(0, len(side), min(count, len(side)) + 1).astype(int)[:-1]
        loudest = np.maximum.reduceat(np.abs(side.astype(np.int32)), edges)
        return [round(float(value) / 32768, 3) for value in loudest]

    return {"seconds": round(seconds, 3), "left": peaks(left), "right": peaks(right)}


def _write(path: Path, blocks: Iterable[bytes]) -> None:
    """Beside, synced, renamed. Raises DiskFull."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise


def wav_header(length: int, channels: int) -> bytes:
    """The 44 bytes before ``length`` samples of each channel."""
    body, frame = length * channels * 2, channels * 2
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + body, b"WAVE", b"fmt ", 16, 1, channels, RATE, RATE * frame,
                       frame, 16, b"data", body)


def wav(*sides: Samples) -> bytes:
    """A WAV of one side, or of several of equal length."""
    return wav_header(len(sides[0]), len(sides)) + np.stack(sides, axis=1).astype("<i2").tobytes()


def put_blocks(blocks: Iterable[bytes], size: int, target: Path, peaks: Callable[[], Peaks],
               peaks_path: Path) -> Joined:
    """A WAV of ``size`` bytes and its drawing (asked for once all blocks are out), synced and read back.

    Raises DiskFull.
    """
    if shutil.disk_usage(root()).free < size + 16 * 1024 * 1024:
        raise DiskFull
    digest = hashlib.sha256()

    def counted() -> Iterator[bytes]:
        for block in blocks:
            digest.update(block)
            yield block

    _write(target, counted())
    _write(peaks_path, [json.dumps(peaks(), separators=(",", ":")).encode()])
    if checksum(target) != digest.hexdigest():
        raise OSError(errno.EIO, "the file reads back differently", str(target))
    with wave.open(str(target)) as written:
        assert written.getnframes() * written.getnchannels() * 2 == size - 44
        return Joined(digest.hexdigest(), size, written.getnframes() / RATE)


def put_wav(data: bytes, peaks: Peaks, target: Path, peaks_path: Path) -> Joined:
    """The same, of a WAV that is in memory."""
    return put_blocks([data], len(data), target, lambda: peaks, peaks_path)


def join_files(customer: Path, agent: Path, target: Path, peaks: Path) -> Joined:
    """Left: customer, right: agent. The shorter side, or a missing one, is silence to the end (both begin together).

    Raises NoSides, DiskFull. The sides are not touched.
    """
    left, right = read_side(customer), read_side(agent)
    if left is None and right is None:
        raise NoSides
    left = np.zeros(0, dtype=np.int16) if left is None else left
    right = np.zeros(0, dtype=np.int16) if right is None else right
    length = max(len(left), len(right))
    left, right = (np.pad(side, (0, length - len(side))) for side in (left, right))
    return put_wav(wav(left, right), peaks_of(left, right), target, peaks)


def settled(*sides: Path) -> bool:
    """Whether no side has grown within the last second.

    The recorder closes its files a little after it is told to stop.
    """
    newest = max((side.stat().st_mtime for side in sides if side.is_file()), default=0.0)
    return timezone.now().timestamp() - newest >= SETTLE_SECONDS


def day_folder(at: datetime | None) -> str:
    """Below the recordings folder, by the day in the installation's zone."""
    return f"{timezone.localtime(at or timezone.now()):%Y/%m/%d}"


def _target(recording: Recording) -> tuple[str, str]:
    stem = f"{day_folder(recording.started_at)}/{recording.pk}"
    return f"{stem}.wav", f"{stem}.peaks.json"


def join(recording: str) -> str:
    """Join one recording; the state it has afterwards.

    Harmless when it is joined already. Raises StillWriting, DiskFull: try again.
    """
    with transaction.atomic():
        row = Recording.objects.select_for_update(of=("self",)).select_related("call").filter(
            pk=recording, kind="talk").first()
        if row is None or row.state not in ("stopped", "failed"):
            return row.state if row else "missing"
        customer, agent = file_of(row.customer_path), file_of(row.agent_path)
        if not settled(customer, agent):
            raise StillWriting
        row.path, row.peaks_path = _target(row)
        try:
            joined = join_files(customer, agent, file_of(row.path), file_of(row.peaks_path))
        except NoSides:
            row.path = row.peaks_path = ""
            if row.state != "failed":
                row.state, row.reason = "missing", row.reason or "no file of either side"
                log.error("recording %s has no files", row.pk)
        else:
            days = retention_days(row.call.store_id) or KEEP_BY_DEFAULT
            row.sha256, row.bytes, row.seconds = joined.sha256, joined.bytes, round(joined.seconds, 3)
            row.state, row.joined_at = "joined", timezone.now()
            row.delete_after = (row.started_at or timezone.now()) + timedelta(days=days)
        row.save()
    if row.state == "joined":
        for side in (customer, agent):  # committed: the sides have done their work
            with contextlib.suppress(OSError):
                side.unlink()
    return row.state


def waiting(older_than: datetime) -> list[str]:
    """Recordings that should have been joined and were not: their job was lost, or the disk was full."""
    rows = Recording.objects.filter(state="stopped", kind="talk").filter(started_at__lt=older_than)
    return [str(key) for key in rows.values_list("pk", flat=True)[:500]]


def orphans(now: datetime) -> list[str]:
    """Recordings whose end was never told although their files have not grown for ten minutes: marked as stopped.

    That is a talk during which everything died at once. The switch closes its calls when it comes back; this is for
    when it cannot.
    """
    found = []
    old = now - timedelta(minutes=10)
    for row in Recording.objects.filter(state="recording", kind="talk", started_at__lt=old)[:500]:
        times = [path.stat().st_mtime for path in (file_of(row.customer_path),
                                                   file_of(row.agent_path)) if path.is_file()]
        if not times and Call.objects.filter(pk=row.call_id, ended_at=None).exists():
            continue
        if not times or now.timestamp() - max(times) > 600:
            Recording.objects.filter(pk=row.pk, state="recording").update(state="stopped", reason="end not told")
            found.append(str(row.pk))
    return found


def expire(now: datetime) -> int:
    """Remove files whose time is over, of recordings and tracks; the rows stay and say so. How many."""
    return _expire(Recording, now) + _expire(Track, now)


def count_due(at: datetime) -> int:
    """How many will be over by then."""
    return sum(model._default_manager.filter(state="joined", delete_after__lt=at).count()
               for model in (Recording, Track))


def _expire(model: type[Recording] | type[Track], now: datetime) -> int:
    count = 0
    due = model._default_manager.filter(state="joined", delete_after__lt=now).order_by("delete_after")
    for row in due[:5000]:
        for path in (row.path, row.peaks_path):
            with contextlib.suppress(FileNotFoundError):
                file_of(path).unlink()
        count += model._default_manager.filter(pk=row.pk, state="joined").update(state="expired", path="",
                                                                                 peaks_path="")
    return count


def retime(store: int, days: int) -> int:
    """A store's rule changed: its recordings and tracks get their new end. How many."""
    return sum(model._default_manager.filter(call__store_id=store, state="joined", started_at__isnull=False).update(
        delete_after=F("started_at") + timedelta(days=days)) for model in (Recording, Track))


def seal_messages() -> int:
    """Checksums of voice messages that have none yet."""
    count = 0
    for row in VoiceMessage.objects.filter(sha256="").order_by("-left_at")[:200]:
        path = file_of(row.path)
        if path.is_file():
            count += VoiceMessage.objects.filter(pk=row.pk).update(sha256=checksum(path))
    return count
