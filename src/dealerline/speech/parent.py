"""Ending with the process that started us. Standard library only: also used in the voices' own environment."""

from __future__ import annotations

import ctypes
import signal
import sys


def die_with_parent(how: signal.Signals) -> None:
    """Have Linux send us ``how`` once our parent is gone, however it went. Elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(1, how)  # 1: PR_SET_PDEATHSIG
