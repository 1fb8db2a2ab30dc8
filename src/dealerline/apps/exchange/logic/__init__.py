"""What the exchange does, apart from HTTP and tables."""
