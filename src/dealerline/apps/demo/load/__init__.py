"""Brings the demo's world into the database, in one transaction."""
