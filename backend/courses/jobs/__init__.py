"""What the parent school does unasked, split by noun."""
