"""What the phone sees of activities, split by noun."""
