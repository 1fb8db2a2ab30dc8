"""How a screen on a wall shows who it is: a key in its link, that can be taken back.

The rule of the file: the key is derived, so it is stored nowhere and can be shown again to whoever manages the screen;
a new serial number, or a screen that is not active, ends the old link, here and in the switch.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from dealerline.apps.accounts.models import WallScreen


def key_of(wall: WallScreen, secret: str) -> str:
    """What stands in its link."""
    text = f"wall:{wall.pk}:{wall.serial}"
    return f"{wall.pk}.{hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]}"


def found(key: str, secret: str) -> WallScreen | None:
    """The active screen with that key, or None."""
    number = key.partition(".")[0]
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    wall = WallScreen.objects.filter(pk=int(number), active=True).first()
    return wall if wall is not None and hmac.compare_digest(key_of(wall, secret).encode(), key.encode()) else None


def ticket(wall: WallScreen, secret: str, exp: int) -> str:
    """A ticket for the switch: docs/reference/desk-protocol.md."""
    payload = {"person": 0, "login": "wall", "exp": exp, "wall": wall.pk, "serial": wall.serial}
    text = base64.urlsafe_b64encode(json.dumps(payload, separators=(",", ":")).encode()).decode().rstrip("=")
    return f"{text}.{hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}"
