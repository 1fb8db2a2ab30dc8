"""A call in which more than two talked, as one stereo file: left the customer, right everybody he heard.

The rule of the file: only what the customer said or heard comes into it. Talks of two (recorded as two sides) and
tracks with the customer as audience are put on the call's time axis, from the first talk to the last, by the times of
the journal. Where two pieces of one voice overlap, the later one counts from its beginning; an inside track ends a
heard one too.
It is mixed block by block, so that a call of hours needs no more memory than one of minutes; and it is made anew from
the same pieces with the same result.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.utils import timezone

from dealerline.apps.calls.logic.recordings import (
    KEEP_BY_DEFAULT,
    PEAKS_A_SECOND,
    PEAKS_AT_MOST,
    RATE,
    Peaks,
    day_folder,
    file_of,
    put_blocks,
    wav_header,
)
from dealerline.apps.calls.models import Call, CallLeg, Event, Recording, Track
from dealerline.apps.organisation.facade import retention_days

BLOCK_SECONDS = 30
LEFT, RIGHT = 0, 1
UNFINISHED = ("recording", "stopped")

Spans = list[tuple[float, float]]
Mixed = npt.NDArray[np.int16]


@dataclass(slots=True)
class Piece:
    """A stretch of one voice. ``channel``: of its file; ``start`` and ``end`` in epoch seconds; ``quiet``: not then."""

    path: Path
    channel: int
    start: float
    end: float
    side: int
    voice: str
    heard: bool
    sha256: str
    quiet: Spans


def whole_id(call: UUID) -> UUID:
    """The id of a call's whole: always the same."""
    return uuid5(call, "whole")


def holds(call: UUID) -> Spans:
    """When the customer heard music because somebody had put him on hold, in epoch seconds."""
    found: Spans = []
    since: float | None = None
    rows = Event.objects.filter(call=call, kind__in=("hold.started", "hold.ended", "call.ended")).order_by("seq", "at")
    for kind, at in rows.values_list("kind", "at"):
        if kind == "hold.started":
            since = since if since is not None else at.timestamp()
        elif since is not None:
            found.append((since, at.timestamp()))
            since = None
    return found


def pieces_of(call: UUID) -> list[Piece]:
    """Every voice that was kept, also inside ones (not heard: they end heard ones of the same voice)."""
    away = holds(call)
    found = []
    for talk in Recording.objects.filter(call=call, kind="talk", state="joined", started_at__isnull=False):
        assert talk.started_at is not None
        start = talk.started_at.timestamp()
        for side, voice in ((LEFT, "customer"), (RIGHT, f"person-{talk.agent_id}")):
            found.append(Piece(file_of(talk.path), side, start, start + talk.seconds, side, voice, True, talk.sha256,
                               away if side == RIGHT else []))
    for track in Track.objects.filter(call=call, state="joined", started_at__isnull=False):
        assert track.started_at is not None
        start, own = track.started_at.timestamp(), track.role == "customer"
        voice = "customer" if own else f"person-{track.agent_id}" if track.agent_id else track.party
        found.append(Piece(file_of(track.path), 0, start, start + track.seconds, LEFT if own else RIGHT, voice,
                           track.audience == "customer", track.sha256, []))
    found = sorted((piece for piece in found if piece.path.is_file()), key=lambda piece: (piece.start, piece.voice))
    last: dict[str, Piece] = {}
    for piece in found:
        before = last.get(piece.voice)
        if before is not None and before.end > piece.start:
            before.end = piece.start
        last[piece.voice] = piece
    return found


def axis(call: UUID, sounds: Spans) -> tuple[float, float]:
    """From the first talk (or the first of the sounds) to the last, in epoch seconds."""
    talks = CallLeg.objects.filter(call=call, started_at__isnull=False).values_list("started_at", "ended_at")
    starts = [since for since, _ in sounds] + [since.timestamp() for since, _ in talks if since]
    ends = [until for _, until in sounds] + [until.timestamp() for _, until in talks if until]
    start = min(starts, default=0.0)
    return start, max([start, *ends])


def build(call: UUID) -> str:
    """Make the whole of that call, if it is time; the state it has afterwards ("" when there is none to make).

    Harmless when it is there already. Raises DiskFull: try again.
    """
    tracks, talks = Track.objects.filter(call=call), Recording.objects.filter(call=call, kind="talk")
    ended = Call.objects.filter(pk=call, ended_at__isnull=False).first()
    if ended is None or not tracks.exists():
        return ""
    if tracks.filter(state__in=UNFINISHED).exists() or talks.filter(state__in=UNFINISHED).exists():
        return ""
    with transaction.atomic():
        Recording.objects.get_or_create(pk=whole_id(call), defaults={"call": ended, "kind": "whole",
                                                                     "state": "stopped"})
        row = Recording.objects.select_for_update(of=("self",)).get(pk=whole_id(call))
        pieces = pieces_of(call)
        sources = sorted({piece.sha256 for piece in pieces if piece.heard})
        if row.state == "expired" or (row.state in ("joined", "missing") and row.sources == sources):
            return row.state
        row.sources = sources
        if not sources:
            row.state, row.reason = "missing", "no file of any voice"
        else:
            _make(row, pieces)
            days = retention_days(ended.store_id) or KEEP_BY_DEFAULT
            row.delete_after = (row.started_at or timezone.now()) + timedelta(days=days)
        row.save()
    return row.state


