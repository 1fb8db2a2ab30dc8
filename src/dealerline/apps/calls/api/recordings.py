"""Listening: rights first, then the audit log, then the edge sends the file (with ranges)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from dealerline.apps.accounts.facade import Person, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.calls.logic.calls import access_call, may_listen
from dealerline.apps.calls.logic.recordings import checksum, file_of
from dealerline.apps.calls.models import Recording
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


def _ready(row: Recording) -> None:
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
    """The stereo file (left: customer, right: agent), with ranges."""
    row = access_recording(person_of(request), recording)
    _ready(row)
    if is_beginning(request):
        audit.record(request, "listen", object_type="recording", object_id=row.pk, store=row.call.store_id,
                     detail={"call": str(row.call_id)})
    return send_file(row.path)


@router.get("/recordings/{recording}/peaks",
            response={200: PeaksOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut, 410: ProblemOut})
def peaks(request: HttpRequest, recording: UUID) -> Any:
    """The waveform."""
    row = access_recording(person_of(request), recording)
    _ready(row)
    try:
        return json.loads(file_of(row.peaks_path).read_text())
    except (OSError, ValueError):
        return {"seconds": row.seconds, "left": [], "right": []}


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
