"""Inbox: what the house has told one person, and how they wish to be told.

An *item* is one letter to one person; it stays whether or not a push arrived. A *push
device* is the address at a provider of the phone a session lives on. *Preferences* are
a person's quiet hours, digest and muted categories. A *live* connection hears that
something changed; it is a hint to look, never the news itself.
"""
