"""What can happen to imports, invites, claims and groups; by noun."""
