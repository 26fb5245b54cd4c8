"""What can happen to an activity, split by noun."""
