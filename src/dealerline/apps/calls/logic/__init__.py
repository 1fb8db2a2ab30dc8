"""Rules about calls: folding facts, the journal's way in, records, recordings, the board."""
