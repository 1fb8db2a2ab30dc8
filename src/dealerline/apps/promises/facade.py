"""What other apps may use of promises and tasks."""

from __future__ import annotations

from dealerline.apps.promises.logic.messaging import Channel
from dealerline.apps.promises.logic.messaging import use as use_channel

__all__ = ["Channel", "use_channel"]
