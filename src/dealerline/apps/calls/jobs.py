"""Jobs about calls, run by the worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


@app.task(name="join_recording", retry=RetryStrategy(max_attempts=10, wait=1, linear_wait=5))
def join_recording(recording: str) -> None:
    """Join the two sides of a recording.

    See logic/recordings.py. Comes back by itself after an error, and by the sweep.
    """
    from dealerline.apps.calls.logic import journal, recordings, whole

    try:
        recordings.join(recording)
        whole.build_for(recording=recording)
    except recordings.DiskFull:
        journal.raise_alarm("recording.disk_full", "", {"recording": recording})
        raise


@app.task(name="keep_track", retry=RetryStrategy(max_attempts=10, wait=1, linear_wait=5))
def keep_track(track: str) -> None:
    """Keep one voice's track; with the last one of an ended call, make the whole. See logic/tracks.py, whole.py."""
    from dealerline.apps.calls.logic import journal, recordings, tracks, whole

    try:
        tracks.keep(track)
        whole.build_for(track=track)
    except recordings.DiskFull:
        journal.raise_alarm("recording.disk_full", "", {"track": track})
        raise


@app.periodic(cron="* * * * *")
@app.task(name="sweep_recordings", pass_context=False)
def sweep_recordings(timestamp: int) -> None:
    """Whatever was left lying: ends that were never told, joins that failed, messages without a checksum."""
    from dealerline.apps.calls.logic import journal, recordings, tracks, whole

    now = timezone.now()
    recordings.orphans(now)
    tracks.orphans(now)
    old = now - timedelta(minutes=2)
    work: list[tuple[Callable[[str], object], str]] = [(recordings.join, key) for key in recordings.waiting(old)]
    work += [(tracks.keep, key) for key in tracks.waiting(old)]
    work += [(lambda key: whole.build(UUID(key)), str(key)) for key in whole.due(now)]
    for step, key in work:
        try:
            step(key)
        except recordings.StillWriting:
            continue
        except recordings.DiskFull:
            journal.raise_alarm("recording.disk_full", "", {"recording": key})
            break
    recordings.seal_messages()


@app.periodic(cron="30 2 * * *")
@app.task(name="expire_recordings", pass_context=False)
def expire_recordings(timestamp: int) -> None:
    """Remove recordings whose time is over, by each store's rule."""
    from dealerline.apps.audit.facade import record
    from dealerline.apps.calls.logic import recordings

    count = recordings.expire(timezone.now())
    if count:
        record(None, "purge", object_type="recording", detail={"expired": count})
