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
import wave
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dealerline.apps.calls.models import Call, Recording, VoiceMessage
from dealerline.apps.organisation.facade import retention_days

log = logging.getLogger(__name__)

KEEP_BY_DEFAULT = 365
SETTLE_SECONDS = 1.0


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


def _write(path: Path, data: bytes) -> None:
    """Beside, synced, renamed. Raises DiskFull."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise


def join_files(customer: Path, agent: Path, target: Path, peaks: Path) -> Joined:
    """Left: customer, right: agent. The shorter side, or a missing one, is silence to the end (both begin together).

    Raises NoSides, DiskFull. The sides are not touched.
    """
    from dealerline.apps.calls.logic import stereo  # its numerical library costs the web's start 0.1 s

    sides = stereo.read_side(customer), stereo.read_side(agent)
    if sides[0] is None and sides[1] is None:
        raise NoSides
    left, right = stereo.of_one_length(*sides)
    data = stereo.wav(left, right)
    if shutil.disk_usage(root()).free < len(data) + 16 * 1024 * 1024:
        raise DiskFull
    _write(target, data)
    _write(peaks, json.dumps(stereo.peaks_of(left, right), separators=(",", ":")).encode())
    wanted = hashlib.sha256(data).hexdigest()
    if checksum(target) != wanted:
        raise OSError(errno.EIO, "the joined file reads back differently", str(target))
    with wave.open(str(target)) as written:
        assert (written.getnchannels(), written.getnframes()) == (2, len(left))
    return Joined(wanted, len(data), len(left) / stereo.RATE)


def _settled(*sides: Path) -> bool:
    """Whether no side has grown within the last second.

    The recorder closes its files a little after it is told to stop.
    """
    newest = max((side.stat().st_mtime for side in sides if side.is_file()), default=0.0)
    return timezone.now().timestamp() - newest >= SETTLE_SECONDS


def _target(recording: Recording) -> tuple[str, str]:
    """Paths below the recordings folder, by the day in the installation's zone."""
    day = timezone.localtime(recording.started_at or timezone.now())
    stem = f"{day:%Y/%m/%d}/{recording.pk}"
    return f"{stem}.wav", f"{stem}.peaks.json"


def join(recording: str) -> str:
    """Join one recording; the state it has afterwards.

    Harmless when it is joined already. Raises StillWriting, DiskFull: try again.
    """
    with transaction.atomic():
        row = Recording.objects.select_for_update(of=("self",)).select_related("call").filter(pk=recording).first()
        if row is None or row.state not in ("stopped", "failed"):
            return row.state if row else "missing"
        customer, agent = file_of(row.customer_path), file_of(row.agent_path)
        if not _settled(customer, agent):
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
    rows = Recording.objects.filter(state="stopped").filter(started_at__lt=older_than)
    return [str(key) for key in rows.values_list("pk", flat=True)[:500]]


def orphans(now: datetime) -> list[str]:
    """Recordings whose end was never told although their files have not grown for ten minutes: marked as stopped.

    That is a talk during which everything died at once. The switch closes its calls when it comes back; this is for
    when it cannot.
    """
    found = []
    for row in Recording.objects.filter(state="recording", started_at__lt=now - timedelta(minutes=10))[:500]:
        times = [path.stat().st_mtime for path in (file_of(row.customer_path),
                                                   file_of(row.agent_path)) if path.is_file()]
        if not times and Call.objects.filter(pk=row.call_id, ended_at=None).exists():
            continue
        if not times or now.timestamp() - max(times) > 600:
            Recording.objects.filter(pk=row.pk, state="recording").update(state="stopped", reason="end not told")
            found.append(str(row.pk))
    return found


def expire(now: datetime) -> int:
    """Remove files whose time is over; the rows stay and say so. How many."""
    count = 0
    due = Recording.objects.filter(state="joined", delete_after__lt=now).order_by("delete_after")
    for row in due[:5000]:
        for path in (row.path, row.peaks_path):
            with contextlib.suppress(FileNotFoundError):
                file_of(path).unlink()
        count += Recording.objects.filter(pk=row.pk, state="joined").update(state="expired", path="", peaks_path="")
    return count


def retime(store: int, days: int) -> int:
    """A store's rule changed: its recordings get their new end. How many."""
    return Recording.objects.filter(call__store_id=store, state="joined", started_at__isnull=False).update(
        delete_after=F("started_at") + timedelta(days=days))


def seal_messages() -> int:
    """Checksums of voice messages that have none yet."""
    count = 0
    for row in VoiceMessage.objects.filter(sha256="").order_by("-left_at")[:200]:
        path = file_of(row.path)
        if path.is_file():
            count += VoiceMessage.objects.filter(pk=row.pk).update(sha256=checksum(path))
    return count
