"""The house's one migration history."""
