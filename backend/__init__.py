"""The house: rooms stacked on floors, doors open downward only."""
