"""Rules about people: roles, masking, sign-in."""
