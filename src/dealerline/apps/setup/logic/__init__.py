"""Use-cases of the first run."""
