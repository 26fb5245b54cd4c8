"""What can happen to the tree, the calendar and the switches; by noun."""
