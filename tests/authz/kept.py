"""The world, founded once and put back for each module that asks for it.

Founding takes many seconds, for hundreds of verbs are really lived through; writing the rows
down again takes a fraction of one. They are kept in a schema of their own in the worker's
database, which between two modules belongs to other tests.
"""

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import httpx
from tortoise.connection import get_connection

from backend.settings import Settings
from tests.authz.founding import build_world
from tests.authz.world import World
from tests.conftest import copies

LONGEST = 600.0
"""Seconds after which a world is founded anew: what begins soon in it must not have begun."""

# Triggers and foreign keys rest while rows are put back, as they do when all are removed.
# The numbers that sequences have given out stay given out: no cache takes old for new.
KEEP = (
    "DROP SCHEMA IF EXISTS founded CASCADE; CREATE SCHEMA founded;"
    + copies("founded", "of_")
    + """
CREATE FUNCTION founded.put_back() RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text; columns text;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR name IN SELECT substr(tablename, 4) FROM pg_tables WHERE schemaname = 'founded' LOOP
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
        WHERE attrelid = format('public.%I', name)::regclass
            AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
        EXECUTE format('DELETE FROM public.%I', name);
        EXECUTE format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM '
            'founded.%I', name, columns, columns, 'of_' || name);
    END LOOP;
    -- Some things may only be done soon after signing in.
    UPDATE sessions SET created_at = clock_timestamp();
END $$;
"""
)
PUT_BACK = "SELECT founded.put_back()"


@dataclass(frozen=True)
class Kept:
    """A world as it was when it was founded, ``at`` by the monotonic clock."""

    world: World
    at: float

    def again(self) -> World:
        """Return it with dictionaries of its own: a test may add to what it was given."""
        one = self.world
        return replace(
            one,
            places={name: type(place)(**vars(place)) for name, place in one.places.items()},
            headers=dict(one.headers),
            phones=dict(one.phones),
            people=dict(one.people),
        )


_kept: dict[str, Kept] = {}
"""By the database it stands in. Its phones last as long as the process."""


async def a_world(settings: Settings, transport: httpx.AsyncBaseTransport) -> World:
    """Return the world, with all its rows in a database that has been emptied."""
    place, database = str(settings.database_url), get_connection("default")
    kept = _kept.get(place)
    is_ours = kept is not None and kept.world.transport is transport
    if kept is not None and is_ours and time.monotonic() - kept.at < LONGEST:
        await database.execute_script(PUT_BACK)
        return kept.again()
    world = await build_world(settings, transport, AsyncExitStack())
    await database.execute_script(KEEP)
    _kept[place] = Kept(world, time.monotonic())
    return _kept[place].again()
