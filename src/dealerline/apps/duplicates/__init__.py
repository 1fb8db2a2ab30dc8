"""Customers entered twice: found in the background, looked at side by side, merged, and taken apart again."""
