"""``python -m dealerline.switch``: the switch, put together with its adapters (dealerline/adapters/switch_main.py)."""

from __future__ import annotations

import sys

from dealerline.adapters.switch_main import main

if __name__ == "__main__":
    sys.exit(main())
