"""The demo group: loaded the same every time, removed again without touching anything else."""
