"""Two doors: the API and the back office."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from dealerline.config.api import api
from dealerline.config.back_office import choose_language

urlpatterns = [
    path("api/", api.urls),
    path("admin/language/", choose_language, name="back_office_language"),
    path("admin/", admin.site.urls),
]
