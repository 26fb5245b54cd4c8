"""What the phone sends and sees of the column: readers and contributors, editors."""
