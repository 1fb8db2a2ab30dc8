"""One voice's track from the raw file to a kept one that can be proved unaltered.

The rule of the file: a track holds what was said within its time and nothing else. What its recorder wrote beyond the
end that the journal tells (or that follows from it) is left away, for by then the voice was in another room, or the
recording was paused while a card's number was said. The raw file stays until the kept one is read back.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from dealerline.apps.calls.logic.recordings import (
    KEEP_BY_DEFAULT,
    RATE,
    StillWriting,
    day_folder,
    file_of,
    peaks_of,
    put_wav,
    read_side,
    settled,
    wav,
)
from dealerline.apps.calls.models import Call, Track
from dealerline.apps.organisation.facade import retention_days

log = logging.getLogger(__name__)

TAIL_SECONDS = 0.1
"""The recorder is told to stop when the track ends, and stops a little later; a last syllable may be in it."""


def keep(track: str) -> str:
    """Keep one track; the state it has afterwards. Harmless when it is kept already.

    Raises StillWriting, DiskFull: try again.
    """
    with transaction.atomic():
        row = Track.objects.select_for_update(of=("self",)).select_related("call").filter(pk=track).first()
        if row is None or row.state not in ("stopped", "failed"):
            return row.state if row else "missing"
        raw = file_of(row.raw_path)
        if not settled(raw):
            raise StillWriting
        voice = read_side(raw)
        if voice is None:
            if row.state != "failed":
                row.state, row.reason = "missing", row.reason or "no file"
                log.error("track %s has no file", row.pk)
        else:
            if row.seconds > 0:
                voice = voice[: round((row.seconds + TAIL_SECONDS) * RATE)]
            stem = f"{day_folder(row.started_at)}/{row.pk}"
            row.path, row.peaks_path = f"{stem}.wav", f"{stem}.peaks.json"
            kept = put_wav(wav(voice), peaks_of(voice, voice[:0]), file_of(row.path), file_of(row.peaks_path))
            days = retention_days(row.call.store_id) or KEEP_BY_DEFAULT
            row.sha256, row.bytes, row.seconds = kept.sha256, kept.bytes, round(kept.seconds, 3)
            row.state, row.joined_at = "joined", timezone.now()
            row.delete_after = (row.started_at or timezone.now()) + timedelta(days=days)
        row.save()
    if row.state == "joined":
        with contextlib.suppress(OSError):
            raw.unlink()
    return row.state


def waiting(older_than: datetime) -> list[str]:
    """Tracks that should have been kept and were not: their job was lost, or the disk was full."""
    rows = Track.objects.filter(state="stopped", started_at__lt=older_than)
    return [str(key) for key in rows.values_list("pk", flat=True)[:500]]


def orphans(now: datetime) -> list[str]:
    """Tracks whose end was never told although their file has not grown for ten minutes: marked as stopped."""
    found = []
    for row in Track.objects.filter(state="recording", started_at__lt=now - timedelta(minutes=10))[:500]:
        raw = file_of(row.raw_path)
        written = raw.stat().st_mtime if raw.is_file() else None
        if written is None and Call.objects.filter(pk=row.call_id, ended_at=None).exists():
            continue
        if written is None or now.timestamp() - written > 600:
            Track.objects.filter(pk=row.pk, state="recording").update(state="stopped", reason="end not told")
            found.append(str(row.pk))
    return found
