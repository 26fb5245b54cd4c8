"""What can happen to a notice, by noun: drafts, publication, changes, receipts, nudges."""
