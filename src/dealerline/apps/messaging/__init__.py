"""Text messages out and in: by which provider, what became of each, and marks that customers give by them."""
