"""Sessions, the person himself, his second factor, the desk's ticket."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import logout, password_validation, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from ninja import Router, Schema
from pydantic import Field

from dealerline import __version__
from dealerline.apps.accounts.auth import person_of, signed_in, visitor
from dealerline.apps.accounts.logic import sign_in as signing
from dealerline.apps.accounts.logic import walls
from dealerline.apps.accounts.logic.masking import sees_numbers
from dealerline.apps.accounts.models import Person, WallScreen
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.outgoing import tell_switch
from dealerline.apps.common.schemas import Done, LockedOut, Plain, ProblemOut, Text
from dealerline.apps.organisation import facade as organisation

router = Router(tags=["session"])

TICKET_SECONDS = 60


class StoreOut(Schema):
    """A store he works with."""

    id: int
    code: str
    name: Text


class MeOut(Schema):
    """The signed-in person, with his rights."""

    id: int
    name: str
    username: str
    extension: str
    store: int | None
    stores: list[StoreOut]
    roles: list[str]
    permissions: list[str]
    masked: bool
    language: str
    must_change_password: bool
    second_factor: bool


class SessionOut(Schema):
    """What a page asks first."""

    signed_in: bool
    person: MeOut | None = None
    setup_needed: bool
    demo: bool
    csrf: str
    version: str


class SignInIn(Schema):
    username: Plain = Field(max_length=60)
    password: Plain = Field(max_length=200)
    code: Plain = Field("", max_length=12)


class MePatch(Schema):
    language: str = Field(pattern="^(zh-hans|en)$")


class PasswordIn(Schema):
    old: Plain = Field(max_length=200)
    new: Plain = Field(max_length=200)


class CodeIn(Schema):
    code: Plain = Field(max_length=12)


class TotpOut(Schema):
    """For the authenticator: as a link (drawn as a code) and as text to type."""

    url: str
    secret: str


class WallIn(Schema):
    key: Plain = Field(max_length=60)


class TicketOut(Schema):
    ticket: str


def me(person: Person) -> dict[str, Any]:
    """The person as the pages see him."""
    return {
        "id": person.pk, "name": person.name, "username": person.username, "extension": person.extension or "",
        "store": person.store_id, "stores": organisation.stores_seen_by(person), "roles": list(person.access.roles),
        "permissions": list(person.access.permissions), "masked": not sees_numbers(person, person.store_id),
        "language": person.language, "must_change_password": person.must_change_password,
        "second_factor": signing.has_second_factor(person)}


def _remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, samesite="Lax",
                        secure=settings.SESSION_COOKIE_SECURE)


def _mark(request: HttpRequest) -> str:
    """What tells this browser's session from others, and gives none of it away."""
    key = settings.DEALERLINE.secret("desk").encode()
    return hmac.new(key, (request.session.session_key or "").encode(), hashlib.sha256).hexdigest()[:24]


@router.get("/session", response=SessionOut, auth=None)
def session(request: HttpRequest) -> dict[str, Any]:
    """Whether somebody is signed in, and the CSRF token for what follows."""
    person = request.user if isinstance(request.user, Person) and request.user.is_active else None
    return {"signed_in": person is not None, "person": me(person) if person else None,
            "setup_needed": not organisation.set_up_finished(), "demo": settings.DEALERLINE.demo,
            "csrf": get_token(request), "version": __version__}


@router.post("/session", response={200: SessionOut, 401: ProblemOut, 429: LockedOut}, auth=visitor)
def open_session(request: HttpRequest, response: HttpResponse, data: SignInIn) -> dict[str, Any]:
    """Sign in. 401 ``wrong``, ``code_needed``, ``code_wrong``; 429 ``locked`` with the seconds."""
    person = signing.sign_in(request, data.username, data.password, data.code)
    _remember_language(response, person.language)
    return session(request)


@router.delete("/session", response=Done, auth=visitor)
def close_session(request: HttpRequest) -> dict[str, bool]:
    """Sign out; harmless when nobody is signed in. Other pages of this browser lose their connection, too."""
    if request.user.is_authenticated:
        audit.record(request, "sign_out")
        tell_switch("signed_out", {"session": _mark(request)})
    logout(request)
    return {"ok": True}


@router.get("/me", response=MeOut, auth=signed_in)
def get_me(request: HttpRequest) -> dict[str, Any]:
    """The signed-in person."""
    return me(person_of(request))


@router.patch("/me", response=MeOut, auth=signed_in)
def patch_me(request: HttpRequest, response: HttpResponse, data: MePatch) -> dict[str, Any]:
    """Choose the language."""
    person = person_of(request)
    person.language = data.language
    person.save(update_fields=["language"])
    _remember_language(response, data.language)
    return me(person)


