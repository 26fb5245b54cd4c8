"""What the phone sends to the parent school and sees of it, split by noun."""
