"""What comes in from lists and other systems, what goes out to them: imports, exports, connectors, keys, web hooks."""
