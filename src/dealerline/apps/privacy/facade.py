"""What other apps may use of privacy."""

from __future__ import annotations

from dealerline.apps.privacy.logic.consents import erased, may_contact, may_disturb, may_ring, reason, write
from dealerline.apps.privacy.logic.erasing import was_erased

__all__ = ["erased", "may_contact", "may_disturb", "may_ring", "reason", "was_erased", "write"]
