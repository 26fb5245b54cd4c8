"""Whom the parent school tells, and in which words, split by noun."""
