"""What can happen in the parent school, split by noun."""
