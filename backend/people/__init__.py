"""People: who someone is, how they prove it, and whose guardian they are.

A *person* has one account, known by one mobile number. A *guardianship* ties a
person to a *student* with separate rights and may be *restricted*, which neither
guardian can see. A *standing* is a dated role at a node of the tree. A *consent*
is a guardian's acceptance of a versioned privacy notice for one child. A *session*
is one signed-in device: a family of refresh tokens, of which one is alive.
"""
