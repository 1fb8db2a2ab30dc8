"""The routes of the customer file, by what they are about. ``api.py`` joins them."""
