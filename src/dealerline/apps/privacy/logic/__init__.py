"""Consent, export, erasing, retention."""
