"""Set-based statements of the roster: staging, applying, reporting, undoing, claims."""
