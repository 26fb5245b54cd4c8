"""One row that cannot be done never holds up the others."""

from uuid import UUID

from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.rounds import each


async def test_a_refusal_and_an_accident_leave_the_others_to_be_done() -> None:
    first, refused, broken, last = rows = [uuid7() for _ in range(4)]
    seen = []

    async def act(row: UUID) -> str:
        seen.append(row)
        if row == refused:
            raise NotFound
        if row == broken:
            raise RuntimeError("broken")
        return "done"

    assert await each(rows, act, what="row") == ["done", "done"]
    assert seen == [first, refused, broken, last]
