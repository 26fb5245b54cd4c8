"""Who may see and do what in volunteering, split by noun.

These are the only functions that hand a row to a handler.
"""
