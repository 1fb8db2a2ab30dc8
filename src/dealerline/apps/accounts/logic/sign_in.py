"""Signing in: password, lock-out, second factor. Every attempt is audited."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from dealerline.apps.accounts.models import Person
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import Problem


def client_address(request: HttpRequest) -> str:
    """Who asks. The edge sets X-Real-IP and overwrites what a client sent; nothing else reaches the web's port."""
    return request.headers.get("X-Real-IP") or str(request.META.get("REMOTE_ADDR", ""))


def seconds_locked(username: str, address: str) -> int:
    """How long this user name stays locked for this address; 0 when it is not."""
    limit = int(settings.AXES_FAILURE_LIMIT)
    attempt = AccessAttempt.objects.filter(
        username=username, ip_address=address or None,
        failures_since_start__gte=limit).order_by("-attempt_time").first()
    if attempt is None:
        return 0
    left = attempt.attempt_time + settings.AXES_COOLOFF_TIME - timezone.now()
    return max(0, int(left.total_seconds()) + 1)


def locked(seconds: int) -> Problem:
    """What a locked-out person is told."""
    minutes = max(1, round(seconds / 60))
    return Problem("locked", f"密码错误次数过多，请约 {minutes} 分钟后再试，或联系管理员。",
                   f"Too many wrong passwords: try again in about {minutes} min, or ask an administrator.",
                   status=429, extra={"seconds": seconds})


def locked_response(request: HttpRequest, response: Any = None, credentials: dict[str, Any] | None = None,
                    *args: Any, **kwargs: Any) -> HttpResponse:
    """For the back office's own sign-in form, which axes guards by itself."""
    username = (credentials or {}).get("username", "")
    problem = locked(seconds_locked(username,
                                    client_address(request)) or int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return JsonResponse(problem.as_json(), status=problem.status)


def has_second_factor(person: Person) -> bool:
    """Whether a confirmed second factor is set up."""
    return bool(TOTPDevice.objects.filter(user=person, confirmed=True).exists())


def sign_in(request: HttpRequest, username: str, password: str, code: str = "") -> Person:
    """Open a session. Raises Problem: wrong, locked (with seconds), code_needed, code_wrong."""
    username, address = username.strip(), client_address(request)
    left = seconds_locked(username, address)
    if left:
        audit.record(request, "sign_in_locked", username=username)
        raise locked(left)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, Person):
        left = seconds_locked(username, address)
        audit.record(request, "sign_in_locked" if left else "sign_in_failed", username=username)
        raise locked(left) if left else Problem(
            "wrong", "用户名或密码不正确。", "The user name or the password is wrong.", status=401)
    _check_code(request, user, code)
    login(request, user)
    audit.record(request, "sign_in", person=user, store=user.store_id)
    return user


def _check_code(request: HttpRequest, person: Person, code: str) -> None:
    """The second factor, if he has one. The device itself slows down guessing."""
    device = TOTPDevice.objects.filter(user=person, confirmed=True).first()
    if device is None:
        return
    if not code:
        raise Problem("code_needed", "请输入验证器应用中的六位数字。",
                      "Enter the six digits of your authenticator app.",
                      status=401)
    allowed, why = device.verify_is_allowed()
    if not allowed:
        until = (why or {}).get("locked_until") or datetime.now(UTC)
        raise locked(max(1, int((until - timezone.now()).total_seconds()) + 1))
    if not device.verify_token(code.replace(" ", "")):
        audit.record(request, "sign_in_failed", person=person, username=person.username, detail={"step": "code"})
        raise Problem("code_wrong", "验证码不正确或已过期。", "That code is wrong or has expired.", status=401)
