"""The room's hot statements, split by what they are about."""
