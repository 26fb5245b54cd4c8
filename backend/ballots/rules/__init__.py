"""Charters, counting and the states of a vote. Nothing here reads the database or the clock."""
