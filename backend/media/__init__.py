"""Media: pictures and documents that people hand in, kept harmless.

An *attachment* is one file somebody uploaded: an *image*, always drawn anew by us in a
child process, so that nothing of what was sent survives but what the eye sees; or a
*pdf*, kept as it came and only ever handed out as a download. It has *variants*: the
``original`` (our own rendering of it) and, for images, a ``thumbnail``.

An attachment is *stored* when its files are written, and *attached* when something (a
notice) carries it. What nobody attaches within a day is *swept*. Files are reached by a
*link*: an address signed for one person in one session, good for some minutes.
"""
