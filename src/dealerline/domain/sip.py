"""SIP accounts: the password of each follows from the installation's secret, so that none is stored or shown."""

from __future__ import annotations

import hashlib
import hmac


def password(secret: str, username: str) -> str:
    """The SIP password of a browser, a desk phone or the doctor, 32 hexadecimal digits. ``secret``: secrets/sip.

    The rule stands in docs/architecture.md, SIP accounts: phones were set up with it, so it does not change.
    """
    return hmac.new(secret.encode(), username.encode(), hashlib.sha256).hexdigest()[:32]
