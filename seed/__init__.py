"""Believable data: one district with named, invented people, grown through the house's verbs."""
