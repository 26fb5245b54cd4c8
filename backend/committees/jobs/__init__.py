"""What committees do unasked, split by noun. Everything bears running twice."""
