"""What a phone sees of the caller's calendar feed."""

from datetime import datetime

from backend.web.structs import Out


class CalendarFeedOut(Out):
    """The address to subscribe to, shown this once: whoever has it sees the appointments.

    ``url`` is a path on this host; calendars take it with ``webcal://`` or ``https://``.
    """

    url: str
    created_at: datetime


class CalendarFeedStateOut(Out):
    """Since when the feed has had its address; ``null`` without one."""

    created_at: datetime | None
