"""A secret ballot against somebody who has the database in hand.

``polling`` holds elections of sixty voters through the product's own verbs, three of ten of
them over HTTP, side by side: ballots come in an order of chance, some are changed, some sent
again, some sealed on the phone and some by the server. ``naive`` holds elections of designs
that only look secret in the same database. ``loot`` is what the adversary takes: every table
with its system columns, commit times, statistics, the logical and the physical journal, the
server's log of every statement with its parameters, the application's log, the trail, letters,
idempotency rows, and base backups of while votes were open and of after the count. The
``linkers`` guess from it who chose what, and the ``judge`` holds that against chance. That a
line which is there is found is seen from the naive designs, and from the product's own count
without its sorting by receipts (``test_secrecy_sabotaged``).

The ordinary run holds ten elections. The full one, two hundred::

    SECRECY_ELECTIONS=200 python -m pytest -n 0 tests/ballots/test_secrecy.py -rP

and ``python -m tests.ballots.adversary --elections 200`` prints every reading's score. Each
prints its seed; ``SECRECY_SEED`` (``--seed``) draws the same voters, choices, receipts and
order again. The server's own lots (units, salts, keys) fall anew each time.

What blind chance is, what three sigma are, and how the best of many readings is judged, says
``judge``. Ten elections show a linker that finds seven in a hundred more than chance, two
hundred one that finds one and a half.
"""
