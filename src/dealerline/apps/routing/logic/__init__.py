"""The app's rules, apart from tables and screens."""
