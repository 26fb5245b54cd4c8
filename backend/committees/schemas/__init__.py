"""What phones see of committees, split by noun."""
