"""The language of a request, and what a request with a wrong CSRF token is told."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation

Handler = Callable[[HttpRequest], HttpResponse]


def language_of(request: HttpRequest) -> str:
    """The person's choice (a cookie, set at sign-in and by the switch on each page), else the browser's, else the
    installation's.
    """
    wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    known = dict(settings.LANGUAGES)
    if wanted in known:
        return wanted
    accepted = request.headers.get("Accept-Language", "").lower()
    if not accepted:
        return settings.LANGUAGE_CODE
    first = accepted.split(",")[0].strip()
    return "zh-hans" if first.startswith("zh") else "en" if first.startswith("en") else settings.LANGUAGE_CODE


class PersonLanguageMiddleware:
    """Activates the request's language."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A plain answer in both languages; pages fetch a new token and repeat."""
    text = {"zh": "页面已过期，请刷新后重试。", "en": "This page is out of date: reload it and try again."}
    return JsonResponse({"code": "csrf", "text": text, "fields": {}}, status=403)
