"""What other apps may use of the first run."""

from __future__ import annotations

from dealerline.apps.setup.logic.defaults import add_flow, load_defaults, prompt_sound

__all__ = ["add_flow", "load_defaults", "prompt_sound"]
