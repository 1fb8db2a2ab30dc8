"""The demo stands on the same database as the tests of the records."""

from __future__ import annotations

from tests.integration.records.conftest import database, django_db_modify_db_settings, product

__all__ = ["database", "django_db_modify_db_settings", "product"]
