"""The journal, the calls derived from it, their records, recordings and voice messages; queues."""
