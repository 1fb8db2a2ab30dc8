"""What other apps may use of duplicates."""

from __future__ import annotations

from dealerline.apps.duplicates.logic.following import now_called

__all__ = ["now_called"]
