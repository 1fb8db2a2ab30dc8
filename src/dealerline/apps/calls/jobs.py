"""Jobs about calls, run by the worker."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


@app.task(name="join_recording", retry=RetryStrategy(max_attempts=10, wait=1, linear_wait=5))
def join_recording(recording: str) -> None:
    """Join the two sides of a recording.

    See logic/recordings.py. Comes back by itself after an error, and by the sweep.
    """
    from dealerline.apps.calls.logic import journal, recordings

    try:
        recordings.join(recording)
    except recordings.DiskFull:
        journal.raise_alarm("recording.disk_full", "", {"recording": recording})
        raise


@app.periodic(cron="* * * * *")
@app.task(name="sweep_recordings", pass_context=False)
def sweep_recordings(timestamp: int) -> None:
    """Whatever was left lying: ends that were never told, joins that failed, messages without a checksum."""
    from dealerline.apps.calls.logic import journal, recordings

    now = timezone.now()
    recordings.orphans(now)
    for recording in recordings.waiting(now - timedelta(minutes=2)):
        try:
            recordings.join(recording)
        except recordings.StillWriting:
            continue
        except recordings.DiskFull:
            journal.raise_alarm("recording.disk_full", "", {"recording": recording})
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
