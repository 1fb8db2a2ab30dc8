"""Consent, the file of one person handed out, erasing one person, and how long what is kept."""
