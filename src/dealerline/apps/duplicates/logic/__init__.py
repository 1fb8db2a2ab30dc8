"""Finding, merging, taking back."""
