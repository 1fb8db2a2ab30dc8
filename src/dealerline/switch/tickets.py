"""Tickets: how a page that signed in at the web process proves to the switch who it is (see
docs/reference/desk-protocol.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, replace


class BadTicket(ValueError):
    """The ticket is not ours, damaged, or too old; ``code`` says which: ``bad_ticket`` or ``old_ticket``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Ticket:
    person: int
    login: str
    exp: float
    wall: int = 0  # a screen on a wall, instead of a person
    serial: int = 0
    session: str = ""  # the browser's session that it was made in


def make(person: int, login: str, exp: float, secret: str, session: str = "") -> str:
    """A ticket good until ``exp`` (epoch seconds)."""
    said = {"person": person, "login": login, "exp": exp, **({"session": session} if session else {})}
    body = base64.urlsafe_b64encode(json.dumps(said).encode()).decode()
    return f"{body}.{_sign(body, secret)}"


def read(text: str, secret: str, now: float) -> Ticket:
    """Who the ticket speaks for. Raises BadTicket."""
    body, dot, signature = text.partition(".")
    if not dot or not hmac.compare_digest(_sign(body, secret).encode(), signature.encode("utf-8", "replace")):
        raise BadTicket("bad_ticket")
    try:
        data = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        ticket = Ticket(int(data["person"]), str(data["login"]), float(data["exp"]))
        if "wall" in data:
            ticket = replace(ticket, wall=int(data["wall"]), serial=int(data["serial"]))
        if "session" in data:
            ticket = replace(ticket, session=str(data["session"]))
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise BadTicket("bad_ticket") from error
    if ticket.exp < now:
        raise BadTicket("old_ticket")
    return ticket


def _sign(body: str, secret: str) -> str:
    return hmac.new(secret.encode(), body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
