"""Rules about flows and prompts."""
