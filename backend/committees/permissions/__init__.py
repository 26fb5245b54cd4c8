"""Who may see and do what in committees, split by noun."""
