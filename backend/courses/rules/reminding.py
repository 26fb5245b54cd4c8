"""When somebody is reminded of a course: once, and never of what they have done with."""

from datetime import timedelta

QUIET = timedelta(days=7)
"""How long a course somebody began lies untouched before they are reminded of it, once."""
APART = timedelta(days=7)
"""Between two such reminders of one person, whichever courses they are about."""
AHEAD = 3
"""Days before its date that those who have not finished an assigned course are told."""
FRESH = timedelta(days=1)
"""What was assigned less than this ago needs no reminder yet."""
ITEMS_APART = timedelta(days=6)
"""Between two items of a content set; the letters go out once a week."""
BATCH = 500
"""Learners told in one transaction."""
