"""The parts of customers' names, in an index: a trigram is of no use for a Chinese name of two characters."""

from django.db import migrations

# For 王小明 (wangxiaoming wxm): =王小明, 王, 王小, 小, 小明, 明, =wangxiaoming, =wxm, wx, xm. So one look finds a whole
# name, one or two characters of it, and two initials; of longer pieces all pairs are looked up. The cost is told to
# the planner so that it rather takes the index than works the parts out row by row.
FUNCTION = r"""
CREATE OR REPLACE FUNCTION search_name_parts(name text, pinyin text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 2000 AS $$
DECLARE
    clean text := regexp_replace(lower(name), '[\s·•・.]', '', 'g');
    words text[] := regexp_split_to_array(pinyin, ' ');
    parts text[] := ARRAY['=' || clean];
BEGIN
    IF octet_length(clean) = length(clean) THEN
        RETURN parts;
    END IF;
    FOR i IN 1..length(clean) LOOP
        parts := parts || substr(clean, i, 1) || substr(clean, i, 2);
    END LOOP;
    FOR w IN 1..cardinality(words) LOOP
        parts := parts || ('=' || words[w]);
        FOR i IN 1..CASE WHEN w > 1 THEN length(words[w]) - 1 ELSE 0 END LOOP
            parts := parts || substr(words[w], i, 2);
        END LOOP;
    END LOOP;
    RETURN parts;
END $$;
"""
INDEX = "CREATE INDEX search_customer_names ON customers_customer USING gin (search_name_parts(name, name_pinyin))"


class Migration(migrations.Migration):
    initial = True
    dependencies = [("customers", "0004_what_rows_say_of_themselves")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION search_name_parts(text, text)"),
        migrations.RunSQL(INDEX, "DROP INDEX search_customer_names"),
        # How common each part is: only an analysis after the index was made knows.
        migrations.RunSQL("ANALYZE customers_customer", migrations.RunSQL.noop),
    ]
