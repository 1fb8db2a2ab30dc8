"""Rules about customers: numbers, names, search, the pop."""
