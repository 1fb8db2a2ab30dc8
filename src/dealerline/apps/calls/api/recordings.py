"""Listening: rights first, then the audit log, then the edge sends the file (with ranges)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Router, Schema

from dealerline.apps.accounts.facade import Person, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.calls.logic import cutting
from dealerline.apps.calls.logic.calls import access_call, may_listen, own_spans
from dealerline.apps.calls.logic.recordings import checksum, file_of
from dealerline.apps.calls.logic.whole import holds
from dealerline.apps.calls.models import Recording, Track
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.schemas import ProblemOut

router = Router(tags=["recordings"])

PROTECTED = "/protected-recordings/"
"""The edge's internal location over settings.recordings."""


class PeaksOut(Schema):
    """Loudness for drawing: 0 to 1, evenly spread over the seconds."""

    seconds: float
    left: list[float]
    right: list[float]


class CheckOut(Schema):
    """Whether the file is what was recorded."""

    ok: bool
    sha256: str
    expected: str


def access_recording(person: Person, recording: UUID) -> Recording:
    """The recording, if he may listen. NotFound for outsiders, NotAllowed for colleagues without the right."""
    row = Recording.objects.select_related("call").filter(pk=recording).first()
    if row is None:
        raise NotFound
    access_call(person, row.call_id)
    if not may_listen(person, row.call, row):
        raise NotAllowed
    return row


def send_file(path: str, content_type: str = "audio/wav") -> HttpResponse:
    """An answer that tells the edge to send a file below the recordings folder."""
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = PROTECTED + quote(path)
    response["Cache-Control"] = "private, no-store"
    return response


def is_beginning(request: HttpRequest) -> bool:
    """Whether a request begins to listen, rather than fetching the next range."""
    wanted = request.headers.get("Range", "")
    return not wanted or wanted.startswith("bytes=0-")


def _quiet(person: Person, row: Recording) -> cutting.Quiet:
    """What of the recording is silent for him."""
    spans = own_spans(person, row.call) if row.kind == "whole" else None
    if spans is None:
        return cutting.Quiet()
    start = row.started_at.timestamp() if row.started_at else 0.0
    gaps = cutting.outside([(since - start, until - start) for since, until in spans], row.seconds)
    return cutting.Quiet(gaps, gaps)


def send_part(request: HttpRequest, path: Path, quiet: cutting.Quiet) -> HttpResponse:
    """The file with its quiet parts, at most a megabyte at a time: players ask for the next piece by themselves."""
    size = path.stat().st_size
    wanted = re.fullmatch(r"bytes=(\d{1,18})-(\d{0,18})", request.headers.get("Range", "bytes=0-").strip())
    first = int(wanted[1]) if wanted else 0
    if first >= size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    last = min(int(wanted[2]) if wanted and wanted[2] else size - 1, size - 1, first + cutting.BLOCK - 1)
    response = HttpResponse(cutting.read(path, first, max(0, last - first + 1), quiet), content_type="audio/wav",
                            status=206)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    return response


def access_track(person: Person, track: UUID) -> Track:
    """The track, for who may listen to the store's calls: it may be an inside one."""
    row = Track.objects.select_related("call").filter(pk=track).first()
    if row is None:
        raise NotFound
    access_call(person, row.call_id)
    if row.call.store_id not in person.stores_for("calls.listen"):
        raise NotAllowed
    _ready(row)
    return row


@router.get("/tracks/{track}/audio",
            response={200: None, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut, 410: ProblemOut})
def track_audio(request: HttpRequest, track: UUID) -> HttpResponse:
    """One voice's file, with ranges; audited."""
    row = access_track(person_of(request), track)
    if is_beginning(request):
        audit.record(request, "listen", object_type="track", object_id=row.pk, store=row.call.store_id,
                     detail={"call": str(row.call_id), "audience": row.audience})
    return send_file(row.path)


@router.get("/tracks/{track}/check",
            response={200: CheckOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut, 410: ProblemOut})
