"""The back office: Django's admin, in our colours and words, opened by role instead of by Django's permissions."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dealerline.apps.common.admin import stores_of
from dealerline.apps.organisation.facade import warn_of_missing_holidays


class BackOffice(AdminSite):
    """The site; what each screen may do is decided by its ModelAdmin (see apps/common/admin.py)."""

    site_header = _("Dealerline back office")
    site_title = _("Back office")
    index_title = _("Settings")
    site_url = "/"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only our own screens: what packages bring (lock-outs, jobs) would show machinery without our scopes."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        ours = [model for model in models if model.__module__.startswith("dealerline.")]
        if ours:
            super().register(ours, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """In the order in which a centre is set up."""
        order = ["organisation", "accounts", "calls", "routing", "backlog", "leads", "flows", "audit"]
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: order.index(app["app_label"]) if app["app_label"] in order else len(order))

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The first page also says what is due."""
        if request.method == "GET" and stores_of(request, "organisation.edit").every:
            warn_of_missing_holidays(request)
        return super().index(request, extra_context)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and getattr(user, "is_staff", False) and not getattr(user, "must_change_password",
                                                                                        False))

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """There is one way to sign in, with lock-out and second factor: the desk's page."""
        if request.user.is_authenticated:
            return render(request, "admin/no_access.html", {"title": _("No access"), "has_permission": False},
                          status=403)
        wanted = request.GET.get("next", "/admin/")
        return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={quote(wanted)}")

    def logout(self, request: HttpRequest, extra_context: object = None) -> Any:
        """Back to the desk, which signs out."""
        return HttpResponseRedirect("/")


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """The other language, for this browser and this person."""
    wanted = request.POST.get("language", "")
    target = request.POST.get("next", "/admin/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/admin/"
    response = HttpResponseRedirect(target)
    if wanted in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, wanted, max_age=365 * 86400, samesite="Lax",
                            secure=settings.SESSION_COOKIE_SECURE)
    return response
