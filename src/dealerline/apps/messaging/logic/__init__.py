"""Sending, receiving, marks by text message."""
