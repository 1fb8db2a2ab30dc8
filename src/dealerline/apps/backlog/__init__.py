"""Work left over: voice messages, callers lost, call-backs not reached, bad marks; and the promises to ring back."""
