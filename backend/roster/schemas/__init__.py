"""What the phone and the office see of rosters, and what they may send; by noun."""
