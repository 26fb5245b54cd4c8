"""Doubles of the outside world, on loopback, speaking its real protocols."""
