"""What can happen to accounts: codes, sign-in, sessions, passwords, consents."""
