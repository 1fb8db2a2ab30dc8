"""Customers with their phones, cars, orders, repairs and cards; the screen pop."""
