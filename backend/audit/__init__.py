"""Audit: an append-only trail of who did what to which row, and with what outcome.

An *entry* names people and rows by id and fields by name; it never carries their
values. It is written in the transaction of the act it describes, so an act that
cannot be recorded does not happen.
"""
