"""Jobs about calls, run by the worker."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.task(name="join_recording", retry=5)
def join_recording(recording: str) -> None:
    """Join the two sides of a recording; see logic/recordings.py."""
    from dealerline.apps.calls.logic.recordings import join

    join(recording)
