"""What happens to leads, and who may see it."""
