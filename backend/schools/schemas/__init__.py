"""What the phone sees of the tree, the calendar and the switches, and what it may send."""
