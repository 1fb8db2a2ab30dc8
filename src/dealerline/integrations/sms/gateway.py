"""One HTTP request a message. The body is a template whose values have ``{number}``, ``{text}`` and ``{id}`` in them.

Placeholders are put in after the template was taken apart, so that no quotation mark or ``&`` of a text changes its
form. ``id`` is ours and the same in each attempt: a provider that knows it sends a repeated message once.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

TIMEOUT_SECONDS = 10.0
MOST_ANSWER = 64 * 1024
HINT = 160  # characters of an answer that are worth keeping


class SmsError(Exception):
    """Not sent. ``again``: whether another attempt may help. ``hint`` says why, without number or text."""

    def __init__(self, hint: str, again: bool) -> None:
        super().__init__(hint)
        self.hint, self.again = hint, again


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:  # the text goes nowhere but where it was meant to
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if isinstance(value, str):
        for name, text in values.items():  # a text that contains "{id}" is not filled in again: text comes last
            value = value.replace("{" + name + "}", text)
    return value


@dataclass(frozen=True, slots=True)
class Gateway:
    """A provider's way to take messages. ``headers``: lines ``Name: value``; ``accepted``: a piece that the answer to a
    message that was taken contains, "" when the status says it.
    """

    url: str
    body: str
    form: bool = False
    headers: str = ""
    accepted: str = ""

    def check(self) -> None:
        """Raises ValueError with the name of what is wrong: url, headers, body."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url")
        self._headers()
        text = self._body("+8613800000000", "x", "y").decode()
        if "{" not in self.body or "13800000000" not in text:
            raise ValueError("body")

    def _headers(self) -> dict[str, str]:
        found = {}
        for line in filter(str.strip, self.headers.splitlines()):
            name, colon, value = line.partition(":")
            if not colon or not name.strip().replace("-", "").isalnum():
                raise ValueError("headers")
            found[name.strip()] = value.strip()
        return found

    def _body(self, number: str, text: str, key: str) -> bytes:
        values = {"id": key, "number": number, "text": text}
        if self.form:
            pairs = parse_qsl(self.body.strip(), keep_blank_values=True)
            return urlencode([(name, _filled(value, values)) for name, value in pairs]).encode()
        try:
            template = json.loads(self.body)
        except ValueError as error:
            raise ValueError("body") from error
        return json.dumps(_filled(template, values), ensure_ascii=False).encode()

    def send(self, number: str, text: str, key: str) -> None:
        """Hand a message over. Raises SmsError."""
        kind = "application/x-www-form-urlencoded" if self.form else "application/json"
        try:
            request = urllib.request.Request(
                self.url, self._body(number, text, key), {"Content-Type": f"{kind}; charset=utf-8", **self._headers()},
                method="POST")
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                said = answer.read(MOST_ANSWER).decode(errors="replace")
        except urllib.error.HTTPError as error:
            raise SmsError(f"status {error.code}", again=error.code >= 500 or error.code == 429) from error
        except (OSError, http.client.HTTPException) as error:
            raise SmsError(type(error).__name__, again=True) from error
        except ValueError as error:
            raise SmsError(f"template: {error}", again=False) from error
        if self.accepted and self.accepted not in said:
            hint = said.replace(number, "").replace(text, "")
            raise SmsError(f"answer: {hint[:HINT]}", again=False)
