"""What every app stands on.

Two-language names, scoping by store, sealed columns, triggers, errors. Not an app itself.
"""
