"""Jobs run by the worker (procrastinate). Each app's jobs are in its ``jobs.py``."""

from __future__ import annotations

import procrastinate


def on_app_ready(app: procrastinate.App) -> None:
    """Called by procrastinate when Django is ready."""
