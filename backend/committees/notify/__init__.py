"""Whom committees tell, and in which words, split by noun."""
