"""Electorates, turnouts and results."""
