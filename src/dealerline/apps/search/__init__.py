"""Finding rows by a part of what they are called: which SQL, over which indexes."""
