"""The doors of the API: who asks, and whether he may."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyCookie

from dealerline.apps.accounts.models import Person
from dealerline.apps.common.errors import NotAllowed, Problem


class SignedIn(APIKeyCookie):
    """A session of an active person; changes need the CSRF header."""

    param_name = "dealerline_session"

    def authenticate(self, request: HttpRequest, key: str | None) -> Person | None:
        user = request.user
        if not isinstance(user, Person) or not user.is_active:
            return None
        if user.must_change_password and not request.path.startswith(("/api/me", "/api/session")):
            raise Problem("password_old", "请先修改初始密码。", "Change your first password before going on.",
                          status=403)
        return user


class Visitor(APIKeyCookie):
    """Anybody, but changes need the CSRF header: nobody can be signed in by another site's form."""

    param_name = "dealerline_session"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return request.user if request.user.is_authenticated else "visitor"


signed_in = SignedIn()
visitor = Visitor()


def person_of(request: HttpRequest) -> Person:
    """The signed-in person behind a route that ``signed_in`` guards."""
    user = request.user
    if not isinstance(user, Person):
        raise NotAllowed
    return user


def need(request: HttpRequest, permission: str, store: int | None = None) -> Person:
    """The person, who must hold the permission (in that store, or in any). Raises NotAllowed."""
    person = person_of(request)
    if not person.can(permission, store):
        raise NotAllowed
    return person
