"""Spreadsheets on their way in and out: the keeper of ``calamine`` and ``xlsxwriter``.

A file from outside is opened only in a killable child (:mod:`parsing`,
:mod:`corrections`): its directory and its XML are judged before the reader allocates
anything (:mod:`archive`), its sheets become *tables* with recognised columns, its rows a
*roster* and *faults*.
"""
