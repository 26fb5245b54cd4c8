"""When a series appears and what an item must be: the policy of the column, by noun."""
