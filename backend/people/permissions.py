"""Which of these rows are the caller's own; there are no others to be had here."""

from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.errors import NotFound
from backend.people.models import Person, Session
from backend.people.rules import SessionEnded
from backend.web.actor import Actor, Tie


async def child_in_sight(actor: NamedDependency[Actor], student_id: FromPath[UUID]) -> Tie:
    """The only way a handler gets a child: a tie in force, with or without consent."""
    for tie in actor.ties:
        if tie.student_id == student_id:
            return tie
    raise NotFound


async def myself(actor: NamedDependency[Actor]) -> Person:
    """The caller's own row."""
    return await Person.get(id=actor.person_id)


async def session_in_sight(actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> Session:
    """One of the caller's own sessions, ended or not."""
    session = await Session.get_or_none(id=session_id, person_id=actor.person_id)
    if session is None:
        raise NotFound
    return session


async def this_session(actor: NamedDependency[Actor]) -> Session:
    """The session that asks."""
    session = await Session.get_or_none(id=actor.session_id)
    if session is None:
        raise SessionEnded
    return session
