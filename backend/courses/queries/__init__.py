"""Reports and lists of the parent school, split by noun."""
