"""People, their roles and scopes, sign-in."""
