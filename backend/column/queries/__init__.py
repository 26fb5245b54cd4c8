"""Reports of the column, by who asks: readers, editors, the post office."""
