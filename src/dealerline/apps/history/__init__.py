"""Who changed what, when, from what: one table for every kind of record, written by whoever changes the record."""
