"""Who may see and do what in the parent school, split by noun."""
