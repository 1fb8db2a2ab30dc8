"""Three doors: the API, the back office, and the catalogue of JavaScript texts that Django's own widgets want."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from dealerline.config.api import api

urlpatterns = [
    path("api/", api.urls),
    path("admin/", admin.site.urls),
]
