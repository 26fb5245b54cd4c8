"""See the room."""
