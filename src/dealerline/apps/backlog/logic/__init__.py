"""What is done with work left over. No views here."""
