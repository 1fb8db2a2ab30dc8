"""The log of sign-ins, listening, exports and changes of settings. Nobody can rewrite it."""
