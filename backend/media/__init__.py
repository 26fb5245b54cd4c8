"""Media: pictures, documents, films and recordings that people hand in, kept harmless.

An *attachment* is one file somebody handed in: an *image*, always drawn anew by us in a
child process, so that nothing of what was sent survives but what the eye sees; a *pdf*,
kept as it came and only ever handed out as a download; a *video* or an *audio* recording,
which is *prepared* in the background before anybody plays it. It has *variants*: the
``original`` (our own rendering of it), for pictures and films a ``thumbnail``, for films a
``poster``; and, where the encoder is installed, a *stream* for weak networks.

What is large arrives as an *upload*, in numbered *parts*, over hours and networks; when all
are there it is *completed*: its parts are *joined*, once, into an attachment.

An attachment is *stored* when its files are written, and *attached* when something (a
notice, a lesson) carries it. What nobody attaches within a day is *swept*, and so is an
upload that nobody completes. Files are reached by a *link*: an address signed for one
person in one session, good for some minutes, or for hours if it is played.
"""
