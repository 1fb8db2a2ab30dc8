"""Django's settings, all derived from ``dealerline.settings`` and the generated secrets."""

from __future__ import annotations

import functools
import os
import secrets
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from dealerline import settings as product
from dealerline.runtime.tree import program

django_stubs_ext.monkeypatch()

DEALERLINE = product.load()
"""The product's own settings, for code that has Django's already."""
DEALERLINE_PROGRAM: Callable[[str], list[str]] = functools.partial(program, DEALERLINE.debroot)
"""``sftp`` and its like -> the command that runs it."""


def _secret_key() -> str:
    try:
        return DEALERLINE.secret("django")
    except product.SettingsError:
        # Type checking, unit tests and schema export run where nothing was set up. A key nobody knows is safe there:
        # no session survives the process. The supervisor makes the secret before it starts the web.
        return secrets.token_urlsafe(48)


def _database() -> dict[str, Any]:
    options: dict[str, Any] = {"connect_timeout": 3, "application_name": "dealerline"}
    if os.environ.get("DEALERLINE_PROCESS") == "web":
        # Only the web has threads that share connections. Commands and workers want the database's own error at once,
        # which a pool would turn into a time-out.
        options["pool"] = {"min_size": 1, "max_size": DEALERLINE.web_threads + 4, "timeout": 5, "max_lifetime": 3600}
        # The pop is a prepared statement whose planning costs three times its running; nothing else is prepared.
        options["options"] = "-c plan_cache_mode=force_generic_plan"
    common: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}
    if DEALERLINE.database_url:
        url = urlsplit(DEALERLINE.database_url)
        if url.scheme not in ("postgres", "postgresql"):
            raise product.SettingsError(f"DATABASE_URL must begin with postgresql://, not {url.scheme}://")
        common["OPTIONS"].update(parse_qsl(url.query))
        return common | {
            "NAME": unquote(url.path.lstrip("/")) or "dealerline", "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""), "HOST": url.hostname or "", "PORT": str(url.port or "")}
    try:
        password = DEALERLINE.secret("postgres")
    except product.SettingsError:
        password = ""
    return common | {"NAME": "dealerline", "USER": "dealerline", "PASSWORD": password, "HOST": "127.0.0.1",
                     "PORT": str(DEALERLINE.postgres_port)}


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = sorted({DEALERLINE.host, "localhost", "127.0.0.1", "[::1]"})
CSRF_TRUSTED_ORIGINS = [DEALERLINE.origin]
USE_X_FORWARDED_HOST = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO",
                           "https")  # set by our own edge, which overwrites what a client sent

INSTALLED_APPS = [
    "dealerline.config.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "procrastinate.contrib.django",
    "ninja",
    "dealerline.apps.organisation",
    "dealerline.apps.accounts",
    "dealerline.apps.customers",
    "dealerline.apps.history",
    "dealerline.apps.search",
    "dealerline.apps.flows",
    "dealerline.apps.calls",
    "dealerline.apps.routing",
    "dealerline.apps.backlog",
    "dealerline.apps.promises",
    "dealerline.apps.leads",
    "dealerline.apps.messaging",
    "dealerline.apps.audit",
    "dealerline.apps.segments",
    "dealerline.apps.exchange",
    "dealerline.apps.privacy",
    "dealerline.apps.duplicates",
    *[app for app in ("dealerline.apps.setup", "dealerline.apps.demo") if find_spec(app)],
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dealerline.config.middleware.PersonLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "dealerline.config.urls"
WSGI_APPLICATION = "dealerline.config.wsgi.application"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [product.PACKAGE / "config" / "templates"],
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]

DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# signing in -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher",
                    "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("username", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/sign-in"
SESSION_COOKIE_NAME = "dealerline_session"
SESSION_COOKIE_AGE = 14 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = DEALERLINE.tls
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "dealerline_csrf"
CSRF_FAILURE_VIEW = "dealerline.config.middleware.csrf_failure"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "dealerline.apps.accounts.logic.sign_in.locked_response"
AXES_CLIENT_IP_CALLABLE = "dealerline.apps.accounts.logic.sign_in.client_address"
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "Dealerline"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# languages and time -------------------------------------------------------------------------------------------------
LANGUAGE_CODE = DEALERLINE.language
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "dealerline_language"
LOCALE_PATHS = [product.CHECKOUT / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = DEALERLINE.timezone

# files --------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DEALERLINE.data / "static"
STATICFILES_DIRS = [product.PACKAGE / "config" / "static"]
MEDIA_ROOT = DEALERLINE.media

# jobs ---------------------------------------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# logs: one JSON object a line on stderr, which the supervisor rotates; no personal data -----------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "dealerline.config.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": DEALERLINE.log_level},
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "ERROR"}, "procrastinate": {"level": "WARNING"},
                "django.server": {"level": "WARNING"}, "psycopg.pool": {"level": "ERROR"}},
}
