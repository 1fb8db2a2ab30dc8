"""Flows in their text form with versions, and prompts with their sound."""
