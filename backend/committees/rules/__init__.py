"""When bodies may do what, split by noun. Nothing here reads the database or the clock."""
