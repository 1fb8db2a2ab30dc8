"""Dealerline: the open-source contact centre for car-dealership groups."""

__version__ = "0.1.0"
