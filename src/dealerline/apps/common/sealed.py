"""Columns that must not be readable in a copy of the database: carriers' passwords.

Sealed with a key derived from the installation's secret (secrets/django), so a dump alone gives nothing away. Whoever
loses the secret types the passwords again: a value that cannot be opened reads as "".
"""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models

log = logging.getLogger(__name__)


def _box() -> Fernet:
    digest = hashlib.sha256(b"dealerline sealed columns\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(text: str) -> str:
    """The sealed form of ``text``; "" stays ""."""
    return _box().encrypt(text.encode()).decode() if text else ""


def unseal(token: str) -> str:
    """The text inside, or "" when it was sealed with another secret."""
    if not token:
        return ""
    try:
        return _box().decrypt(token.encode()).decode()
    except InvalidToken:
        log.warning("a sealed column could not be opened: secrets/django is not the one it was sealed with")
        return ""


class SealedTextField(models.TextField[str, str]):
    """A text column whose stored form is sealed."""

    def get_prep_value(self, value: Any) -> Any:
        return seal(str(value)) if value else ""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        return unseal(value or "")
