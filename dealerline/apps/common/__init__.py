"""What every app stands on: two-language names, scoping by store, sealed columns, triggers, errors. Not an app itself."""