def build_for(*, recording: str = "", track: str = "") -> str:
    """The same, of the call to which that talk or track belongs."""
    rows = Track.objects.filter(pk=track) if track else Recording.objects.filter(pk=recording)
    call = rows.values_list("call", flat=True).first()
    return build(call) if call is not None else ""


def _make(row: Recording, pieces: list[Piece]) -> None:
    start, end = axis(row.call_id, [(piece.start, piece.end) for piece in pieces])
    row.started_at = datetime.fromtimestamp(start, UTC)
    stem = f"{day_folder(row.started_at)}/{row.pk}"
    row.path, row.peaks_path = f"{stem}.wav", f"{stem}.peaks.json"
    length = max(1, round((end - start) * RATE))
    loud: list[npt.NDArray[np.int32]] = []
    heard = [piece for piece in pieces if piece.heard]

    def blocks() -> Iterator[bytes]:
        yield wav_header(length, 2)
        for first in range(0, length, BLOCK_SECONDS * RATE):
            block = mix(heard, start, first, min(BLOCK_SECONDS * RATE, length - first))
            loud.append(_loudest(block))
            yield block.astype("<i2").tobytes()

    kept = put_blocks(blocks(), 44 + length * 4, file_of(row.path), lambda: _peaks(loud, length),
                      file_of(row.peaks_path))
    row.sha256, row.bytes, row.seconds = kept.sha256, kept.bytes, round(length / RATE, 3)
    row.state, row.reason, row.joined_at = "joined", "", timezone.now()


def mix(pieces: list[Piece], start: float, first: int, count: int) -> Mixed:
    """``count`` stereo samples of the axis from sample ``first`` on. ``start``: of the axis, in epoch seconds."""
    sides = np.zeros((count, 2), dtype=np.int32)
    for piece in pieces:
        offset = round((piece.start - start) * RATE)
        begin, stop = max(first, offset), min(first + count, offset + round((piece.end - piece.start) * RATE))
        if begin >= stop:
            continue
        voice = _read(piece, begin - offset, stop - begin).astype(np.int32)
        for since, until in piece.quiet:
            quiet_from, quiet_to = (round((at - start) * RATE) - begin for at in (since, until))
            voice[max(0, quiet_from):max(0, quiet_to)] = 0
        sides[begin - first:begin - first + len(voice), piece.side] += voice
    return np.clip(sides, -32768, 32767).astype(np.int16)


def _read(piece: Piece, at: int, count: int) -> Mixed:
    with wave.open(str(piece.path)) as file:
        if at >= file.getnframes():
            return np.zeros(0, dtype=np.int16)
        file.setpos(at)
        frames = np.frombuffer(file.readframes(count), dtype="<i2")
        return frames[piece.channel::file.getnchannels()]


def _loudest(block: Mixed) -> npt.NDArray[np.int32]:
    """The loudest sample of each twentieth of a second, each side."""
    edges = np.arange(0, len(block), RATE // PEAKS_A_SECOND)
    loudest: npt.NDArray[np.int32] = np.maximum.reduceat(np.abs(block.astype(np.int32)), edges, axis=0)
    return loudest


def _peaks(loud: list[npt.NDArray[np.int32]], length: int) -> Peaks:
    every = np.concatenate(loud)
    count = min(PEAKS_AT_MOST, len(every))
    edges = np.linspace(0, len(every), count + 1).astype(int)[:-1]
    drawn = np.maximum.reduceat(every, edges, axis=0)
    left, right = ([round(float(value) / 32768, 3) for value in drawn[:, side]] for side in (LEFT, RIGHT))
    return {"seconds": round(length / RATE, 3), "left": left, "right": right}


def due(now: datetime) -> list[UUID]:
    """Calls of the last week whose whole should be there and is not: a job was lost, or the disk was full."""
    recent = Track.objects.filter(state="joined", started_at__gt=now - timedelta(days=7),
                                  call__ended_at__lt=now - timedelta(minutes=2))
    made = Recording.objects.filter(kind="whole", state__in=("joined", "expired", "missing"))
    found = recent.exclude(call__in=made.values("call")).values_list("call", flat=True).distinct()
    return list(found[:200])
