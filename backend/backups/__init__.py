"""Backups: the database to any moment, and the files that lie on this machine's disk.

The *vault* is the directory backups are kept in, best on another machine's disk. A *backup*
is one copy of the whole database cluster (``pg_basebackup``, with its manifest) and the list
of files that belonged to it. The *journal* (WAL) runs on from there: it leads from a backup
to any moment after it. A *follower* fetches the journal as it is written
(``pg_receivewal`` with a replication slot), new files, and once a day a backup.

Why not ``archive_command``: it runs on the database's machine, needs a restart of servers we
do not run, and hands over nothing before 16 MiB are full or a timer has passed. Streaming
works alike for the embedded server and for any other that lets us replicate, and what is in
the vault is seconds old.

Never in a backup: the keys of secret votes. A copy would open the ballots of every older
backup, for good; a vote restored without its key stays shut and is annulled and held again.
Nor the settings and secrets of the installation (keep ``SECRET_KEY`` yourself: without it
nobody's session, link or signature is ours any more), nor files in an S3 bucket, which has
versions and replication of its own.
"""