@router.post("/me/password", response={200: Done, 400: ProblemOut}, auth=signed_in)
def change_password(request: HttpRequest, data: PasswordIn) -> dict[str, bool]:
    """Change the password; other sessions of the person end."""
    person = person_of(request)
    if not person.check_password(data.old):
        raise Problem("wrong", "原密码不正确。", "The present password is wrong.",
                      fields={"old": {"zh": "原密码不正确。", "en": "The present password is wrong."}})
    try:
        password_validation.validate_password(data.new, person)
    except ValidationError as error:
        raise Problem("weak", "新密码太弱：至少 10 位，不能太常见，也不能全是数字。",
                      "That password is too weak: at least 10 characters, not a common one, not digits only.",
                      fields={"new": {"zh": "密码太弱。", "en": " ".join(error.messages)}}) from error
    person.set_password(data.new)
    person.must_change_password = False
    person.save(update_fields=["password", "must_change_password"])
    update_session_auth_hash(request, person)
    audit.record(request, "password")
    return {"ok": True}


@router.post("/me/totp", response={200: TotpOut, 409: ProblemOut}, auth=signed_in)
def begin_totp(request: HttpRequest) -> dict[str, str]:
    """Begin to set up a second factor; it counts only once confirmed."""
    person = person_of(request)
    if signing.has_second_factor(person):
        raise Problem("totp_on", "已经启用两步验证；请先停用。", "A second factor is on already: take it off first.",
                      status=409)
    TOTPDevice.objects.filter(user=person, confirmed=False).delete()
    device = TOTPDevice.objects.create(user=person, name="authenticator", confirmed=False)
    return {"url": device.config_url, "secret": base64.b32encode(device.bin_key).decode().rstrip("=")}


@router.post("/me/totp/confirm", response={200: Done, 400: ProblemOut}, auth=signed_in)
def confirm_totp(request: HttpRequest, data: CodeIn) -> dict[str, bool]:
    """Confirm with a code, so that nobody locks himself out by a mistake."""
    person = person_of(request)
    device = TOTPDevice.objects.filter(user=person, confirmed=False).first()
    if device is None or not device.verify_token(data.code.replace(" ", "")):
        raise Problem("code_wrong", "验证码不正确，请核对手机时间后重试。",
                      "That code is wrong: check the clock of your phone and try again.")
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    audit.record(request, "second_factor", detail={"on": True})
    return {"ok": True}


@router.delete("/me/totp", response={200: Done, 400: ProblemOut}, auth=signed_in)
def remove_totp(request: HttpRequest, code: Plain = "") -> dict[str, bool]:
    """Take the second factor off; needs one last code, so that a borrowed session cannot do it."""
    person = person_of(request)
    device = TOTPDevice.objects.filter(user=person, confirmed=True).first()
    if device is not None:
        if not device.verify_token(code.replace(" ", "")):
            raise Problem("code_wrong", "验证码不正确或已过期。", "That code is wrong or has expired.")
        device.delete()
        audit.record(request, "second_factor", detail={"on": False})
    return {"ok": True}


@router.post("/wall/ticket", response={200: TicketOut, 403: ProblemOut}, auth=visitor)
def wall_ticket(request: HttpRequest, data: WallIn) -> dict[str, str]:
    """A ticket for a screen on a wall, by the key in its link. 403 ``wall_ended`` when the link was taken back."""
    secret = settings.DEALERLINE.secret("desk")
    wall = walls.found(data.key, secret)
    if wall is None:
        raise Problem("wall_ended", "此大屏链接已失效，请在后台重新获取。",
                      "This wall display's link is not valid any more. Get a new one in the back office.", status=403)
    WallScreen.objects.filter(pk=wall.pk).update(seen_at=timezone.now())
    return {"ticket": walls.ticket(wall, secret, int(time.time()) + TICKET_SECONDS)}


@router.post("/desk/ticket", response={200: TicketOut, 403: ProblemOut}, auth=signed_in)
def desk_ticket(request: HttpRequest) -> dict[str, str]:
    """A ticket for a page's socket, good for a minute: docs/reference/desk-protocol.md. His rights say what for."""
    person = person_of(request)
    payload = {"person": person.pk, "login": person.username, "exp": int(time.time()) + TICKET_SECONDS,
               "session": _mark(request)}
    text = base64.urlsafe_b64encode(json.dumps(payload, separators=(",", ":")).encode()).decode().rstrip("=")
    key = settings.DEALERLINE.secret("desk").encode()
    return {"ticket": f"{text}.{hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}"}


