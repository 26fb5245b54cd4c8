"""What can happen to a vote, one verb a transaction."""
