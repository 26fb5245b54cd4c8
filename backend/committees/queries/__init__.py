"""Reports and lists of committees, split by noun."""
