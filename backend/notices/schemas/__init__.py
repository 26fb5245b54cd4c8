"""What the phone sends and sees about notices, by who looks: author, recipient, sender."""
