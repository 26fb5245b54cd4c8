"""What can happen in the column, by noun: series, items, the queue, releases, readers."""