def track_check(request: HttpRequest, track: UUID) -> dict[str, Any]:
    """Compare the track's file with the checksum taken when it was kept."""
    row = access_track(person_of(request), track)
    found = checksum(file_of(row.path))
    audit.record(request, "listen", object_type="track", object_id=row.pk, store=row.call.store_id,
                 detail={"check": found == row.sha256})
    return {"ok": found == row.sha256, "sha256": found, "expected": row.sha256}


def _ready(row: Recording | Track) -> None:
    if row.state == "joined" and file_of(row.path).is_file():
        return
    if row.state in ("recording", "stopped"):
        raise Problem("not_ready", "录音正在整理，请稍候。", "The recording is being made ready: a moment.", status=409)
    raise Problem("gone", "录音文件已不在（到期删除或录音失败）。",
                  "There is no file any more: its time was over, or recording failed.",
                  status=410)


@router.get("/recordings/{recording}/audio",
            response={200: None, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut, 410: ProblemOut})
def audio(request: HttpRequest, recording: UUID) -> HttpResponse:
    """The stereo file (left: customer, right: agent; of a whole call everybody the customer heard), with ranges.

    Of a whole call an agent gets his own talks; the rest is silent.
    """
    person = person_of(request)
    row = access_recording(person, recording)
    _ready(row)
    if is_beginning(request):
        audit.record(request, "listen", object_type="recording", object_id=row.pk, store=row.call.store_id,
                     detail={"call": str(row.call_id)})
    quiet = _quiet(person, row)
    return send_part(request, file_of(row.path), quiet) if quiet else send_file(row.path)


@router.get("/recordings/{recording}/copy",
            response={200: None, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut, 410: ProblemOut})
def copy(request: HttpRequest, recording: UUID) -> StreamingHttpResponse:
    """A copy for the customer, to save: what he said and heard and nothing else; audited as an export."""
    person = person_of(request)
    row = access_recording(person, recording)
    if row.call.store_id not in person.stores_for("calls.export"):
        raise NotAllowed
    _ready(row)
    audit.record(request, "export", object_type="recording", object_id=row.pk, store=row.call.store_id,
                 detail={"call": str(row.call_id)})
    path, start = file_of(row.path), row.started_at.timestamp() if row.started_at else 0.0
    away = tuple((since - start, until - start) for since, until in holds(row.call_id)) if row.kind == "talk" else ()
    response = StreamingHttpResponse(cutting.stream(path, cutting.Quiet(right=away)), content_type="audio/wav")
    day = timezone.localtime(row.started_at or timezone.now())
    response["Content-Disposition"] = f'attachment; filename="call-{day:%Y%m%d-%H%M%S}.wav"'
    response["Content-Length"] = str(path.stat().st_size)
    response["Cache-Control"] = "private, no-store"
    return response


@router.get("/recordings/{recording}/peaks",
            response={200: PeaksOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut, 410: ProblemOut})
def peaks(request: HttpRequest, recording: UUID) -> Any:
    """The waveform."""
    person = person_of(request)
    row = access_recording(person, recording)
    _ready(row)
    try:
        drawn = json.loads(file_of(row.peaks_path).read_text())
    except (OSError, ValueError):
        return {"seconds": row.seconds, "left": [], "right": []}
    return cutting.quiet_peaks(drawn, _quiet(person, row))


@router.get("/recordings/{recording}/check",
            response={200: CheckOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut, 410: ProblemOut})
def check(request: HttpRequest, recording: UUID) -> dict[str, Any]:
    """Compare the file with the checksum taken when it was joined."""
    row = access_recording(person_of(request), recording)
    _ready(row)
    found = checksum(file_of(row.path))
    audit.record(request, "listen", object_type="recording", object_id=row.pk, store=row.call.store_id,
                 detail={"check": found == row.sha256})
    return {"ok": found == row.sha256, "sha256": found, "expected": row.sha256}
