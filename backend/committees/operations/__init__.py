"""What happens in committees, one verb a transaction, split by noun."""
