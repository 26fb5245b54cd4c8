"""Manners: how the house speaks HTTP, the same at every door.

Problems (errors), base Structs and scalar types, the body guard, declared policies,
opaque cursors, repeatable writes, exact limits, and the published contract.
"""
