"""When something may happen in the parent school, split by noun."""
