"""Lists of activities that are reports rather than rows."""
