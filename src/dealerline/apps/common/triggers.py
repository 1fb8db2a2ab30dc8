"""Triggers as migration operations.

``tells_switch``: any change of a configuration table is told on the channel ``dealerline_config``, whoever made it
(the back office, the API, psql), and the scribe writes a new directory for the switch.

``append_only``: a table nobody may rewrite. Deleting is possible only inside a transaction that says why
(``SET LOCAL dealerline.purge = 'demo'``), which only the demo's removal does; changing one likewise (``'erase'``), to
take a person out who asked for it, or what was kept long enough (``'merge'``: to move it to the customer he is).
"""

from __future__ import annotations

from django.db import migrations

CONFIG_CHANNEL = "dealerline_config"

CONFIG_FUNCTION = f"""
CREATE OR REPLACE FUNCTION dealerline_config_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{CONFIG_CHANNEL}', TG_TABLE_NAME);
    RETURN NULL;
END $$;
"""

APPEND_ONLY_FUNCTION = """
CREATE OR REPLACE FUNCTION dealerline_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('dealerline.purge', true) = 'demo' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('dealerline.purge', true) IN ('erase', 'merge') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: rows are neither changed nor removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""


def tells_switch(table: str, columns: str = "") -> migrations.RunSQL:
    """A trigger on ``table`` that tells of changes; with ``columns`` only of updates to those (comma separated)."""
    update = f"UPDATE OF {columns}" if columns else "UPDATE"
    return migrations.RunSQL(
        CONFIG_FUNCTION
        + f"DROP TRIGGER IF EXISTS tells_switch ON {table};"
        + f"CREATE TRIGGER tells_switch AFTER INSERT OR {update} OR DELETE OR TRUNCATE ON {table} "
        + "FOR EACH STATEMENT EXECUTE FUNCTION dealerline_config_changed();",
        f"DROP TRIGGER IF EXISTS tells_switch ON {table};",
    )


def append_only(table: str) -> migrations.RunSQL:
    """Triggers that refuse UPDATE, DELETE and TRUNCATE on ``table``."""
    return migrations.RunSQL(
        APPEND_ONLY_FUNCTION
        + f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        + "FOR EACH ROW EXECUTE FUNCTION dealerline_append_only();"
        + f"CREATE TRIGGER append_only_all BEFORE TRUNCATE ON {table} "
        + "FOR EACH STATEMENT EXECUTE FUNCTION dealerline_append_only();",
        f"DROP TRIGGER IF EXISTS append_only ON {table}; DROP TRIGGER IF EXISTS append_only_all ON {table};",
    )
