"""What other apps may use of leads."""

from __future__ import annotations

from dealerline.apps.leads.logic.choices import ensure_defaults

__all__ = ["ensure_defaults"]
